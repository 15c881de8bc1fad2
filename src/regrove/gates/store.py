"""Reports as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from regrove.gates.report import GateReport
from regrove.gates.tables import reports
from regrove.refs import parse

if TYPE_CHECKING:
    from regrove.storage import Database

__all__ = ["Line", "Store"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A report in a list; `Gates.get` reads the whole of it."""

    id: str
    project: str
    name: str
    """The name of the model."""
    model: str
    model_digest: str
    champion: str
    champion_digest: str
    verdict: str
    reason: str
    holdout: str
    basis: str
    object: str
    judged_at: int

    @property
    def ref(self) -> str:
        """Such as ``gate:<id>``."""
        return f"gate:{self.id}"


class Store:
    """Reads and writes the table of reports; what writes needs an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, report: GateReport) -> None:
        """Insert the row of a report, whose object is kept already."""
        row = {name: getattr(report, name) for name in Line.__struct_fields__ if name != "name"}
        self._database.current().execute(sa.insert(reports).values(**row, name=parse(report.model).name))

    def get(self, project: str, identifier: str) -> Line | None:
        """The report of this id."""
        return self._first(reports.c.project == project, reports.c.id == identifier)

    def of_basis(self, project: str, basis: str) -> Line | None:
        """The report that rests on exactly this."""
        return self._first(reports.c.project == project, reports.c.basis == basis)

    def list(self, project: str, name: str, limit: int) -> list[Line]:
        """Reports, the newest first; those of one model when a name is given."""
        query = sa.select(reports).where(reports.c.project == project)
        if name:
            query = query.where(reports.c.name == name)
        query = query.order_by(reports.c.judged_at.desc(), reports.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [Line(**row) for row in connection.execute(query).mappings()]

    def uses(self, project: str, name: str, holdout: str) -> int:
        """How many reports on a model rest on these held-out rows."""
        query = sa.select(sa.func.count()).select_from(reports)
        query = query.where(reports.c.project == project, reports.c.name == name, reports.c.holdout == holdout)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def digests(self) -> set[str]:
        """The objects of all reports of any project."""
        with self._database.read() as connection:
            return set(connection.execute(sa.select(reports.c.object)).scalars())

    def _first(self, *where: sa.ColumnElement[bool]) -> Line | None:
        with self._database.read() as connection:
            row = connection.execute(sa.select(reports).where(*where)).mappings().first()
        return Line(**row) if row is not None else None
