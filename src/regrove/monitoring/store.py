"""Monitors, references, blocks, verdicts, losses and alerts as rows. What writes wants an open transaction."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from regrove import digest
from regrove.monitoring.alert import BY_RULE, Alert
from regrove.monitoring.loss import MatureLoss
from regrove.monitoring.progress import Progress, Rules, StoredBlock
from regrove.monitoring.reference import Frozen, Reference, load
from regrove.monitoring.tables import alerts, blocks, losses, monitors, references, verdicts
from regrove.monitoring.verdict import Finding, Verdict
from regrove.storage import Database, Vault

__all__ = ["Alerts", "Store"]

_OPEN = ("pending", "firing")
_KEPT = 8


class Store:
    """Reads and writes the tables of monitors, for one database."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._frozen: dict[str, Frozen] = {}

    def progress(self, project: str, name: str = "") -> list[Progress]:
        """The monitors that were ticked, by name, or the one called ``name``."""
        query = sa.select(monitors).where(monitors.c.project == project).order_by(monitors.c.name)
        if name:
            query = query.where(monitors.c.name == name)
        return [
            Progress(**{**row, "rules": msgspec.json.decode(row["rules"], type=Rules)}) for row in self._rows(query)
        ]

    def move(self, progress: Progress) -> None:
        """Record how far a monitor has come."""
        row = {**msgspec.structs.asdict(progress), "rules": msgspec.json.encode(progress.rules).decode()}
        transaction = self._database.current()
        if not transaction.insert_new(monitors, row):
            key = (monitors.c.project == progress.project) & (monitors.c.name == progress.name)
            transaction.execute(sa.update(monitors).where(key).values(row))

    def references(self, project: str, monitor: str) -> list[Reference]:
        """Every reference of a monitor, the oldest first."""
        query = sa.select(references).where(_of(references, project, monitor)).order_by(references.c.number)
        return [Reference(**{name: row[name] for name in Reference.__struct_fields__}) for row in self._rows(query)]

    def add_reference(self, reference: Reference, event_id: str) -> None:
        """Record a reference."""
        row = {**msgspec.structs.asdict(reference), "event_id": event_id}
        self._database.current().execute(sa.insert(references).values(**row))

    def frozen(self, object_digest: str) -> Frozen:
        """The object of a reference; the last few are kept, because every tick needs one."""
        if object_digest not in self._frozen:
            while len(self._frozen) >= _KEPT:
                self._frozen.pop(next(iter(self._frozen)))
            self._frozen[object_digest] = load(self._vault, object_digest)
        return self._frozen[object_digest]

    def blocks(
        self, project: str, monitor: str, reference: int, *, since: int | None = None, until: int | None = None
    ) -> list[StoredBlock]:
        """The blocks on the cells of a reference, in order of time; ``since`` and ``until`` bound their start."""
        query = (
            sa.select(blocks)
            .where(_of(blocks, project, monitor), blocks.c.reference == reference)
            .order_by(blocks.c.start_at)
        )
        if since is not None:
            query = query.where(blocks.c.start_at >= since)
        if until is not None:
            query = query.where(blocks.c.start_at < until)
        return [StoredBlock(**row) for row in self._rows(query)]

    def add_blocks(self, found: Iterable[StoredBlock]) -> None:
        """Record blocks."""
        if rows := [msgspec.structs.asdict(each) for each in found]:
            self._database.current().execute(sa.insert(blocks), rows)

    def note_late(self, block: StoredBlock, late_rows: int) -> None:
        """Record how many rows came after a block was closed."""
        key = _of(blocks, block.project, block.monitor) & (blocks.c.start_at == block.start_at)
        this = key & (blocks.c.reference == block.reference)
        self._database.current().execute(sa.update(blocks).where(this).values(late_rows=late_rows))

    def verdicts(
        self, project: str, monitor: str, *, kind: str = "", frozen: int = 0, limit: int = 0, before: int | None = None
    ) -> list[Verdict]:
        """Verdicts, the newest first; ``frozen`` keeps those by one reference, ``before`` those due earlier."""
        query = (
            sa.select(verdicts)
            .where(_of(verdicts, project, monitor))
            .order_by(verdicts.c.judged_at.desc(), verdicts.c.kind, verdicts.c.reference, verdicts.c.window)
        )
        if kind:
            query = query.where(verdicts.c.kind == kind)
        if frozen:
            query = query.where(verdicts.c.frozen == frozen)
        if before is not None:
            query = query.where(verdicts.c.judged_at < before)
        if limit:
            query = query.limit(limit)
        return [_verdict(row) for row in self._rows(query)]

    def latest(self, project: str, monitor: str, frozen: int, kind: str) -> list[Verdict]:
        """The last verdict of each reference and window, by one frozen reference."""
        mine = _of(verdicts, project, monitor) & (verdicts.c.frozen == frozen) & (verdicts.c.kind == kind)
        last = (
            sa.select(verdicts.c.reference, verdicts.c.window, sa.func.max(verdicts.c.to_at).label("to_at"))
            .where(mine)
            .group_by(verdicts.c.reference, verdicts.c.window)
            .subquery()
        )
        join = verdicts.join(
            last,
            (verdicts.c.reference == last.c.reference)
            & (verdicts.c.window == last.c.window)
            & (verdicts.c.to_at == last.c.to_at),
        )
        query = sa.select(verdicts).select_from(join).where(mine).order_by(verdicts.c.reference, verdicts.c.window)
        return [_verdict(row) for row in self._rows(query)]

    def add_verdicts(self, found: Iterable[Verdict]) -> None:
        """Record verdicts."""
        rows = [
            {**msgspec.structs.asdict(each), "effects": msgspec.json.encode(each.effects).decode()} for each in found
        ]
        if rows:
            self._database.current().execute(sa.insert(verdicts), rows)

    def losses(
        self, project: str, monitor: str, *, reference: int = 0, judged: bool = False, last: int = 0
    ) -> list[MatureLoss]:
        """The losses of mature blocks in order of time.

        ``reference`` keeps those of one reference, ``judged`` those that went to the detectors, ``last`` so many.
        """
        query = sa.select(losses).where(_of(losses, project, monitor))
        if reference:
            query = query.where(losses.c.reference == reference)
        if judged:
            query = query.where(losses.c.state != "")
        query = query.order_by(losses.c.start_at.desc(), losses.c.reference.desc())
        if last:
            query = query.limit(last)
        return [MatureLoss(**row) for row in reversed(self._rows(query))]

    def last_losses(self, project: str, monitor: str) -> dict[int, int]:
        """The end of the last block of each reference whose loss is recorded."""
        query = (
            sa.select(losses.c.reference, sa.func.max(losses.c.end_at).label("end_at"))
            .where(_of(losses, project, monitor))
            .group_by(losses.c.reference)
        )
        return {row["reference"]: row["end_at"] for row in self._rows(query)}

    def add_losses(self, found: Iterable[MatureLoss]) -> None:
        """Record losses."""
        if rows := [msgspec.structs.asdict(each) for each in found]:
            self._database.current().execute(sa.insert(losses), rows)

    def digests(self) -> set[str]:
        """The objects that the rows of all projects name."""
        columns = (references.c.object, blocks.c.object, verdicts.c.evidence, alerts.c.evidence, alerts.c.picture)
        with self._database.read() as connection:
            found = {each for column in columns for each in connection.execute(sa.select(column).distinct()).scalars()}
            by_hand = alerts.c.resolved_by.not_in(("", *BY_RULE))
            words = connection.execute(sa.select(alerts.c.resolution).where(by_hand).distinct()).scalars()
            found |= {digest.of_bytes(digest.canonical({"reason": each})) for each in words}
        return found - {""}

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        with self._database.read() as connection:
            return connection.execute(query).mappings().all()


class Alerts:
    """Reads and writes the table of alerts, for one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, project: str, identifier: str) -> Alert | None:
        """The alert with this id."""
        return next(iter(self._select(alerts.c.project == project, alerts.c.id == identifier)), None)

    def list(
        self, project: str, *, monitor: str = "", states: Sequence[str] = (), before: str = "", limit: int = 0
    ) -> list[Alert]:
        """Alerts, the newest first; ``before`` an id gives the page after it."""
        where = [alerts.c.project == project]
        if monitor:
            where.append(alerts.c.monitor == monitor)
        if states:
            where.append(alerts.c.state.in_(states))
        if before:
            where.append(alerts.c.id < before)
        return self._select(*where, limit=limit)

    def open(self, project: str, monitor: str) -> dict[str, Alert]:
        """The open alert of each kind."""
        return {each.kind: each for each in self.list(project, monitor=monitor, states=_OPEN)}

    def keep(self, alert: Alert) -> None:
        """Record an alert as it is now."""
        row = msgspec.structs.asdict(alert)
        transaction = self._database.current()
        if not transaction.insert_new(alerts, row):
            key = (alerts.c.project == alert.project) & (alerts.c.id == alert.id)
            transaction.execute(sa.update(alerts).where(key).values(row))

    def _select(self, *where: Any, limit: int = 0) -> builtins.list[Alert]:
        query = sa.select(alerts).where(*where).order_by(alerts.c.id.desc())
        if limit:
            query = query.limit(limit)
        with self._database.read() as connection:
            return [Alert(**row) for row in connection.execute(query).mappings()]


def _of(table: sa.Table, project: str, monitor: str) -> sa.ColumnElement[bool]:
    return (table.c.project == project) & (table.c.monitor == monitor)


def _verdict(row: sa.RowMapping) -> Verdict:
    return Verdict(**{**row, "effects": msgspec.json.decode(row["effects"], type=tuple[Finding, ...])})
