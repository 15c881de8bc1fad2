"""What fails at present: one part of the work does not keep the others from theirs, and rests before it is tried again.

It is kept in the database, so that ``regrove worker plan`` tells it from another process and a restart does not forget
it. While the database itself does not answer it is kept in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec
import sqlalchemy as sa

from regrove.clock import wall
from regrove.errors import RegroveError
from regrove.worker.events import WorkerRecovered, WorkerStumbled
from regrove.worker.tables import troubles
from regrove.worker.tick import Trouble

if TYPE_CHECKING:
    from regrove.ledger import Ledger
    from regrove.storage import Database

__all__ = ["LONGEST_S", "Troubles"]

LONGEST_S: Final = 300.0
"""The longest rest between two tries, in seconds; the first is 2 s, and each is twice the one before."""

_log = logging.getLogger("regrove.worker")


class Troubles:
    """The troubles of one project's worker."""

    def __init__(self, database: Database, ledger: Ledger, project: str) -> None:
        self._database = database
        self._ledger = ledger
        self._project = project
        self._known: dict[str, Trouble] | None = None

    def all(self) -> Mapping[str, Trouble]:
        """What fails at present, by part."""
        if self._known is None:
            self._known = {each.part: each for each in self._read()}
        return self._known

    def rests(self, part: str) -> bool:
        """Whether a part has failed and is not to be tried yet."""
        trouble = self.all().get(part)
        return trouble is not None and wall() < trouble.again_at

    def failed(self, part: str, error: Exception) -> Trouble:
        """Note that a part has failed, and when it is tried again."""
        if isinstance(error, RegroveError):
            _log.warning("%s failed: %s", part, error)
        else:
            _log.error("%s failed", part, exc_info=error)
        before = self.all().get(part)
        failures = before.failures + 1 if before else 1
        rest = min(LONGEST_S, 2.0 ** min(failures, 20))
        now = wall()
        trouble = Trouble(
            part=part,
            error=str(error) or type(error).__name__,
            failures=failures,
            since_at=before.since_at if before else now,
            again_at=now + round(rest * 1e6),
        )
        self._keep({**self.all(), part: trouble})
        code = getattr(error, "code", "") or type(error).__name__
        self._write(trouble, WorkerStumbled(part=part, error=code) if before is None else None)
        return trouble

    def recovered(self, part: str) -> None:
        """Note that a part was done; nothing happens when it had not failed."""
        before = self.all().get(part)
        if before is None:
            return
        self._keep({name: each for name, each in self.all().items() if name != part})
        with self._database.transaction() as transaction:
            transaction.execute(sa.delete(troubles).where(troubles.c.project == self._project, troubles.c.part == part))
            told = WorkerRecovered(part=part, failures=before.failures)
            self._ledger.record(told, subject=f"project:{self._project}")

    def forget(self, parts: set[str]) -> None:
        """Forget troubles of parts that are not among ``parts`` any more: their monitor or deployment is gone."""
        for part in [each for each in self.all() if each not in parts]:
            self.recovered(part)

    def _keep(self, known: dict[str, Trouble]) -> None:
        self._known = known

    def _read(self) -> list[Trouble]:
        query = sa.select(troubles).where(troubles.c.project == self._project).order_by(troubles.c.part)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [Trouble(**{name: row[name] for name in Trouble.__struct_fields__}) for row in rows]

    def _write(self, trouble: Trouble, event: WorkerStumbled | None) -> None:
        row = {"project": self._project, **msgspec.structs.asdict(trouble)}
        try:
            with self._database.transaction() as transaction:
                if not transaction.insert_new(troubles, row):
                    mine = (troubles.c.project == self._project) & (troubles.c.part == trouble.part)
                    transaction.execute(sa.update(troubles).where(mine).values(**row))
                if event is not None:
                    self._ledger.record(event, subject=f"project:{self._project}")
        except RegroveError as error:
            _log.warning("the trouble with %s could not be kept: %s", trouble.part, error)
