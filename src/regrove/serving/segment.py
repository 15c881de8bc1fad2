"""Segments: the files of a prediction log.

``<log folder>/<project>/<deployment>/<id>.log``, one a server process at a time. The process that writes a segment
holds an exclusive lock on the file for as long as it writes, so whether a segment is closed or its owner dead is one
question: can the lock be had? A segment is made aside and locked before it gets its name, so it is never seen
without its owner.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from regrove.clock import wall
from regrove.errors import Corrupt, Unavailable
from regrove.refs import check_name, new_id
from regrove.serving.framing import MAGIC, Framer, frames, preamble
from regrove.serving.records import Answering, Opened, Record, decode, encode

__all__ = ["SUFFIX", "LogUnwritable", "SegmentWriter", "cut", "folder_of", "held", "read", "segments"]

SUFFIX: Final = ".log"
"""How the name of a segment ends."""


class LogUnwritable(Unavailable):
    """A record could not be written whole, so what it records did not happen."""

    code: ClassVar[str] = "log-unwritable"


def folder_of(root: Path, project: str, deployment: str) -> Path:
    """The folder of one deployment's segments below the log folder ``root``; names are checked."""
    return root / check_name(project, what="project") / check_name(deployment, what="deployment")


def segments(folder: Path) -> list[Path]:
    """The segments of a folder, oldest first; none when there is no such folder."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def read(path: Path) -> tuple[list[Record], int, int]:
    """The records of a segment, the bytes that are whole, and the bytes of a torn tail.

    A live segment may be read: what its owner is just appending counts as torn. Raises Corrupt for damage, and
    FileNotFoundError when the segment was compacted meanwhile.
    """
    import msgspec

    found = frames(path.read_bytes(), where=str(path))
    try:
        records = [decode(payload) for payload in found.payloads]
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"{path} holds a record that this version cannot read",
            expected="records of log format 1",
            received=str(error),
            mend="read it with the version of regrove that wrote it, or a newer one",
        ) from error
    return records, found.whole, found.torn


@contextlib.contextmanager
def held(path: Path) -> Iterator[int | None]:
    """The open file of a segment under its lock, or None when its owner lives or it is gone.

    While the block runs no one else compacts the segment.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield handle if _still_there(path, handle) else None
    finally:
        os.close(handle)


def cut(handle: int, whole: int) -> None:
    """Cut a torn tail off a segment that is held."""
    os.ftruncate(handle, whole)
    os.fsync(handle)


def _still_there(path: Path, handle: int) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(now, os.fstat(handle))


class SegmentWriter:
    """Appends records, one write a record, from any thread of one process.

    A record is in the kernel's hands when `append` returns, so a killed process loses none; `tick` hands it to the
    disk. A segment that has grown to ``largest`` bytes or is ``oldest_s`` seconds old is closed and the next begun, so
    that it can be compacted while the server lives. The file is made with the first record.
    """

    def __init__(
        self,
        root: Path,
        project: str,
        deployment: str,
        *,
        server: str = "",
        largest: int = 64 << 20,
        oldest_s: int = 300,
    ) -> None:
        self._folder = folder_of(root, project, deployment)
        self._about = (project, deployment, server)
        self._largest = largest
        self._oldest = oldest_s * 1_000_000
        self._lock = threading.Lock()
        self._handle: int | None = None
        self._framer = Framer(b"")
        self._size = 0
        self._synced = 0
        self._opened_at = 0
        self._closed = False
        self._day = 0
        self._announced: set[tuple[int, int]] = set()

    @property
    def folder(self) -> Path:
        """Where the segments stand."""
        return self._folder

    def append(self, record: Record, *, answering: Answering | None = None) -> int:
        """Write a record and return its bytes; LogUnwritable when it could not be written whole (nothing stays).

        ``answering`` is written before it, in the same write, unless this segment says already what that generation is.
        """
        payload = encode(record)
        with self._lock:
            if self._closed:
                raise LogUnwritable("The prediction log is closed", mend="send the request to a running server")
            if self._size >= self._largest:
                self._finish()
            handle = self._handle if self._handle is not None else self._begin()
            frame = self._framer.frame(payload)
            if answering is not None and (answering.generation, answering.revision) not in self._announced:
                frame = self._framer.frame(encode(answering)) + frame
            self._write(handle, frame)
            if answering is not None:
                self._announced.add((answering.generation, answering.revision))
            return len(frame)

    def tick(self) -> None:
        """Hand what was appended to the disk, and close a segment that is old enough; called every second or so."""
        with self._lock:
            if self._handle is None or self._size == self._synced:
                behind = None
            else:
                behind = (os.dup(self._handle), self._framer, self._size)
            if self._handle is not None and wall() - self._opened_at >= self._oldest:
                self._finish()
        if behind is None:
            return
        handle, framer, size = behind
        try:
            os.fsync(handle)  # outside the lock: a slow disk must not hold requests up
        finally:
            os.close(handle)
        with self._lock:
            if self._framer is framer:
                self._synced = size

    def turn(self, day: int) -> None:
        """Close the segment that holds another day than ``day``: in a replayed workspace a year passes in minutes."""
        with self._lock:
            if self._day != day:
                self._finish()
                self._day = day

    def close(self) -> None:
        """Sync and give the segment up; later appends are refused."""
        with self._lock:
            self._closed = True
            self._finish()

    def _begin(self) -> int:
        identity = new_id()
        project, deployment, server = self._about
        opened = Opened(
            segment=identity,
            project=project,
            deployment=deployment,
            server=server,
            pid=os.getpid(),
            host=socket.gethostname(),
            opened_at=wall(),
        )
        aside = self._folder / f".{identity}.new"
        start = preamble()
        framer = Framer(start[len(MAGIC) :])
        first = start + framer.frame(encode(opened))
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = _made(aside, first)
            os.rename(aside, self._folder / f"{identity}{SUFFIX}")
            _sync_folder(self._folder)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise _unwritable(self._folder, error) from error
        self._handle, self._framer, self._opened_at = handle, framer, opened.opened_at
        self._size = self._synced = len(first)
        self._announced = set()
        return handle

    def _write(self, handle: int, frame: bytes) -> None:
        try:
            written = os.write(handle, frame)
        except OSError as error:
            self._undo(handle)
            raise _unwritable(self._folder, error) from error
        if written != len(frame):
            self._undo(handle)
            raise _unwritable(self._folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        self._size += written

    def _undo(self, handle: int) -> None:
        """Take the part of a frame back, so that the next one is not hidden behind it."""
        os.ftruncate(handle, self._size)
        os.lseek(handle, self._size, os.SEEK_SET)

    def _finish(self) -> None:
        handle, self._handle = self._handle, None
        if handle is None:
            return
        try:
            os.fsync(handle)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        finally:
            os.close(handle)


def _made(aside: Path, first: bytes) -> int:
    """A new file under its owner's lock that holds ``first`` on the disk."""
    handle = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.write(handle, first) != len(first):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    except OSError:
        os.close(handle)
        raise
    return handle


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(folder: Path, error: OSError) -> LogUnwritable:
    return LogUnwritable(
        "The prediction log cannot be written, so the request was not answered",
        expected=f"room and permission in {folder}",
        received=error.strerror or str(error),
        mend="free some space or raise the file size limit, then send the request again",
    )
