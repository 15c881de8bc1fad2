"""Everything that a report tells, gathered from the rooms: the life, the verdicts, and what was decided because."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from regrove.cli.report.months import Life, life, month_of
from regrove.errors import RegroveError

if TYPE_CHECKING:
    from regrove.workspace import Workspace

__all__ = ["Chronicle", "Decided", "Seen", "Told", "chronicle"]

_MOST: Final = 100_000


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict of a monitor."""

    at: int
    monitor: str
    lane: str
    """Such as ``drift 7d against train``."""
    verdict: str
    reason: str


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """An alias moved."""

    at: int
    model: str
    before: str
    by: str
    reason: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A loop from its trigger to its outcome."""

    at: int
    ended_at: int | None
    ref: str
    playbook: str
    because: str
    steps: tuple[str, ...]
    """A sentence for each action."""
    outcome: str
    reason: str


class Chronicle(msgspec.Struct, frozen=True, kw_only=True):
    """The life of one deployment's model."""

    project: str
    life: Life
    verdicts: list[Seen]
    alerts: list[Seen]
    decisions: list[Decided]
    loops: list[Told]
    rollouts: list[Seen]
    ledger: str
    """What verifying the ledger said."""
    sound: bool
    """Whether it held."""

    def in_month(self, month: str) -> tuple[list[Seen], list[Seen], list[Decided], list[Told]]:
        """The verdicts, alerts, decisions and loops of a month."""
        zone = self.life.zone

        def mine(at: int) -> bool:
            return month_of(at, zone) == month

        return (
            [each for each in self.verdicts if mine(each.at)],
            [each for each in self.alerts if mine(each.at)],
            [each for each in self.decisions if mine(each.at)],
            [each for each in self.loops if mine(each.at)],
        )


def chronicle(ws: Workspace, deployment: str, *, zone: str = "") -> Chronicle:
    """Gather the life of ``deployment``; ``zone`` is by default that of its monitor, or UTC."""
    declared = ws.projects.applied
    monitors = [name for name in declared.monitor_names() if declared.monitor(name).deployment == deployment]
    zones = [declared.monitor(name).zone for name in monitors]
    model = declared.deployment(deployment).ref.name
    verdicts = [
        Seen(
            at=each.to_at,
            monitor=name,
            lane=f"{each.kind} {each.window} against {each.reference}",
            verdict=each.verdict,
            reason=each.reason,
        )
        for name in monitors
        for each in ws.monitors.verdicts(name, limit=_MOST)
    ]
    held, said = _verified(ws)
    return Chronicle(
        project=ws.project,
        life=life(ws, deployment, zone=zone or (zones[0] if zones else "UTC")),
        verdicts=sorted(verdicts, key=lambda each: each.at),
        alerts=_alerts(ws, monitors),
        decisions=_decisions(ws, model),
        loops=_loops(ws, deployment),
        rollouts=_rollouts(ws, deployment),
        ledger=said,
        sound=held,
    )


def _alerts(ws: Workspace, monitors: list[str]) -> list[Seen]:
    found = [
        Seen(
            at=alert.fired_at,
            monitor=alert.monitor,
            lane=alert.kind,
            verdict=alert.severity,
            reason=alert.reason,
        )
        for name in monitors
        for alert in ws.monitors.alerts(monitor=name, limit=_MOST)
        if alert.fired_at is not None
    ]
    return sorted(found, key=lambda each: each.at)


def _decisions(ws: Workspace, model: str) -> list[Decided]:
    return [
        Decided(
            at=each.decided_at,
            model=each.model,
            before=f"model:{model}@{each.source}" if each.source else "",
            by=each.actor,
            reason=each.reason,
        )
        for each in ws.models.decisions(model)
    ]


def _loops(ws: Workspace, deployment: str) -> list[Told]:
    told = [
        Told(
            at=each.started_at,
            ended_at=each.ended_at,
            ref=each.ref,
            playbook=each.playbook,
            because=each.because,
            steps=tuple(
                f"{action.action}: {action.verdict + ', ' if action.verdict else ''}{action.reason or action.state}"
                for action in each.actions
            ),
            outcome=each.outcome or each.state,
            reason=each.reason,
        )
        for each in ws.playbooks.loops(limit=_MOST)
        if each.deployment == deployment
    ]
    return sorted(told, key=lambda each: each.at)


def _rollouts(ws: Workspace, deployment: str) -> list[Seen]:
    found = [
        Seen(at=each.started_at, monitor=each.ref, lane=each.candidate, verdict=each.state, reason=each.reason)
        for each in ws.rollouts.list()
        if each.deployment == deployment
    ]
    return sorted(found, key=lambda each: each.at)


def _verified(ws: Workspace) -> tuple[bool, str]:
    try:
        verification = ws.ledger.verify()
    except RegroveError as error:
        return False, str(error)
    return verification.ok, f"{ws.ledger.head().position:,} events, each chained to the one before"
