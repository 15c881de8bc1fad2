"""Runs as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from regrove.tracking.run import Run
from regrove.tracking.tables import artifacts, runs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from regrove.storage import Database

__all__ = ["Store"]


class Store:
    """Reads and writes the tables of runs; what writes needs an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run: Run) -> None:
        """Insert a run."""
        self._execute(sa.insert(runs).values(**msgspec.structs.asdict(run)))

    def update(self, run: Run) -> None:
        """Write what can change of a run."""
        self._execute(
            sa.update(runs)
            .where(runs.c.project == run.project, runs.c.id == run.id)
            .values(
                status=run.status,
                ended_at=run.ended_at,
                resumed=run.resumed,
                error=run.error,
                environment_digest=run.environment_digest,
            )
        )

    def get(self, project: str, run_id: str) -> Run | None:
        """The run of this id."""
        return self._first(sa.select(runs).where(runs.c.project == project, runs.c.id == run_id))

    def page(self, project: str, *, name: str, kind: str, status: Sequence[str], before: str, limit: int) -> list[Run]:
        """Runs, the newest first; those before the id ``before``."""
        query = sa.select(runs).where(runs.c.project == project).order_by(runs.c.id.desc()).limit(limit)
        if name:
            query = query.where(runs.c.name == name)
        if kind:
            query = query.where(runs.c.kind == kind)
        if status:
            query = query.where(runs.c.status.in_(status))
        if before:
            query = query.where(runs.c.id < before)
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]

    def makers(self, project: str, ref: str) -> list[Run]:
        """The runs that made what ``ref`` names, the oldest first."""
        query = (
            sa.select(runs)
            .join(artifacts, sa.and_(artifacts.c.project == runs.c.project, artifacts.c.run_id == runs.c.id))
            .where(artifacts.c.project == project, artifacts.c.ref == ref)
            .order_by(runs.c.id)
        )
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]

    def by_prefix(self, project: str, prefix: str) -> list[Run]:
        """At most two runs whose id begins with ``prefix``."""
        query = sa.select(runs).where(runs.c.project == project, runs.c.id.startswith(prefix)).limit(2)
        with self._database.read() as connection:
            return [_run(row) for row in connection.execute(query).mappings()]

    def environments(self) -> list[str]:
        """The digests of all environments that runs of any project ran in."""
        query = sa.select(runs.c.environment_digest).where(runs.c.environment_digest != "").distinct()
        with self._database.read() as connection:
            return _column(connection, query)

    def digests(self) -> set[str]:
        """The objects that runs of any project stand on."""
        queries = (
            sa.select(runs.c.environment_digest).distinct(),
            sa.select(artifacts.c.digest).distinct(),
        )
        with self._database.read() as connection:
            return {digest for query in queries for digest in _column(connection, query) if digest}

    def _first(self, query: sa.Select[Any]) -> Run | None:
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _run(row) if row is not None else None

    def _execute(self, statement: sa.Executable, rows: list[dict[str, Any]] | None = None) -> None:
        self._database.current().execute(statement, rows)


def _run(row: Any) -> Run:
    return Run(**row)


def _column(connection: Connection, query: sa.Select[Any]) -> list[str]:
    return list(connection.execute(query).scalars())
