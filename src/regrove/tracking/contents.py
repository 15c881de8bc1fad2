"""What hangs on a run, as rows: params, points, inputs, artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from regrove.digest import canonical
from regrove.tracking.metric import MetricPoint, from_stored, to_stored
from regrove.tracking.run import Artifact, Input, Run
from regrove.tracking.tables import artifacts, inputs, metrics, params

if TYPE_CHECKING:
    from regrove.storage import Database

__all__ = ["Contents"]


class Contents:
    """Reads and writes what hangs on runs; what writes needs an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def params(self, run: Run) -> dict[str, Any]:
        """The params of a run, by key."""
        query = sa.select(params.c.key, params.c.value).where(*_of(params, run)).order_by(params.c.key)
        with self._database.read() as connection:
            return {row.key: msgspec.json.decode(row.value) for row in connection.execute(query)}

    def add_params(self, run: Run, values: dict[str, Any]) -> None:
        """Insert params that are not there yet."""
        rows = [
            {"project": run.project, "run_id": run.id, "key": key, "value": canonical(value)}
            for key, value in values.items()
        ]
        if rows:
            self._execute(sa.insert(params), rows)

    def points(self, run: Run, *, key: str = "") -> list[MetricPoint]:
        """The points of a run in the order in which they were logged, of one metric when ``key`` is given."""
        query = sa.select(metrics).where(*_of(metrics, run)).order_by(metrics.c.position)
        if key:
            query = query.where(metrics.c.key == key)
        with self._database.read() as connection:
            return [
                MetricPoint(row.key, from_stored(row.kind, row.value), row.step, row.at)
                for row in connection.execute(query)
            ]

    def last_values(self, run: Run) -> dict[str, float]:
        """The value of each metric at its highest step (of equal steps the one logged last), by key."""
        order = (metrics.c.step.desc(), metrics.c.position.desc())
        rank = sa.func.row_number().over(partition_by=metrics.c.key, order_by=order).label("rank")
        ranked = sa.select(metrics.c.key, metrics.c.kind, metrics.c.value, rank).where(*_of(metrics, run)).subquery()
        query = sa.select(ranked).where(ranked.c.rank == 1).order_by(ranked.c.key)
        with self._database.read() as connection:
            return {row.key: from_stored(row.kind, row.value) for row in connection.execute(query)}

    def add_points(self, run: Run, points: Sequence[MetricPoint]) -> None:
        """Append points."""
        last = sa.select(sa.func.coalesce(sa.func.max(metrics.c.position), 0)).where(*_of(metrics, run))
        start = self._database.current().execute(last).scalar_one() + 1
        rows = []
        for place, point in enumerate(points, start):
            kind, value = to_stored(point.value)
            rows.append(
                {
                    "project": run.project,
                    "run_id": run.id,
                    "position": place,
                    "key": point.key,
                    "step": point.step,
                    "at": point.at,
                    "kind": kind,
                    "value": value,
                }
            )
        if rows:
            self._execute(sa.insert(metrics), rows)

    def inputs(self, run: Run) -> list[Input]:
        """What a run used, by name."""
        query = sa.select(inputs.c.name, inputs.c.ref, inputs.c.digest).where(*_of(inputs, run)).order_by(inputs.c.name)
        with self._database.read() as connection:
            return [Input(*row) for row in connection.execute(query)]

    def add_input(self, run: Run, value: Input) -> bool:
        """Insert an input unless one of its name is there."""
        row = {"project": run.project, "run_id": run.id, **msgspec.structs.asdict(value)}
        return self._database.current().insert_new(inputs, row)

    def artifacts(self, run: Run) -> list[Artifact]:
        """What a run made, by name."""
        columns = (artifacts.c.name, artifacts.c.digest, artifacts.c.kind, artifacts.c.ref)
        query = sa.select(*columns).where(*_of(artifacts, run)).order_by(artifacts.c.name)
        with self._database.read() as connection:
            return [Artifact(*row) for row in connection.execute(query)]

    def add_artifact(self, run: Run, value: Artifact) -> bool:
        """Insert an artifact unless one of its name is there."""
        row = {"project": run.project, "run_id": run.id, **msgspec.structs.asdict(value)}
        return self._database.current().insert_new(artifacts, row)

    def _execute(self, statement: sa.Executable, rows: list[dict[str, Any]] | None = None) -> None:
        self._database.current().execute(statement, rows)


def _of(table: sa.Table, run: Run) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.project == run.project, table.c.run_id == run.id
