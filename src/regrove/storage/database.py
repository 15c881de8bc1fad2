"""The database: one interface for SQLite and PostgreSQL, and the unit of work in it.

Contract of `Database`, the same on both (``tests/contracts/database.py`` holds it):

- ``transaction()`` is the only way to write. It is re-entrant in a thread: inner blocks join, the outermost commits,
  and an exception that leaves any block rolls everything back, even when it is caught further out.
- ``read()`` sees one consistent snapshot and refuses to write; inside a transaction it joins it and sees its changes.
- What is committed has reached the disk. A process killed at any moment leaves all of a transaction or nothing.
- A Database may be shared between threads, each with its own transaction. After a fork the child uses connections of
  its own, and no transaction of its parent.
- A SQLite file that this process may not write to is opened all the same: it can be read, and a transaction is
  refused with Unavailable before it begins.
- Failures of the database arrive as Unavailable or Corrupt; violated constraints as SQLAlchemy's IntegrityError.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Literal, Self

from sqlalchemy import URL, exc, make_url

from regrove.errors import InvalidInput, RegroveError, Unavailable
from regrove.storage.backup import restoring
from regrove.storage.faults import explained
from regrove.storage.postgresql import open_postgresql
from regrove.storage.sqlite import READING, file_of, is_writable, open_sqlite, open_unwritable, undisturbed
from regrove.storage.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from regrove.storage.turn import Turnstile

__all__ = ["Database"]


class _Here(threading.local):
    """What this thread has open."""

    transaction: Transaction | None = None
    reading: Connection | None = None


class Database:
    """An open database; see the module for its contract. Make one with `Database.open`."""

    def __init__(
        self,
        url: URL,
        engine: Engine,
        turnstile: Turnstile | None = None,
        *,
        file: Path | None = None,
        read_only: bool = False,
        backups: Path | None = None,
    ) -> None:
        self.url = url
        self.file = file
        """The file of SQLite; None for a database on a server."""
        self.read_only = read_only
        """Whether this process may not write to the file."""
        self.backups = backups
        """The folder with the copies that were made of it."""
        self._engine = engine
        self._turnstile = turnstile
        self._here = _Here()
        self._pid = os.getpid()

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = 60.0, backups: Path | None = None) -> Self:
        """Open ``sqlite:////absolute/file.db`` or ``postgresql://user@host/name``; nothing is connected yet.

        ``busy_timeout`` is how long a writer waits for others, in seconds; ``backups`` is the folder whose copies are
        named when the file is found damaged. Raises InvalidInput for anything else, Refused for SQLite on a network
        file system, MissingExtra without the driver of PostgreSQL.
        """
        prefix = "sqlite:///"
        try:  # the path of a file is taken as it stands: a question mark in it begins no options
            parsed = (
                URL.create("sqlite", database=url.removeprefix(prefix)) if url.startswith(prefix) else make_url(url)
            )
        except exc.ArgumentError:
            raise InvalidInput("This is not the address of a database", expected=_ADDRESSES) from None
        kind = parsed.get_backend_name()
        if kind == "sqlite":
            file = Path(file_of(parsed))
            if not is_writable(str(file)):
                engine = open_unwritable(parsed, busy_timeout)
                return cls(parsed, engine, file=file, read_only=True, backups=backups)
            return cls(parsed, *open_sqlite(parsed, busy_timeout), file=file, backups=backups)
        if kind == "postgresql":
            return cls(parsed, open_postgresql(parsed, busy_timeout))
        raise InvalidInput("This database is not supported", expected=_ADDRESSES, received=kind)

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two it is."""
        return "postgresql" if self.file is None else "sqlite"

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open."""
        return self._open() is not None

    def current(self) -> Transaction:
        """The transaction that this thread has open; raises RegroveError when there is none."""
        transaction = self._open()
        if transaction is None:
            raise RegroveError("No transaction is open here", expected="with database.transaction():")
        return transaction

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A unit of work: join the open one, or begin one that commits when the block ends without an exception."""
        outer = self._open()
        if outer is not None:
            with outer.joined():
                yield outer
            return
        if self.read_only:
            raise self.unwritable("permission to write")
        with self._explained():
            with self._connected() as connection, self._turn(), connection.begin():
                transaction = self._here.transaction = Transaction(connection)
                try:
                    yield transaction
                    transaction.prepare()
                finally:
                    self._here.transaction = None
            transaction.finish()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent snapshot; the open transaction or the outer read when there is one."""
        outer = self._open()
        joined = outer.connection if outer is not None else self._here.reading
        if joined is not None:
            yield joined
            return
        with self._undisturbed(), self._reading() as connection, self._explained(reading=True):
            if self.dialect == "sqlite":
                connection.execution_options(**{READING: True})
            else:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin() as snapshot:
                self._here.reading = connection
                try:
                    yield connection
                finally:
                    self._here.reading = None
                    snapshot.rollback()

    def unwritable(self, expected: str) -> Unavailable:
        """The error of a change to a file that can only be read; ``expected`` is what the change needs."""
        assert self.file is not None, "only a file is ever read-only"
        return Unavailable(
            "The database can only be read here, so nothing was changed",
            expected=expected,
            received=f"{self.file}, where this process may not write to the file or its folder",
            mend=f"chmod u+w {quote(str(self.file.parent))} {quote(str(self.file))} if they are yours, "
            "or work on a copy of the project elsewhere",
        )

    def restoring(self) -> str:
        """How the database comes back after damage or loss: from its newest backup, which is named, or else."""
        return restoring(self.file, self.backups)

    def close(self) -> None:
        """Close the connections that lie in the pool; the database may be used again afterwards."""
        self._check_fork()
        self._engine.dispose()

    def _explained(self, *, reading: bool = False) -> AbstractContextManager[None]:
        return explained(repr(self), reading=reading, restoring=self.restoring, file=self.file)

    def _undisturbed(self) -> AbstractContextManager[None]:
        return undisturbed(str(self.file)) if self.read_only else nullcontext()

    def _turn(self) -> AbstractContextManager[None]:
        return self._turnstile.turn() if self._turnstile is not None else nullcontext()

    def _reading(self) -> Connection:
        with self._explained():  # a connection that cannot be made is no read that writes
            return self._connected()

    def _connected(self) -> Connection:
        self._check_fork()
        return self._engine.connect()

    def _open(self) -> Transaction | None:
        self._check_fork()
        return self._here.transaction

    def _check_fork(self) -> None:
        """In a forked child: leave the parent's connections to the parent, without closing them under it."""
        if self._pid != os.getpid():
            _parents.append((self._engine.pool, self._here))
            self._engine.dispose(close=False)
            self._here = _Here()
            self._pid = os.getpid()


# What a forked child must not let go of: a connection that is collected would say farewell in the parent's name.
_parents: list[object] = []

_ADDRESSES = "sqlite:////absolute/path/regrove.db or postgresql://user@host/name"
