"""From verdicts to alerts: what the end of a block signals of each kind, and what becomes of the alerts.

DRIFT against a reference that pages is a page. DRIFT against one that does not (``train``, unless declared otherwise)
opens an investigation, severity ``suspect``: that data have left the model's domain is a reason to look and to retrain,
and not to wake anybody. SUSPECT and CONFIRMED of the performance are alerts of that severity. A schedule is ``due``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from regrove.clock import duration
from regrove.monitoring.alert import Alert, AlertKind, Change, Severity, Signal, advance, alert_id, resolved, told_again
from regrove.monitoring.progress import Rules

if TYPE_CHECKING:
    from regrove.monitoring.config import MonitorConfig
    from regrove.monitoring.log import Control
    from regrove.monitoring.rooms import Subject
    from regrove.monitoring.verdict import Verdict

__all__ = ["drift_signal", "over", "performance_signal", "ring", "schedule_signal"]


def drift_signal(config: MonitorConfig, now: Sequence[Verdict], standing: Sequence[Verdict]) -> Signal | None:
    """What drift verdicts signal; None when none was due.

    Args:
        config: which references page.
        now: the verdicts of this block's end.
        standing: the last verdict of each window and reference, those of now among them.
    """
    if not now or config.drift is None:
        return None
    paging = config.drift.page
    alive: list[Severity] = []
    if any(each.alive and each.reference in paging for each in standing):
        alive.append("page")
    if any(each.alive for each in standing):
        alive.append("suspect")
    found = [each for each in now if each.verdict == "DRIFT"]
    pages = [each for each in found if each.reference in paging]
    if not found:
        return Signal(kind="drift", severity=None, alive=tuple(alive))
    severity: Severity = "page" if pages else "suspect"
    worst = min(pages or found, key=lambda each: (each.p if each.p is not None else 1.0) / each.level)
    return Signal(
        kind="drift",
        severity=severity,
        alive=tuple({*alive, "suspect", severity}),
        reason=f"the last {worst.window} against {worst.reference}: {worst.reason}",
        evidence=worst.evidence,
    )


def performance_signal(now: Sequence[Verdict]) -> Signal | None:
    """What the verdict on the newest mature block signals; None when no block has matured."""
    if not now:
        return None
    last = now[-1]
    alive: tuple[Severity, ...] = ("suspect", "confirmed") if last.alive else ()
    severity: Severity | None = {"SUSPECT": "suspect", "CONFIRMED": "confirmed"}.get(last.verdict)  # type: ignore[assignment]  # the values are severities
    return Signal(kind="performance", severity=severity, alive=alive, reason=last.reason, evidence=last.evidence)


def schedule_signal(config: MonitorConfig, control: Control, rules: Rules, *, at: int) -> tuple[Signal | None, int]:
    """Whether a new period of the schedule has begun since the model became the control, and its number."""
    if config.schedule is None:
        return None, rules.period
    every = duration(config.schedule.every)
    period = (at - control.since_at) // every
    if period <= rules.period:
        return None, rules.period
    days = (at - control.since_at) / 86_400_000_000
    reason = f"{control.model} has answered for {days:.0f} days; every {config.schedule.every} somebody should look"
    return Signal(kind="schedule", severity="due", alive=("due",), reason=reason), int(period)


def ring(
    subject: Subject,
    model: str,
    rules: Rules,
    open_: dict[str, Alert],
    signals: dict[AlertKind, Signal | None],
    *,
    at: int,
) -> tuple[Rules, list[Change]]:
    """What the signals of a block's end make of the alerts."""
    changes: list[Change] = []
    for kind, signal in signals.items():
        alert = open_.get(kind)
        if signal is None:
            changes += told_again(alert, at, subject.config.repeat_micros) if alert else []
            continue
        if kind == "schedule" and alert is not None:
            changes.append(Change(verb="resolved", alert=resolved(alert, at, "the next period has begun", "rule")))
            alert = None
        memory, made = advance(
            rules.of(kind), alert, signal, _new(subject, model, signal, at), at=at, repeat=subject.config.repeat_micros
        )
        rules = rules.having(kind, memory)
        changes += made
        if kind == "performance" and any(each.verb == "resolved" and each.alert.fired_at for each in made):
            rules = msgspec.structs.replace(rules, restart=not any(each.verb == "fired" for each in made))
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
