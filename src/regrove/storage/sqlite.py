"""SQLite as a database for many processes of one machine."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, NullPool, create_engine, event

from regrove.errors import InvalidInput, Refused, Unavailable
from regrove.storage.turn import Turnstile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["READING", "file_of", "is_writable", "open_sqlite", "open_unwritable", "undisturbed"]

READING: Final = "regrove_reading"
"""The execution option of a connection that must not write."""

_NETWORK: Final = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "fuse.cephfs", "fuse.glusterfs", "fuse.s3fs", "fuse.sshfs", "gfs2", "gpfs"}
    | {"glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs"}
)
"""File systems whose locks or shared memory SQLite's WAL cannot trust."""


def open_sqlite(url: URL, busy_timeout: float) -> tuple[Engine, Turnstile]:
    """The engine of the file that ``url`` names, and the queue of its writers.

    Every connection: WAL, synchronous=FULL, foreign keys on. Every write begins with BEGIN IMMEDIATE, so that it waits
    at its start and never fails half way; a reading connection refuses to write.
    """
    path = file_of(url)
    turnstile = Turnstile(path, busy_timeout)
    engine = create_engine(url.set(database=path), pool_size=5, max_overflow=-1, connect_args={"timeout": busy_timeout})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        connection.execute(f"PRAGMA busy_timeout = {round(busy_timeout * 1000)}")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            with turnstile.turn():  # SQLite does not wait by itself while the mode is being changed
                connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = bool(connection.get_execution_options().get(READING))
        connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reading else 'OFF'}")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine, turnstile


def is_writable(path: str) -> bool:
    """Whether this process may write to the file, and beside it, where SQLite keeps its log."""
    folder = os.path.dirname(path)
    return os.access(folder, os.W_OK | os.X_OK) and (not os.path.exists(path) or os.access(path, os.W_OK))


def open_unwritable(url: URL, busy_timeout: float) -> Engine:
    """The engine of a file that can only be read, as `is_writable` tells; each connection is made anew.

    While another process has the file open its log is read, too. Otherwise the file is read as one that does not
    change, since SQLite could not make the log's index; `undisturbed` tells when it did change.
    """
    path = file_of(url)

    def connect() -> sqlite3.Connection:
        address = f"{Path(path).as_uri()}?mode=ro{'' if _log(path) else '&immutable=1'}"
        if _log(path) and not os.path.exists(f"{path}-shm"):
            raise Unavailable(
                "The database has a log that can only be read where its index can be written",
                expected=f"{path}-shm, or permission to make it",
                received=f"{path}-wal without it",
                mend=f"cp {quote(path)} {quote(path + '-wal')} FOLDER, and open the copy",
            )
        return sqlite3.connect(address, uri=True, timeout=busy_timeout, check_same_thread=False, isolation_level=None)

    engine = create_engine(url.set(database=path), creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")

    return engine


@contextmanager
def undisturbed(path: str) -> Iterator[None]:
    """A read of a file that can only be read; raises Unavailable when another process wrote to it meanwhile."""
    before = _stamp(path)
    yield
    if before is not None and before != _stamp(path):
        raise Unavailable(
            "The database was written to by another process while it was read without its log",
            received=path,
            mend="run the same command again",
        )


def _stamp(path: str) -> tuple[int, int] | None:
    """Size and time of a file without a log; None when there is a log, which SQLite then watches itself."""
    if _log(path) or not os.path.exists(path):
        return None
    stat = os.stat(path)
    return stat.st_size, stat.st_mtime_ns


def _log(path: str) -> bool:
    """Whether the file has a log with anything in it, or one that another process holds open."""
    try:
        return os.stat(f"{path}-wal").st_size > 0 or os.path.exists(f"{path}-shm")
    except FileNotFoundError:
        return False


def file_of(url: URL) -> str:
    """The absolute path of the file; refuses a missing folder, a relative path and a network file system."""
    path = url.database or ""
    if not os.path.isabs(path):
        raise InvalidInput(
            "A SQLite database is a file with an absolute path",
            expected="sqlite:////absolute/path/regrove.db",
            received=url.render_as_string(),
        )
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise InvalidInput("The folder of the database is not there", received=folder, mend=f"mkdir -p '{folder}'")
    kind = _file_system(folder)
    if kind in _NETWORK:
        raise Refused(
            "SQLite cannot keep its promises on a network file system",
            expected="a local disk, or PostgreSQL",
            received=f"{folder} on {kind}",
            mend="set the database to a local path, or to postgresql://...",
        )
    return path


def _file_system(folder: str) -> str:
    """The kind of file system that ``folder`` is on, or an empty string where the system does not tell."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
            return _kind_at(folder, lines.read().splitlines())
    except OSError:
        return ""


def _kind_at(folder: str, mounts: list[str]) -> str:
    best, kind = "", ""
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        point = fields.split(" ")[4].replace("\\040", " ")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # the last of equals is the one mounted over the others
            best, kind = point, rest.split(" ", 1)[0]
    return kind
