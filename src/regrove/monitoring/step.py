"""A step: everything that the end of one block, or another model in control, changes on the record.

It is computed from the log and the record as they stood when it was due, whenever it is made: a worker that slept makes
the steps that it missed one after the other and comes to the same rows. Objects are kept first; then one transaction
records the block, its verdicts, its losses and the changes of alerts, each with its event. Killed before that, nothing
has happened, and the next tick makes the step again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from regrove.monitoring.alert import Change
from regrove.monitoring.comparison import compared
from regrove.monitoring.count import Counted, count
from regrove.monitoring.loss import MatureLoss
from regrove.monitoring.performance import followed
from regrove.monitoring.progress import Progress, Rules
from regrove.monitoring.ring import drift_signals, over, performance_signals, ring, schedule_signal
from regrove.monitoring.verdict import Verdict

if TYPE_CHECKING:
    from regrove.monitoring.alert import AlertKind, Signal
    from regrove.monitoring.block import Block
    from regrove.monitoring.comparison import Draw
    from regrove.monitoring.log import Control, Log
    from regrove.monitoring.rooms import Rooms, Subject

__all__ = ["Step", "end_of_block", "taken_over"]


@dataclass(frozen=True)
class Step:
    """What is to be recorded, in one transaction."""

    at: int
    """When it was due."""
    progress: Progress
    counted: Counted | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    losses: list[MatureLoss] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


def taken_over(rooms: Rooms, subject: Subject, progress: Progress, control: Control) -> Step:
    """Another model is in control: what was said about the one before it is over, and the rules begin anew."""
    why = f"{subject.config.deployment} answers with {control.model} now ({control.revision})"
    changes = over(rooms.alerts.open(subject.project, subject.name), why, "model", at=control.since_at)
    moved = msgspec.structs.replace(progress, publication=control.publication, rules=Rules())
    return Step(at=control.since_at, progress=moved, changes=changes)


def end_of_block(
    rooms: Rooms, subject: Subject, log: Log, progress: Progress, control: Control, block: Block, *, at: int
) -> Step:
    """The end of a block, ``control`` being the model that was in control when it ended."""
    counted = count(rooms, subject, log, control, block, at=at)
    moved = msgspec.structs.replace(progress, closed_until=block.end_at)
    if counted is None:
        return Step(at=at, progress=moved)
    drawn: dict[str, Draw] = {}
    verdicts = []
    for verdict, draw in compared(rooms, subject, counted, block, began_at=progress.began_at, at=at):
        verdicts.append(verdict)
        drawn[verdict.evidence] = draw
    losses = []
    for loss, judged, sketch in _followed(rooms, subject, log, progress, counted, block, at=at):
        losses.append(loss)
        if judged is not None and sketch is not None:
            verdicts.append(judged)
            drawn[judged.evidence] = sketch
    if control.publication != progress.publication:  # it answered until this block's end; since then another one does
        return Step(at=at, progress=moved, counted=counted, verdicts=verdicts, losses=losses)
    fed = any(each.state for each in losses)
    rules = msgspec.structs.replace(progress.rules, restart=progress.rules.restart and not fed)
    rules, changes = _rung(rooms, subject, rules, control, counted, verdicts, at=at)
    changes = [_drawn(rooms, each, drawn) for each in changes]
    moved = msgspec.structs.replace(moved, rules=rules)
    return Step(at=at, progress=moved, counted=counted, verdicts=verdicts, losses=losses, changes=changes)


def _followed(
    rooms: Rooms, subject: Subject, log: Log, progress: Progress, counted: Counted, block: Block, *, at: int
) -> Iterator[tuple[MatureLoss, Verdict | None, Draw | None]]:
    """The losses that have become mature, and the verdicts on those of the living model."""
    known = rooms.store.references(subject.project, subject.name)
    known = [*known, counted.reference] if counted.is_new else known
    restart = progress.rules.restart
    return followed(rooms, subject, log, known, closed_until=block.end_at, restart=restart, at=at)


def _drawn(rooms: Rooms, change: Change, drawn: dict[str, Draw]) -> Change:
    """The change, with the picture of an alert that begins."""
    alert = change.alert
    if change.verb not in ("pending", "fired") or alert.evidence not in drawn:
        return change
    picture = rooms.vault.add_bytes(drawn[alert.evidence]().svg.encode())
    return msgspec.structs.replace(change, alert=msgspec.structs.replace(alert, picture=picture))


def _rung(
    rooms: Rooms,
    subject: Subject,
    rules: Rules,
    control: Control,
    counted: Counted,
    verdicts: list[Verdict],
    *,
    at: int,
) -> tuple[Rules, list[Change]]:
    """What becomes of the alerts, and what their rules remember."""
    changes: list[Change] = []
    open_ = rooms.alerts.open(subject.project, subject.name)
    if counted.is_new and counted.reference.number > 1 and open_:
        changes, open_ = over(open_, "the declaration of the monitor changed", "declaration", at=at), {}
        rules = Rules(period=rules.period)
    drift = [each for each in verdicts if each.kind == "drift"]
    due, period = schedule_signal(subject.config, control, rules, at=at)
    signals: dict[AlertKind, list[Signal]] = {
        "drift": drift_signals(subject.config, drift, _standing(rooms, subject, counted, drift)),
        "performance": performance_signals([each for each in verdicts if each.kind == "performance"]),
        "schedule": due,
    }
    rules = msgspec.structs.replace(rules, period=period)
    rules, made = ring(subject, control.model, rules, open_, signals, at=at)
    return rules, [*changes, *made]


def _standing(rooms: Rooms, subject: Subject, counted: Counted, now: list[Verdict]) -> list[Verdict]:
    """The last verdict of each window and reference."""
    last = {}
    if not counted.is_new:
        stored = rooms.store.latest(subject.project, subject.name, counted.reference.number, "drift")
        last = {(each.reference, each.window): each for each in stored}
    return list((last | {(each.reference, each.window): each for each in now}).values())
