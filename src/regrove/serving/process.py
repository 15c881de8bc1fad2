"""A server: a parent that holds the listening sockets and keeps its worker processes alive.

It needs an object store, a folder for the log and the name of a deployment, and no database. Each worker listens on a
socket of its own, and the kernel spreads connections among them. A worker that dies is replaced; when the parent dies,
however it dies, the workers drain and end; when the parent is told to stop, it lets them drain first.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

from regrove.errors import Conflict, InvalidInput, MissingExtra, Unavailable
from regrove.refs import new_id
from regrove.serving.replica import SERVERS
from regrove.serving.segment import folder_of
from regrove.serving.worker import Job
from regrove.storage import open_objects

__all__ = ["Server", "listening", "serve"]

_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")
"""Small requests lose more by starting threads than they win: one a worker, unless the environment says otherwise."""

_MODULE: Final = "regrove.serving.worker"
_QUICK_DEATH_S: Final = 5.0
_QUICK_DEATHS: Final = 5
_BEAT_S: Final = 0.05

_log = logging.getLogger("regrove.serving")


def serve(
    objects: str,
    deployment: str,
    project: str,
    log_dir: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    options: Mapping[str, str] | None = None,
    cache: Path | None = None,
    poll_s: float = 1.0,
    drain_s: float = 30.0,
    segment_bytes: int = 64 << 20,
    segment_s: int = 300,
    replayed: bool = False,
    started: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve a deployment until SIGTERM or SIGINT; to be called from the main thread.

    ``objects`` is a folder or an address such as ``s3://bucket/prefix`` with its ``options``; ``cache`` keeps local
    copies of remote objects and the code of models. With ``replayed`` each request brings its time. ``started`` is
    called with the address once the socket listens, which may be before a model is loaded: /readyz tells. With
    ``port`` 0 a free port is taken.

    Raises Conflict when the port is taken, Unavailable when the workers cannot live.
    """
    folder = folder_of(Path(log_dir), project, deployment)
    if workers < 1:
        raise InvalidInput("A server needs a worker", expected="at least 1", received=str(workers))
    if not 0 <= port <= 65_535:
        raise InvalidInput("This is no port to listen on", expected="0 to 65535", received=str(port))
    if find_spec("uvicorn") is None:
        raise MissingExtra("uvicorn", extra="serve", need="answer over HTTP")
    place = Path(cache or Path(log_dir) / ".cache")
    open_objects(objects, cache=place, options=options)  # refuses an address that is none, before a worker meets it
    with listening(host, port, workers) as listeners, _counters(folder) as counters:
        job = Job(
            objects=str(objects),
            options=dict(options or {}),
            cache=str(place),
            project=project,
            deployment=deployment,
            log_dir=str(log_dir),
            server=counters.name,
            counters=str(counters),
            worker=0,
            attempt=0,
            listener=listeners[0].fileno(),
            poll_s=poll_s,
            drain_s=drain_s,
            segment_bytes=segment_bytes,
            segment_s=segment_s,
            replayed=replayed,
        )
        address, bound = listeners[0].getsockname()[:2]
        server = Server(job, listeners)
        server.run(lambda: started(f"http://{f'[{address}]' if ':' in address else address}:{bound}"))


class Server:
    """Starts, watches, replaces and drains the workers of one server."""

    def __init__(self, job: Job, listeners: Sequence[socket.socket]) -> None:
        self._job = job
        self._workers = [_Worker(index, each.fileno()) for index, each in enumerate(listeners)]
        self._listeners = listeners
        self._told = False

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Serve until told to stop."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            for worker in self._workers:
                worker.start(self._job)
            started()
            while not self._told:
                for worker in self._workers:
                    worker.keep(self._job)
                time.sleep(_BEAT_S)
        finally:
            for listener in self._listeners:
                listener.close()
            self._drain()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True

    def _drain(self) -> None:
        for worker in self._workers:
            worker.tell()
        until = time.monotonic() + self._job.drain_s + _QUICK_DEATH_S
        for worker in self._workers:
            worker.end(max(0.0, until - time.monotonic()))


class _Worker:
    """The place of one worker process, and the process that fills it now."""

    def __init__(self, index: int, listener: int) -> None:
        self._index = index
        self._listener = listener
        self._process: subprocess.Popen[bytes] | None = None
        self._attempt = 0
        self._began = 0.0
        self._quick_deaths = 0
        self._again_at = 0.0

    def start(self, job: Job) -> None:
        environment = {**dict.fromkeys(_ONE_THREAD, "1"), **os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _MODULE],  # -P: a project's files must not hide modules
            stdin=subprocess.PIPE,
            pass_fds=(self._listener,),
            env=environment,
            process_group=0,  # Ctrl-C is for the parent, which drains
        )
        own = msgspec.structs.replace(job, worker=self._index, attempt=self._attempt, listener=self._listener)
        line = msgspec.json.encode(own) + b"\n"
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died at once: `keep` will see that
            self._process.stdin.write(line)
            self._process.stdin.flush()
        self._attempt += 1
        self._began = time.monotonic()

    def keep(self, job: Job) -> None:
        """Replace the process when it has died; Unavailable when that happens again and again at once."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._again_at:
                self.start(job)
            return
        code = self._process.poll()
        if code is None:
            return
        self._close_pipe()
        self._process = None
        self._quick_deaths = self._quick_deaths + 1 if now - self._began < _QUICK_DEATH_S else 0
        _log.warning("worker %d ended with %d and is replaced", self._index, code)
        if self._quick_deaths >= _QUICK_DEATHS:
            raise Unavailable(
                f"The workers of this server die within {_QUICK_DEATH_S:.0f} seconds of their start",
                expected="a worker that lives",
                received=f"signal {-code}" if code < 0 else f"exit code {code}",
                mend="the lines above tell what each of them met",
            )
        self._again_at = now + (0.2 * 2**self._quick_deaths if self._quick_deaths else 0)

    def tell(self) -> None:
        """Ask the process to drain and end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self, patience_s: float) -> None:
        """Wait for the process to end, and end it when it does not."""
        if self._process is None:
            return
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        if code := self._process.wait():
            _log.warning("worker %d did not end in order: %d", self._index, code)
        self._close_pipe()

    def _close_pipe(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()


@contextlib.contextmanager
def listening(host: str, port: int, workers: int) -> Iterator[list[socket.socket]]:
    """A listening socket for each worker.

    On Linux they are several of one address (SO_REUSEPORT), among which the kernel spreads connections; a single one
    would give nearly all of a burst to the worker that wakes first. The parent holds them, so that what waits for a
    worker that died waits for the one in its place. Elsewhere the workers share one. The first is bound alone, which
    fails when anybody has the port, and only then lets its siblings in.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        first = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise InvalidInput("This is no address to listen on", received=f"{host}:{port} ({error})") from None
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(first)]
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            first.bind(address)
            if sys.platform == "linux" and workers > 1:
                first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                for _ in range(1, workers):
                    listeners.append(stack.enter_context(socket.socket(family, kind, protocol)))
                    listeners[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                    listeners[-1].bind(first.getsockname())
            for each in listeners:
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
                each.listen(1024)
        except OSError as error:
            raise _no_address(host, port, error) from None
        yield listeners if len(listeners) == workers else listeners * workers


def _no_address(host: str, port: int, error: OSError) -> InvalidInput | Conflict:
    if error.errno != errno.EADDRINUSE:
        return InvalidInput("This is no address to listen on", received=f"{host}:{port} ({error.strerror})")
    return Conflict(f"Port {port} of {host} is taken", expected="a free port", mend="choose another with --port, or 0")


@contextlib.contextmanager
def _counters(folder: Path) -> Iterator[Path]:
    """A folder for the counters of this server, removed at its end; those of dead servers are removed now."""
    servers = folder / SERVERS
    servers.mkdir(parents=True, exist_ok=True)
    for other in servers.iterdir():
        _remove_if_dead(other)
    own = servers / new_id()
    aside = servers / f".{own.name}"
    aside.mkdir()
    with open(aside / "lock", "xb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        aside.rename(own)
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


def _remove_if_dead(server: Path) -> None:
    if server.name.startswith("."):
        return
    try:
        with open(server / "lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(server, ignore_errors=True)
    except (BlockingIOError, FileNotFoundError):
        return
