"""Rollouts and their phases as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from regrove.rollouts.record import Phase, Rollout
from regrove.rollouts.tables import phases, rollouts
from regrove.serving import RolloutConfig
from regrove.serving.edges import GuardEdges
from regrove.storage import Database

__all__ = ["Store"]


class Store:
    """Reads and writes this room's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, rollout: Rollout) -> bool:
        """Insert a rollout with its phases, in the open transaction; False when its deployment has one that goes on."""
        transaction = self._database.current()
        if not transaction.insert_new(rollouts, _row(rollout)):
            return False
        transaction.execute(sa.insert(phases), [_phase_row(rollout, each) for each in rollout.phases])
        return True

    def hold(self, rollout: Rollout) -> bool:
        """Whether the rollout still stands at this step; it does so until the open transaction ends."""
        query = (
            sa.select(rollouts.c.step)
            .where(rollouts.c.project == rollout.project, rollouts.c.id == rollout.id)
            .with_for_update()
        )
        return self._database.current().execute(query).scalar() == rollout.step

    def change(self, rollout: Rollout) -> None:
        """Write a rollout and the phases that it has come to, in the open transaction."""
        transaction = self._database.current()
        mine = (rollouts.c.project == rollout.project) & (rollouts.c.id == rollout.id)
        transaction.execute(sa.update(rollouts).where(mine).values(**_row(rollout)))
        for each in rollout.phases:
            row = _phase_row(rollout, each)
            if not transaction.insert_new(phases, row):
                key = (phases.c.project == rollout.project) & (phases.c.rollout == rollout.id)
                transaction.execute(sa.update(phases).where(key & (phases.c.number == each.number)).values(**row))

    def going(self, project: str, deployment: str = "") -> list[Rollout]:
        """The rollouts that have not ended, the oldest first."""
        which = rollouts.c.going == deployment if deployment else rollouts.c.going.is_not(None)
        return self._rollouts(rollouts.c.project == project, which)

    def get(self, project: str, id_: str) -> Rollout | None:
        """A rollout by its id."""
        return next(iter(self._rollouts(rollouts.c.project == project, rollouts.c.id == id_)), None)

    def by_prefix(self, project: str, digits: str) -> list[Rollout]:
        """The rollouts whose ids begin so."""
        return self._rollouts(rollouts.c.project == project, rollouts.c.id.startswith(digits, autoescape=True))

    def of(self, project: str, deployment: str = "") -> list[Rollout]:
        """Every rollout of a project, or of one deployment, the oldest first."""
        where = [rollouts.c.project == project] + ([rollouts.c.deployment == deployment] if deployment else [])
        return self._rollouts(*where)

    def newest_ended(self, project: str) -> list[Rollout]:
        """The rollout of each deployment that ended last, where none goes on."""
        newest = (
            sa.select(rollouts.c.deployment, sa.func.max(rollouts.c.id).label("id"))
            .where(rollouts.c.project == project)
            .group_by(rollouts.c.deployment)
            .subquery()
        )
        ids = sa.select(newest.c.id)
        return self._rollouts(rollouts.c.project == project, rollouts.c.id.in_(ids), rollouts.c.going.is_(None))

    def evidence(self) -> Iterator[str]:
        """The digests of all evidence, of every project."""
        query = sa.select(phases.c.evidence).where(phases.c.evidence != "").distinct()
        with self._database.read() as connection:
            yield from connection.execute(query).scalars().all()

    def _rollouts(self, *where: sa.ColumnElement[bool]) -> list[Rollout]:
        query = sa.select(rollouts).where(*where).order_by(rollouts.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            if not rows:
                return []
            mine = phases.c.rollout.in_([row["id"] for row in rows]) & (phases.c.project == rows[0]["project"])
            came = connection.execute(sa.select(phases).where(mine).order_by(phases.c.number)).mappings().all()
        return [_rollout(row, came) for row in rows]


def _row(rollout: Rollout) -> dict[str, Any]:
    values = {name: getattr(rollout, name) for name in Rollout.__struct_fields__ if name != "phases"}
    for name in ("policy", "edges", "peaks"):
        values[name] = msgspec.json.encode(values[name]).decode()
    return values | {"going": rollout.deployment if rollout.going else None}


def _rollout(row: sa.RowMapping, came: Sequence[sa.RowMapping]) -> Rollout:
    values = {name: row[name] for name in Rollout.__struct_fields__ if name != "phases"}
    values["policy"] = msgspec.json.decode(row["policy"], type=RolloutConfig)
    values["edges"] = msgspec.json.decode(row["edges"], type=GuardEdges | None)
    values["peaks"] = msgspec.json.decode(row["peaks"], type=dict[str, float])
    return Rollout(**values, phases=tuple(_phase(each) for each in came if each["rollout"] == row["id"]))


def _phase_row(rollout: Rollout, phase: Phase) -> dict[str, Any]:
    return msgspec.structs.asdict(phase) | {"project": rollout.project, "rollout": rollout.id}


def _phase(row: sa.RowMapping) -> Phase:
    return Phase(**{name: row[name] for name in Phase.__struct_fields__})
