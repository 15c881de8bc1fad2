"""Functions that the tests of the executors run."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from regrove.errors import Conflict, Refused


class Quarrel(Conflict):
    """A kind of error that the asking process need not know."""


def echo(payload: bytes) -> bytes:
    return payload


def pid(_: bytes) -> bytes:
    return str(os.getpid()).encode()


def fail(payload: bytes) -> bytes:
    raise ValueError(payload.decode())


def refuse(_: bytes) -> bytes:
    raise Refused("No", expected="yes", received="maybe", mend="ask again")


def quarrel(_: bytes) -> bytes:
    raise type("Fresh", (Quarrel,), {})("They quarrel")


def number(_: bytes) -> bytes:
    return 7  # type: ignore[return-value]


def speak(payload: bytes) -> bytes:
    print(payload.decode())
    return payload


def die(_: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def leave(_: bytes) -> bytes:
    os._exit(3)


def meet(payload: bytes) -> bytes:
    """Come to a folder and wait there until two have come."""
    folder = Path(payload.decode())
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.005)
    return str(os.getpid()).encode()


def hang(payload: bytes) -> bytes:
    """Say the pid in a file and work for ever."""
    Path(payload.decode()).write_text(str(os.getpid()))
    while True:
        time.sleep(0.01)


def parent_that_hangs(mark: str) -> None:
    """A process of its own that uses a pool for a task that never ends."""
    from regrove.execution import ProcessPool, Task

    ProcessPool(1).submit(Task("hang", "tests.execution.tasks:hang", mark.encode())).result()
