"""The database: one interface for SQLite and PostgreSQL, and the unit of work in it.

Contract of `Database`, the same on both (``tests/contracts/database.py`` holds it):

- ``transaction()`` is the only way to write. It is re-entrant in a thread: inner blocks join, the outermost commits,
  and an exception that leaves any block rolls everything back, even when it is caught further out.
- ``read()`` sees one consistent snapshot and refuses to write; inside a transaction it joins it and sees its changes.
- What is committed has reached the disk. A process killed at any moment leaves all of a transaction or nothing.
- A Database may be shared between threads, each with its own transaction. After a fork the child uses connections of
  its own, and no transaction of its parent.
- Failures of the database arrive as Unavailable or Corrupt; violated constraints as SQLAlchemy's IntegrityError.
"""

from __future__ import annotations

import os
import threading
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Literal, Self

from sqlalchemy import URL, exc, make_url

from regrove.errors import InvalidInput, RegroveError
from regrove.storage.faults import explained
from regrove.storage.postgresql import open_postgresql
from regrove.storage.sqlite import READING, open_sqlite
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

    def __init__(self, url: URL, engine: Engine, turnstile: Turnstile | None) -> None:
        self.url = url
        self._engine = engine
        self._turnstile = turnstile
        self._here = _Here()
        self._pid = os.getpid()

    @classmethod
    def open(cls, url: str, *, busy_timeout: float = 60.0) -> Self:
        """Open ``sqlite:////absolute/file.db`` or ``postgresql://user@host/name``; nothing is connected yet.

        ``busy_timeout`` is how long a writer waits for others, in seconds. Raises InvalidInput for anything
        else, Refused for SQLite on a network file system, MissingExtra without the driver of PostgreSQL.
        """
        try:
            parsed = make_url(url)
        except exc.ArgumentError:
            raise InvalidInput("This is not the address of a database", expected=_ADDRESSES) from None
        kind = parsed.get_backend_name()
        if kind == "sqlite":
            return cls(parsed, *open_sqlite(parsed, busy_timeout))
        if kind == "postgresql":
            return cls(parsed, open_postgresql(parsed, busy_timeout), None)
        raise InvalidInput("This database is not supported", expected=_ADDRESSES, received=kind)

    def __repr__(self) -> str:
        return f"Database({self.url.render_as_string(hide_password=True)!r})"

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two it is."""
        return "postgresql" if self._turnstile is None else "sqlite"

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
        with explained(repr(self)):
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
        with explained(repr(self), reading=True), self._connected() as connection:
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

    def close(self) -> None:
        """Close the connections that lie in the pool; the database may be used again afterwards."""
        self._check_fork()
        self._engine.dispose()

    def _turn(self) -> AbstractContextManager[None]:
        return self._turnstile.turn() if self._turnstile is not None else nullcontext()

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
