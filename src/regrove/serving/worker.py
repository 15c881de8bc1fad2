"""One process of a server: reads what it serves from its parent, answers until it is told to stop, or its parent dies.

The parent writes one line of JSON to this process's standard input and keeps the pipe open. When the pipe ends, the
parent is gone, however it died, and the worker drains and ends as if it had been told to.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import msgspec

from regrove.serving.app import App
from regrove.serving.counters import Counters, Values, read
from regrove.serving.replica import TROUBLE
from regrove.serving.segment import SegmentWriter
from regrove.serving.watcher import Watcher

__all__ = ["Job", "build", "listen", "main", "seen"]

_PARENT = 0
"""Standard input, at the other end of which the parent is."""

_LAST_BREATH_S = 5.0

_SWITCH_S: Final = 0.0002
"""For how long a thread that loads a model may keep the interpreter from one that answers; Python's own 5 ms, which a
request would wait for at each of its turns, make it slower by far."""


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that one server process needs to know."""

    objects: str
    options: dict[str, str]
    cache: str
    project: str
    deployment: str
    log_dir: str
    server: str
    counters: str
    """The folder where the processes of this server keep their counters."""
    worker: int
    attempt: int
    listener: int
    poll_s: float
    drain_s: float
    segment_bytes: int
    segment_s: int
    replayed: bool = False
    """Whether the workspace lives through the past, so that each request brings its time."""


def build(job: Job) -> App:
    """The application of a worker, not started yet."""
    from regrove.serving.loading import Loader
    from regrove.storage import open_objects

    objects = open_objects(job.objects, cache=Path(job.cache), options=job.options)
    folder = Path(job.counters)
    counters = Counters(folder / f"{job.worker}.{job.attempt}.counters")
    log = SegmentWriter(
        Path(job.log_dir),
        job.project,
        job.deployment,
        server=job.server,
        largest=job.segment_bytes,
        oldest_s=job.segment_s,
    )
    trouble = folder / f"{job.worker}.{job.attempt}{TROUBLE}"

    def each_time() -> None:
        log.tick()
        if watcher.live is not None and not gc.get_freeze_count():
            _freeze()

    watcher = Watcher(
        objects,
        job.project,
        job.deployment,
        Loader(objects),
        counters,
        every_s=job.poll_s,
        each_time=each_time,
        tell=lambda text: _tell(trouble, text),
    )
    return App(job.deployment, watcher, log, counters, lambda: seen(folder), replayed=job.replayed)


def _freeze() -> None:
    """Spare the collector what is there once the first model is: libraries, which stay.

    A full collection looks at each of their objects and holds every request up meanwhile, and loading a model makes
    enough new ones to cause several.
    """
    gc.collect()
    gc.freeze()


def _tell(path: Path, text: str) -> None:
    """Say what is wrong beside the counters, whole or not at all."""
    aside = path.with_name(f".{path.name}")
    aside.write_text(text, encoding="utf-8")
    aside.rename(path)


def seen(folder: Path) -> dict[str, Values]:
    """The counters of every process of a server: one entry a worker, its earlier attempts added to its totals."""
    attempts: dict[int, list[tuple[int, Values]]] = {}
    for path in folder.glob("*.counters"):
        worker, attempt, _ = path.name.split(".")
        values = read(path)
        if values is not None:
            attempts.setdefault(int(worker), []).append((int(attempt), values))
    merged = {}
    for index, each in attempts.items():
        ordered = [values for _, values in sorted(each, key=lambda pair: pair[0])]
        merged[str(index)] = Values.succession(ordered)
    return merged


def main() -> None:
    """Run the worker that the line on standard input describes."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    job = msgspec.json.decode(_first_line(), type=Job)
    threading.Thread(target=_watch_parent, args=(job.drain_s,), name="regrove-parent", daemon=True).start()
    with socket.socket(fileno=job.listener) as listener:
        listen(build(job), listener, drain_s=job.drain_s)


def listen(app: Callable[..., Any], listener: socket.socket, *, drain_s: float) -> None:
    """Serve an ASGI application on a socket that listens already, until SIGTERM.

    What uvicorn does with sockets of its own for several workers loses TCP_NODELAY on the way, and every answer then
    waits 40 ms for an acknowledgement; a socket that is taken over with its protocol keeps it.
    """
    import uvicorn

    sys.setswitchinterval(_SWITCH_S)
    config = uvicorn.Config(
        app,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )
    uvicorn.Server(config).run(sockets=[listener])


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """End in order: before the server has begun to listen, and when it passes on the signal that it drained for."""
    raise SystemExit(0)


def _first_line() -> bytes:
    """The line that the parent wrote; read without a buffer, whose lock would be held when the interpreter ends."""
    line = b""
    while not line.endswith(b"\n") and (more := os.read(_PARENT, 1)):
        line += more
    return line


def _watch_parent(drain_s: float) -> None:
    while os.read(_PARENT, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(drain_s + _LAST_BREATH_S)
    os._exit(1)


if __name__ == "__main__":
    main()
