"""The clock of a replayed workspace: domain time that stands in the database until somebody turns it.

Every process of the workspace reads the same instant, and a killed one finds it where it stood. Beside it stands how
far the worker has come, so that whoever turns the clock can wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from regrove.clock import iso, wall
from regrove.errors import Conflict, InvalidInput
from regrove.storage.tables import clocks, ticks

if TYPE_CHECKING:
    from regrove.storage.database import Database

__all__ = ["StoredClock", "WorkerTicks"]


class StoredClock:
    """A `regrove.clock.Clock` that the processes of one project share: unset until the first turn, and never back.

    Safe to share between threads and processes: the instant is read from the database each time.
    """

    def __init__(self, database: Database, project: str) -> None:
        self._database = database
        self._project = project

    def now(self) -> int:
        """Microseconds since 1970 in UTC; raises Conflict before the first turn."""
        at = self.stands()
        if not at:
            raise Conflict(
                f"The clock of project {self._project!r} stands nowhere: it is one of a replayed workspace",
                expected="a clock that was turned to the instant where the replay begins",
                mend="regrove clock --turn-to 2025-04-01T00:00:00Z; later on regrove replay turns it",
            )
        return at

    def stands(self) -> int:
        """Where it stands, 0 before the first turn."""
        return _read(self._database, clocks, self._project)

    def turn_to(self, micros: int) -> None:
        """Turn to the instant ``micros`` after 1970; an earlier one than now is refused with InvalidInput."""
        if micros <= 0:
            raise InvalidInput("A clock can stand only after 1970", received=iso(micros))
        with self._database.transaction():
            at = self.stands()
            if micros < at:
                raise InvalidInput(
                    "A clock was turned backwards",
                    expected=f"at least {iso(at)}",
                    received=iso(micros),
                    mend="to live through an earlier time again, begin a new workspace",
                )
            _write(self._database, clocks, self._project, micros)


class WorkerTicks:
    """How far in domain time the worker of a project has done everything that was to be done."""

    def __init__(self, database: Database, project: str) -> None:
        self._database = database
        self._project = project

    def reached(self) -> int:
        """The domain time of the last whole tick, 0 before the first."""
        return _read(self._database, ticks, self._project)

    def reach(self, micros: int) -> None:
        """Say that everything up to ``micros`` is done; an earlier time than was reached changes nothing."""
        with self._database.transaction():
            if micros > self.reached():
                _write(self._database, ticks, self._project, micros)


def _read(database: Database, table: sa.Table, project: str) -> int:
    with database.read() as connection:
        return connection.execute(sa.select(table.c.at).where(table.c.project == project)).scalar() or 0


def _write(database: Database, table: sa.Table, project: str, at: int) -> None:
    transaction = database.current()
    row = {"project": project, "at": at, "changed_at": wall()}
    if not transaction.insert_new(table, row):
        transaction.execute(sa.update(table).where(table.c.project == project, table.c.at < at).values(row))
