"""Ticking a monitor: every step that is due, in the order in which they were due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from regrove.clock import wall
from regrove.monitoring.block import Block, block_at, closing_at
from regrove.monitoring.log import Control, Log
from regrove.monitoring.progress import Progress, Rules
from regrove.monitoring.record import record
from regrove.monitoring.step import Step, end_of_block, taken_over

if TYPE_CHECKING:
    from regrove.monitoring.rooms import Rooms, Subject
    from regrove.storage import Lease

__all__ = ["TickReport", "next_due", "tick"]

MOST: Final = 120
"""Steps of one tick at most: a tick is bounded, and the next one goes on."""
_RENEW: Final = 60_000_000


class TickReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a tick did."""

    monitor: str
    closed: int = 0
    """Blocks that were closed."""
    verdicts: int = 0
    losses: int = 0
    """Blocks whose labels are mature now."""
    fired: tuple[str, ...] = ()
    """Refs of alerts that fired."""
    repeated: tuple[str, ...] = ()
    resolved: tuple[str, ...] = ()
    late_rows: int = 0
    """Rows that were found in blocks which had been closed before."""
    next_at: int | None = None
    """When the next step is due; in the past when this tick was cut short."""
    note: str = ""
    """Why nothing can be done yet."""


def next_due(rooms: Rooms, subject: Subject, log: Log, now: int) -> int:
    """When the next step is due; nothing is written to find out."""
    return _next(subject, log, _standing(rooms, subject, log, now))[2]


def tick(rooms: Rooms, subject: Subject, log: Log, lease: Lease, *, now: int, most: int = MOST) -> TickReport:
    """Make every step that is due, ``most`` of them at the most; with nothing due nothing happens."""
    report = TickReport(monitor=subject.name)
    renewed = wall()
    for _ in range(most):
        progress = _standing(rooms, subject, log, now)
        control, block, due = _next(subject, log, progress)
        report = msgspec.structs.replace(report, next_at=due)
        if due > now:
            break
        if block is None:
            assert control is not None
            step = taken_over(rooms, subject, progress, control)
        else:
            step = end_of_block(rooms, subject, log, progress, _control(log, block.end_at), block, at=due)
        if record(rooms, subject, step, progress, lease):
            report = _added(report, step, subject)
        if wall() - renewed > _RENEW:
            lease.renew()
            renewed = wall()
    return report


def _standing(rooms: Rooms, subject: Subject, log: Log, now: int) -> Progress:
    """How far the monitor has come; from the beginning when it watches another deployment than it did."""
    found = rooms.store.progress(subject.project, subject.name)
    if not found:
        return _begin(subject, log, now)
    if found[0].deployment == subject.config.deployment:
        return found[0]
    anew = _begin(subject, log, now)
    until = max(anew.closed_until, found[0].closed_until)
    return msgspec.structs.replace(anew, closed_until=until, began_at=until)


def _begin(subject: Subject, log: Log, now: int) -> Progress:
    """A new monitor begins with the deployment, or with the last block where that is older than ``previous`` reaches:
    an alert about what happened months ago helps nobody.
    """
    config = subject.config
    first = block_at(log.controls[0].since_at, config.block, config.zone)
    if now - first.start_at > config.reach:
        first = block_at(now - config.lateness_micros, config.block, config.zone)
        first = block_at(first.start_at - 1, config.block, config.zone)
    return Progress(
        project=subject.project,
        name=subject.name,
        deployment=config.deployment,
        began_at=first.start_at,
        closed_until=first.start_at,
        publication=_control(log, first.start_at + 1).publication,
        rules=Rules(),
    )


def _next(subject: Subject, log: Log, progress: Progress) -> tuple[Control | None, Block | None, int]:
    """The next step and when it is due: another model that takes over, or the end of a block."""
    config = subject.config
    block = block_at(progress.closed_until, config.block, config.zone)
    if block.start_at < progress.closed_until:  # the zone or the length of blocks was changed: no row counts twice
        block = block_at(block.end_at, config.block, config.zone)
    due = closing_at(block, config.lateness_micros)
    later = next((each for each in log.controls if each.publication > progress.publication), None)
    if later is not None and later.since_at <= due:
        return later, None, later.since_at
    return None, block, due


def _control(log: Log, end_at: int) -> Control:
    """The model that was in control just before an instant; before the first one, the first one."""
    return next((each for each in reversed(log.controls) if each.since_at < end_at), log.controls[0])


def _added(report: TickReport, step: Step, subject: Subject) -> TickReport:
    told = {
        verb: tuple(each.alert.ref for each in step.changes if each.verb == verb)
        for verb in ("fired", "repeated", "resolved")
    }
    counted = step.counted
    late = sum(found - earlier.late_rows for earlier, found in counted.late) if counted else 0
    waits = "neither the model's run nor the log has a row yet, so there are no cells to count on"
    return TickReport(
        monitor=subject.name,
        closed=report.closed + (counted is not None),
        verdicts=report.verdicts + len(step.verdicts),
        losses=report.losses + len(step.losses),
        fired=report.fired + told["fired"],
        repeated=report.repeated + told["repeated"],
        resolved=report.resolved + told["resolved"],
        late_rows=report.late_rows + late,
        next_at=report.next_at,
        note="" if counted or step.changes else waits,
    )
