"""What the processes of living servers answer from, read from the counters that they keep beside the log."""

from __future__ import annotations

import fcntl
from pathlib import Path

import msgspec

from regrove.serving.counters import Values, read

__all__ = ["SERVERS", "TROUBLE", "Replica", "replicas"]

SERVERS = ".servers"
"""The folder of servers' own folders, in the log folder of a deployment."""

TROUBLE = ".trouble"
"""The suffix of the file in which a process says why the newest generation does not answer."""


class Replica(msgspec.Struct, frozen=True, kw_only=True):
    """One process of one server."""

    server: str
    worker: int
    generation: int
    """The generation that it answers from; 0 for none yet."""
    candidate: int
    """The revision that answers a share of its callers; 0 for none."""
    ready: bool
    refused: int
    """The newest generation when it could not be loaded, else 0."""
    trouble: str
    """Why it could not, as the process met it."""


def replicas(folder: Path) -> list[Replica]:
    """Each process of each living server that logs to ``folder``, by server and worker.

    A server holds a lock for as long as it lives, however it dies; of a worker that was replaced the newest counts.
    """
    found = []
    for server in sorted((folder / SERVERS).glob("[!.]*")):
        if not _lives(server):
            continue
        newest: dict[int, tuple[int, Path]] = {}
        for path in server.glob("*.counters"):
            worker, attempt = (int(part) for part in path.name.split(".")[:2])
            newest[worker] = max(newest.get(worker, (-1, path)), (attempt, path))
        for worker, (_, path) in sorted(newest.items()):
            try:
                values = read(path)
            except FileNotFoundError:  # the server ends just now, and takes its folder with it
                continue
            if values is not None:
                found.append(_replica(server.name, worker, values, path.with_suffix(TROUBLE)))
    return found


def _replica(server: str, worker: int, values: Values, trouble: Path) -> Replica:
    try:
        said = trouble.read_text(encoding="utf-8")
    except FileNotFoundError:
        said = ""
    return Replica(
        server=server,
        worker=worker,
        generation=int(values.named("generation")),
        candidate=int(values.named("candidate")),
        ready=values.named("ready") == 1,
        refused=int(values.named("refused")),
        trouble=said,
    )


def _lives(server: Path) -> bool:
    try:
        with open(server / "lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
