"""Revisions as rows."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from regrove.project.tables import revisions
from regrove.storage import Database

__all__ = ["Revision", "Store"]


class Revision(msgspec.Struct, frozen=True):
    """One applied declaration: what every room acts on, and what decisions cite."""

    project: str
    ordinal: int
    digest: str
    declaration_digest: str
    source_digest: str
    git_commit: str
    git_dirty: bool
    applied_at: int

    @property
    def ref(self) -> str:
        """The revision as a ref.

        >>> Revision("flights", 2, "", "", "", "", False, 0).ref
        'project:flights@2'
        """
        return f"project:{self.project}@{self.ordinal}"


class Store:
    """Reads and writes ``project_revisions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self, project: str) -> Revision | None:
        """The revision in force, or None before the first."""
        query = sa.select(revisions).where(revisions.c.project == project).order_by(revisions.c.ordinal.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return Revision(**row) if row else None

    def all(self, project: str) -> list[Revision]:
        """Every revision, the oldest first."""
        query = sa.select(revisions).where(revisions.c.project == project).order_by(revisions.c.ordinal)
        with self._database.read() as connection:
            return [Revision(**row) for row in connection.execute(query).mappings()]

    def projects(self) -> list[str]:
        """The projects that have a revision, by name."""
        query = sa.select(revisions.c.project).distinct().order_by(revisions.c.project)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def add(self, revision: Revision) -> None:
        """Insert a revision, in the open transaction."""
        self._database.current().execute(sa.insert(revisions).values(**_row(revision)))


def _row(revision: Revision) -> dict[str, object]:
    return {field: getattr(revision, field) for field in revision.__struct_fields__}
