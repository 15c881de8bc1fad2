"""Status files: which servers of a deployment run on this machine, and where they listen.

``<log folder>/<deployment>.<id>.server.json``, one a server. Its server holds a lock on it for as long as it lives, so
whether a file still speaks of somebody is one question: can the lock be had? What a killed server left is removed by
the next reader.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from regrove.clock import wall
from regrove.refs import check_name, new_id

__all__ = ["Announcement", "Running", "running"]

_SUFFIX: Final = ".server.json"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A server that lives: its address, its parent process, and since when it listens."""

    url: str
    pid: int
    listens_at: int


class Announcement:
    """The status file of one server, as long as the block runs; it is written when the address is known.

    >>> import tempfile
    >>> with Announcement(Path(tempfile.mkdtemp()), "late") as announcement:
    ...     announcement.tell("http://127.0.0.1:8080")
    ...     [each.url for each in running(announcement.path.parent, "late")]
    ['http://127.0.0.1:8080']
    >>> running(announcement.path.parent, "late")
    []
    """

    def __init__(self, root: Path, deployment: str) -> None:
        self.path = root / f"{check_name(deployment, what='deployment')}.{new_id()}{_SUFFIX}"
        """The file."""
        self._handle: int | None = None

    def tell(self, url: str) -> None:
        """Say where the server listens; called once. The file is locked before it gets its name."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(f".{self.path.name}.new")
        self._handle = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._handle, msgspec.json.encode(Running(url=url, pid=os.getpid(), listens_at=wall())))
        aside.rename(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self.path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


def running(root: Path, deployment: str) -> list[Running]:
    """The servers of a deployment that live on this machine, the one that listens for the shortest time first."""
    found = [
        each
        for path in root.glob(f"*{_SUFFIX}")
        if path.name.removesuffix(_SUFFIX).rpartition(".")[0] == deployment and (each := _read(path)) is not None
    ]
    return sorted(found, key=lambda each: each.listens_at, reverse=True)


def _read(path: Path) -> Running | None:
    """What a status file says; None for one whose server is gone, which is removed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            return None
        return msgspec.json.decode(os.read(handle, 1 << 16), type=Running)
    except msgspec.MsgspecError:
        return None
    finally:
        os.close(handle)
