"""The unit of work: everything that one fact changes, and what must happen around its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from regrove.errors import RegroveError

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Executable, Table

__all__ = ["LAST", "Transaction"]

LAST: Final = "ledger"
"""The hook before the commit that runs after all others."""

Hook = Callable[["Transaction"], None]


class Transaction:
    """A unit of work that is open. It belongs to the thread that opened it.

    ``notes`` is where other rooms keep what they gather until the commit, under a key of their own.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.notes: dict[str, Any] = {}
        self._before: dict[str, Hook] = {}
        self._after: list[Callable[[], None]] = []
        self._failed = False

    def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        """Execute a statement of SQLAlchemy, once or with many sets of parameters."""
        return self.connection.execute(statement, parameters)

    def insert_new(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert ``row`` unless one with the same key is there; True when it was inserted.

        Any unique key counts. On PostgreSQL this waits for another transaction that is inserting the same key.
        """
        statement = _insert_into(table, self.connection).values(row).on_conflict_do_nothing()
        statement = statement.execution_options(preserve_rowcount=True)
        return self.execute(statement).rowcount == 1

    def before_commit(self, name: str, hook: Hook) -> None:
        """Run ``hook(transaction)`` once before the commit; a second hook of the same name is ignored.

        Hooks run in the order of their first registration, the one named `LAST` after all others. A hook that raises
        rolls everything back.
        """
        self._before.setdefault(name, hook)

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Run ``hook()`` once the commit is durable, outside the transaction; never after a rollback."""
        self._after.append(hook)

    @contextmanager
    def joined(self) -> Iterator[Transaction]:
        """An inner block: it commits nothing, and an exception that leaves it lets the outermost roll back."""
        try:
            yield self
        except BaseException:
            self._failed = True
            raise

    def prepare(self) -> None:
        """Run the hooks before the commit; raises RegroveError when an inner block has failed unnoticed."""
        if self._failed:
            raise RegroveError(
                "The transaction was rolled back: a block inside it failed and the error was caught outside that block",
                expected="the error to leave the outermost block too",
                mend="catch it around the whole transaction, or check before the inner block begins",
            )
        done: set[str] = set()
        while waiting := [name for name in self._before if name not in done]:
            name = next((each for each in waiting if each != LAST), LAST)
            self._before[name](self)
            done.add(name)

    def finish(self) -> None:
        """Run the hooks after the commit, in order."""
        for hook in self._after:
            hook()


def _insert_into(table: Table, connection: Connection) -> Any:
    """An INSERT of the dialect at hand, which alone is imported: a command would wait for the other."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
