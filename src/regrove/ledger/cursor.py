"""A cursor: how far a reader has come, kept in the ledger's own database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.errors import InvalidInput
from regrove.ledger import store
from regrove.ledger.entry import Entry, entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regrove.storage.database import Database

__all__ = ["Cursor"]


class Cursor:
    """A durable place in the ledger; made by `Ledger.cursor`. Not to be shared between threads.

    What a reader does because of an event, and its `advance`, belong into one transaction: then the act happens once,
    whatever is killed. Positions are gapless in the order of the commits, so nothing appears behind a cursor.
    """

    def __init__(self, database: Database, name: str, project: str) -> None:
        self._database = database
        self.name = name
        self.project = project
        self._from = 0
        self._seen = 0

    @property
    def position(self) -> int:
        """The last position that is done with."""
        with self._database.read() as connection:
            return store.cursor_position(connection, self.project, self.name)

    def read(self, limit: int = 1000, *, types: Sequence[str] = ()) -> list[Entry]:
        """The next entries after the place of the cursor, oldest first; it stays where it is until `advance`."""
        with self._database.read() as connection:
            self._from = store.cursor_position(connection, self.project, self.name)
            end = store.head(connection).position
            rows = store.page(connection, self._from, limit, types=types, project=self.project)
        entries = [entry(row) for row in rows]
        # What a filter left out has been passed over too, unless the page was full. An entry may lie beyond the head
        # that was read before it: in a transaction of PostgreSQL each statement sees what was committed by then.
        last = entries[-1].position if entries else self._from
        self._seen = last if len(entries) == limit else max(last, end)
        return entries

    def advance(self, to: int | None = None) -> int:
        """Be done with everything up to the position ``to`` (default: all that the last `read` passed over).

        Needs an open transaction, with which it commits or not. Raises InvalidInput for a place behind the cursor or
        beyond what was read, and Conflict when another reader has moved the cursor since.
        """
        transaction = self._database.current()
        goal = self._seen if to is None else to
        if not self._from <= goal <= self._seen:
            raise InvalidInput(
                f"The cursor {self.name!r} cannot go there",
                expected=f"a position from {self._from} to {self._seen}, as far as was read",
                received=str(goal),
            )
        if goal > self._from:
            store.move_cursor(transaction, self.project, self.name, before=self._from, to=goal)
            self._from = goal
        return goal
