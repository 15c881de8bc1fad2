"""Turns at one SQLite file: writers of all processes queue beside it instead of colliding in it.

SQLite's own waiting sleeps longer and longer while others write, so that with many writers some starve past any
timeout. Here each writer first takes the queue lock, then the turn lock, and gives the queue lock back as soon as it
has the turn. Whoever holds the queue is next for certain: the writer that has just finished cannot overtake it.
The kernel drops both locks when their holder dies. Where the system has no ``flock`` SQLite's own waiting remains.
"""

from __future__ import annotations

import os
import random
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regrove.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform != "win32":
    import fcntl

__all__ = ["Turnstile"]

_NEXT_S = (0.000_2, 0.000_2)  # only one process a file waits this tightly
_QUEUE_S = (0.001, 0.05)  # the others look less and less often: the more there are, the longer each one waits


class Turnstile:
    """The queue of one SQLite file. Safe to share between threads: each turn opens its own descriptors."""

    def __init__(self, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the file's only turn; raises Unavailable when it does not come within the timeout (seconds)."""
        if sys.platform == "win32":
            yield
            return
        deadline = time.monotonic() + self._timeout
        turn = self._open("-turn")
        try:
            queue = self._open("-queue")
            try:
                self._wait(queue, deadline, _QUEUE_S)
                self._wait(turn, deadline, _NEXT_S)
            finally:
                _release(queue)
            yield
        finally:
            _release(turn)

    def _open(self, ending: str) -> int:
        return os.open(self._path + ending, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def _wait(self, descriptor: int, deadline: float, pauses: tuple[float, float]) -> None:
        pause, longest = pauses
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise self._too_long() from None
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # at random, so that none is always the last
            pause = min(pause * 1.3, longest)

    def _too_long(self) -> Unavailable:
        return Unavailable(
            "The database is busy: other processes are writing to it",
            expected=f"a turn within {self._timeout:g} s",
            received=f"none at {self._path}",
            mend=f"see who holds it with: fuser -v '{self._path}-turn'",
        )


def _release(descriptor: int) -> None:
    # Unlocked by name and not only by closing: a child forked meanwhile holds a copy of the descriptor.
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
