"""One worker process, seen from the process that uses it.

Both ends hold a socket pair and send frames on it. The worker leaves when the
socket ends, so it outlives its parent in no case (see `regrove.execution.worker` for one that is busy).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from regrove.execution.frame import receive, send
from regrove.execution.outcome import Outcome

if TYPE_CHECKING:
    from regrove.execution.task import Task

__all__ = ["NotBegun", "WorkerDied", "WorkerProcess"]


_BEGIN = (
    "import sys; sys.path[:] = sys.argv[3:]; from regrove.execution.worker import main; main(*map(int, sys.argv[1:3]))"
)


class WorkerDied(Exception):
    """The process has ended without an answer; the text says of what."""


class NotBegun(WorkerDied):
    """The process had ended before it began the task, which another may therefore run."""


class WorkerProcess:
    """A worker that has been started.

    Its OpenMP uses ``openmp`` threads unless the environment says otherwise: threads that outnumber the processors spin
    while they wait, and starve the workers beside them.
    """

    def __init__(self, preload: tuple[str, ...], *, openmp: int = 1) -> None:
        ours, theirs = socket.socketpair()
        # A second pair that is only held: its end wakes the worker's watcher while a task is running.
        self._life, life = socket.socketpair()
        self._socket = ours
        with theirs, life:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BEGIN, str(theirs.fileno()), str(life.fileno()), *sys.path],
                pass_fds=(theirs.fileno(), life.fileno()),
                stdin=subprocess.DEVNULL,
                env={"OMP_NUM_THREADS": str(openmp)} | os.environ,
            )
        with suppress(OSError):  # it may be dead already; the first call says so
            send(self._socket, msgspec.msgpack.encode(preload))

    def call(self, task: Task) -> Outcome:
        """Run the task and wait for what becomes of it.

        Raises NotBegun when the process had died before it took the task, WorkerDied when it dies while it runs it.
        """
        try:
            send(self._socket, msgspec.msgpack.encode(task))
            begun = receive(self._socket)
        except OSError:
            begun = None
        if begun is None:
            raise NotBegun(self._death())
        try:
            answer = receive(self._socket)
        except OSError:
            answer = None
        if answer is None:
            raise WorkerDied(self._death())
        return msgspec.msgpack.decode(answer, type=Outcome)

    def kill(self) -> None:
        """Kill it, whatever it does."""
        self._process.kill()

    def end(self) -> None:
        """Let it go: it leaves by itself when idle, and is killed when it does not within five seconds."""
        self._socket.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._life.close()

    def _death(self) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code >= 0:
            return f"exit code {code}"
        with suppress(ValueError):
            return f"signal {-code} ({signal.Signals(-code).name})"
        return f"signal {-code}"
