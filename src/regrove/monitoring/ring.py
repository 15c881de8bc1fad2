"""From verdicts to alerts: what the end of a block signals of each kind, and what becomes of the alerts.

DRIFT against a reference that pages is a page. DRIFT against one that does not (``train``, unless declared otherwise)
opens an investigation, severity ``suspect``: that data have left the model's domain is a reason to look and to retrain,
and not to wake anybody. SUSPECT and CONFIRMED of the performance are alerts of that severity. A schedule is ``due``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from regrove.clock import duration
from regrove.monitoring.alert import Alert, AlertKind, Change, Severity, Signal, advance, alert_id, resolved, told_again
from regrove.monitoring.progress import Rules

if TYPE_CHECKING:
    from regrove.monitoring.config import MonitorConfig
    from regrove.monitoring.log import Control
    from regrove.monitoring.rooms import Subject
    from regrove.monitoring.verdict import Answer, Verdict

__all__ = ["drift_signals", "over", "performance_signals", "ring", "schedule_signal"]


def drift_signals(config: MonitorConfig, now: Sequence[Verdict], standing: Sequence[Verdict]) -> list[Signal]:
    """What drift verdicts signal; nothing when none was due.

    Args:
        config: which references page.
        now: the verdicts of this block's end.
        standing: the last verdict of each window and reference, those of now among them.
    """
    if not now or config.drift is None:
        return []
    paging = config.drift.page
    alive: list[Severity] = []
    if any(each.alive and each.reference in paging for each in standing):
        alive.append("page")
    if any(each.alive for each in standing):
        alive.append("suspect")
    found = [each for each in now if each.verdict == "DRIFT"]
    pages = [each for each in found if each.reference in paging]
    if not found:
        return [Signal(kind="drift", severity=None, alive=tuple(alive))]
    severity: Severity = "page" if pages else "suspect"
    worst = min(pages or found, key=lambda each: (each.p if each.p is not None else 1.0) / each.level)
    signal = Signal(
        kind="drift",
        severity=severity,
        alive=tuple(sorted({*alive, "suspect", severity})),
        reason=f"the last {worst.window} against {worst.reference}: {worst.reason}",
        evidence=worst.evidence,
    )
    return [signal]


_GRADES: dict[Answer, Severity] = {"SUSPECT": "suspect", "CONFIRMED": "confirmed"}


def performance_signals(now: Sequence[Verdict]) -> list[Signal]:
    """What the verdicts on newly mature blocks signal, a signal a block; none where it could not be judged."""
    return [
        Signal(
            kind="performance",
            severity=_GRADES.get(each.verdict),
            alive=("confirmed", "suspect") if each.alive else (),
            reason=each.reason,
            evidence=each.evidence,
        )
        for each in now
        if each.verdict != "INCONCLUSIVE"
    ]


def schedule_signal(config: MonitorConfig, control: Control, rules: Rules, *, at: int) -> tuple[list[Signal], int]:
    """Whether a new period of the schedule has begun since the model became the control, and its number."""
    if config.schedule is None:
        return [], rules.period
    every = duration(config.schedule.every)
    period = (at - control.since_at) // every
    if period <= rules.period:
        return [], rules.period
    days = (at - control.since_at) / 86_400_000_000
    reason = f"{control.model} has answered for {days:.0f} days; every {config.schedule.every} somebody should look"
    return [Signal(kind="schedule", severity="due", alive=("due",), reason=reason)], int(period)


def ring(
    subject: Subject,
    model: str,
    rules: Rules,
    open_: dict[str, Alert],
    signals: Mapping[AlertKind, Sequence[Signal]],
    *,
    at: int,
) -> tuple[Rules, list[Change]]:
    """What the signals of a block's end make of the alerts."""
    repeat = subject.config.repeat_micros
    changes: list[Change] = []
    for kind, seen in signals.items():
        alert = open_.get(kind)
        if not seen and alert is not None:
            changes += told_again(alert, at, repeat)
        for signal in seen:
            if kind == "schedule" and alert is not None:
                changes.append(Change(verb="resolved", alert=resolved(alert, at, "the next period has begun", "rule")))
                alert = None
            memory, made = advance(
                rules.of(kind), alert, signal, _new(subject, model, signal, at), at=at, repeat=repeat
            )
            rules = rules.having(kind, memory)
            changes += made
            if not made:
                continue
            alert = made[-1].alert if made[-1].alert.is_open else None
            if kind == "performance" and made[-1].verb == "resolved" and made[-1].alert.fired_at is not None:
                rules = msgspec.structs.replace(rules, restart=True)
    return rules, changes


def over(open_: dict[str, Alert], why: str, by: str, *, at: int) -> list[Change]:
    """All open alerts, resolved: they were about something that is no longer watched."""
    return [Change(verb="resolved", alert=resolved(each, at, why, by)) for each in open_.values()]


def _new(subject: Subject, model: str, signal: Signal, at: int) -> Alert:
    severity = signal.severity or "suspect"
    return Alert(
        id=alert_id(subject.project, subject.name, signal.kind, severity, at),
        project=subject.project,
        monitor=subject.name,
        kind=signal.kind,
        deployment=subject.config.deployment,
        model=model,
        severity=severity,
        state="pending",
        reason=signal.reason,
        evidence=signal.evidence,
        picture=signal.picture,
        pending_at=at,
    )
