"""Counting a block of the log on the cells of a reference, which is frozen first when another model is the control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from regrove import digest
from regrove.monitoring import artifact as artifacts
from regrove.monitoring.block import Block, block_at, closing_at
from regrove.monitoring.freeze import freeze
from regrove.monitoring.progress import StoredBlock
from regrove.monitoring.reference import Frozen, Reference
from regrove.monitoring.reference import store as keep
from regrove.monitoring.summary import Summaries, pack, summarise, unpack

if TYPE_CHECKING:
    import polars as pl

    from regrove.monitoring.config import MonitorConfig
    from regrove.monitoring.log import Control, Log
    from regrove.monitoring.rooms import Rooms, Subject

__all__ = ["Counted", "count", "fingerprint", "history"]

_LATE_BLOCKS: Final = 7
"""So many closed blocks are looked at again for rows that came late."""
_KEPT: Final = 1024
_summaries: dict[tuple[str, str], Summaries] = {}


@dataclass(frozen=True)
class Counted:
    """What counting a block gave."""

    reference: Reference
    frozen: Frozen
    is_new: bool
    """Whether the reference was frozen for this block."""
    block: StoredBlock
    earlier: list[StoredBlock] = field(default_factory=list)
    """Earlier blocks, counted on the cells of a new reference."""
    late: list[tuple[StoredBlock, int]] = field(default_factory=list)
    """Closed blocks with how many rows they now have that came late."""


def fingerprint(config: MonitorConfig) -> str:
    """Digest of what a reference depends on in the declaration."""
    return digest.of_json(
        [config.deployment, config.block, config.zone, config.windows, config.drift, config.performance]
    )


def count(rooms: Rooms, subject: Subject, log: Log, control: Control, block: Block, *, at: int) -> Counted | None:
    """Count the block; None while neither the model's run nor the log has a row to make cells from.

    Args:
        rooms: the rooms below.
        subject: the monitor.
        log: of its deployment.
        control: the model that was the control at the block's end.
        block: a block that is over.
        at: when it was due.
    """
    config = subject.config
    version = rooms.models.get(control.model)
    names = [f"output.{name}" for name in version.signature.output.schema.names]
    names += [f"request.{name}" for name in version.signature.request.names]
    known = rooms.store.references(subject.project, subject.name)
    reference = next((each for each in reversed(known) if _fits(each, control, config)), None)
    if reference is not None:
        frozen = rooms.store.frozen(reference.object)
        closed = _closed(rooms, subject, reference, block)
        ends = [closed[0].start_at, *(each.end_at for each in closed)] if closed else []
        rows, now = log.rows_and_counts(block.start_at, block.end_at, names, ends)
        late = [(each, n - each.rows) for each, n in zip(closed, now, strict=True) if n - each.rows > each.late_rows]
        mine = _counted(rooms, subject, reference, frozen, block, rows, at=at)
        return Counted(reference, frozen, is_new=False, block=mine, late=late)
    rows = log.rows(block.start_at, block.end_at, names)
    artifact = artifacts.find(rooms.runs, version)
    made = freeze(subject.name, config, version, artifact, rooms.vault, rows.filter("is_control"))
    if made is None:
        return None
    reference = Reference(
        project=subject.project,
        monitor=subject.name,
        number=known[-1].number + 1 if known else 1,
        deployment=config.deployment,
        model=control.model,
        model_digest=control.model_digest,
        run=version.run,
        publication=control.publication,
        since_at=control.since_at,
        first_at=block.start_at,
        fingerprint=fingerprint(config),
        object=keep(rooms.vault, made),
        frozen_at=at,
    )
    mine = _counted(rooms, subject, reference, made, block, rows, at=at)
    earlier = list(_earlier(rooms, subject, log, reference, made, names))
    return Counted(reference, made, is_new=True, block=mine, earlier=earlier)


def _fits(reference: Reference, control: Control, config: MonitorConfig) -> bool:
    return (reference.publication, reference.fingerprint) == (control.publication, fingerprint(config))


def _counted(
    rooms: Rooms, subject: Subject, reference: Reference, frozen: Frozen, block: Block, rows: pl.DataFrame, *, at: int
) -> StoredBlock:
    """The block as it is recorded; its summaries are kept as an object."""
    asked = rows.filter("is_control")
    answered = asked.filter(asked["model"] == reference.model)
    stored = ""
    if asked.height:
        stored = rooms.vault.add_bytes(
            pack(summarise(asked, frozen.columns, frozen.cells, frozen.zone, answered=answered))
        )
    return StoredBlock(
        project=subject.project,
        monitor=subject.name,
        reference=reference.number,
        start_at=block.start_at,
        end_at=block.end_at,
        local=block.local,
        rows=asked.height,
        excluded=rows.height - asked.height,
        late_rows=0,
        object=stored,
        closed_at=at,
    )


def _earlier(
    rooms: Rooms, subject: Subject, log: Log, reference: Reference, frozen: Frozen, names: Sequence[str]
) -> Iterator[StoredBlock]:
    """The blocks before the first one, as far as ``previous`` reaches back and the deployment answered."""
    config = subject.config
    lateness = config.lateness_micros
    oldest = max(reference.first_at - config.reach, log.controls[0].since_at)
    at = oldest
    while at < reference.first_at:
        block = block_at(at, config.block, config.zone)
        at = block.end_at
        if block.start_at < reference.first_at:
            rows = log.rows(block.start_at, block.end_at, names)
            yield _counted(rooms, subject, reference, frozen, block, rows, at=closing_at(block, lateness))


def _closed(rooms: Rooms, subject: Subject, reference: Reference, block: Block) -> list[StoredBlock]:
    """The blocks that closed just before this one: they are looked at again for rows that came late."""
    since = block.start_at - _LATE_BLOCKS * (block.end_at - block.start_at)
    return rooms.store.blocks(subject.project, subject.name, reference.number, since=since, until=block.start_at)


def history(rooms: Rooms, counted: Counted, *, since: int, until: int) -> list[tuple[Block, Summaries, str]]:
    """The counted blocks with rows that start from ``since`` on and before ``until``, with their objects."""
    reference = counted.reference
    if counted.is_new:
        stored = [each for each in (*counted.earlier, counted.block) if since <= each.start_at < until]
    else:
        stored = rooms.store.blocks(reference.project, reference.monitor, reference.number, since=since, until=until)
        if since <= counted.block.start_at < until:
            stored.append(counted.block)
    return [
        (Block(each.start_at, each.end_at, each.local), _read(rooms, counted, each.object), each.object)
        for each in stored
        if each.object
    ]


def _read(rooms: Rooms, counted: Counted, stored: str) -> Summaries:
    """The summaries of a block; what was read is remembered, because the next step needs nearly all of it again."""
    key = (counted.reference.object, stored)
    found = _summaries.get(key)
    if found is None:
        found = unpack(rooms.vault.read(stored), counted.frozen.cells)
        while len(_summaries) >= _KEPT:
            _summaries.pop(next(iter(_summaries)), None)
        _summaries[key] = found
    return found
