"""The worker's own side of the pool: what its process does from its first moment to its last."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from importlib import import_module

import msgspec

from regrove.execution.frame import BEGUN, receive, send
from regrove.execution.outcome import perform
from regrove.execution.task import Task

__all__ = ["main"]


def main(stream: int, life: int) -> None:
    """Serve the tasks that come over the descriptor ``stream`` until it ends; die when ``life`` ends."""
    _die_with_parent(life)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers itself
    os.dup2(2, 1)  # what the user's code prints must not stand among a command's own output
    tasks = socket.socket(fileno=stream)
    first = receive(tasks)
    if first is None:
        return
    sys.argv[:] = ["regrove-worker"]
    for name in msgspec.msgpack.decode(first, type=list[str]):
        import_module(name)
    while (frame := receive(tasks)) is not None:
        task = msgspec.msgpack.decode(frame, type=Task)
        send(tasks, BEGUN)
        outcome = perform(task.function, task.payload)
        sys.stdout.flush()
        send(tasks, msgspec.msgpack.encode(outcome))


def _die_with_parent(life: int) -> None:
    """Kill this process when its parent is gone: by the kernel on Linux, and by a watching thread everywhere."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    threading.Thread(target=_watch, args=(life,), name="regrove-watch", daemon=True).start()


def _watch(life: int) -> None:
    while os.read(life, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)
