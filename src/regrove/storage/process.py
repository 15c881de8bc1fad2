"""Which process a pid means, so that one that is gone can be told from one that works."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

import msgspec

__all__ = ["Process"]


class Process(msgspec.Struct, frozen=True):
    """One process of one machine.

    ``machine`` is the host, its boot and the namespace in which ``pid`` counts; ``started`` the process's start in
    ticks since the boot, or 0 where the system does not tell.
    """

    machine: str
    host: str
    pid: int
    started: int

    @classmethod
    def here(cls) -> Process:
        """The process that asks."""
        host, pid = socket.gethostname(), os.getpid()
        return cls(_machine(host), host, pid, _state_and_start(pid)[1])

    def is_gone(self) -> bool:
        """Whether it certainly runs no more; False as well when it runs, or ran, where this process cannot look."""
        if self.machine != _machine(socket.gethostname()):
            return False
        state, started = _state_and_start(self.pid)
        if state:
            return state in "ZX" or self.started not in {0, started}
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


def _machine(host: str) -> str:
    parts = [host]
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        parts.append(file.read().strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return "/".join(parts)


def _state_and_start(pid: int) -> tuple[str, int]:
    """State letter and start of a process as Linux tells them; an empty letter where nothing is told."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()  # the name before it may hold anything
    except OSError:
        return "", 0
    return fields[0], int(fields[19])
