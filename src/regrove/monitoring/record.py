"""Recording a step: its rows and its events, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.monitoring.alert import BY_RULE
from regrove.monitoring.events import (
    AlertFired,
    AlertPending,
    AlertRepeated,
    AlertResolved,
    BlockClosed,
    MonitorJudged,
    ReferenceFrozen,
)

if TYPE_CHECKING:
    from regrove.ledger import Event, Ledger
    from regrove.monitoring.alert import Alert, Change
    from regrove.monitoring.count import Counted
    from regrove.monitoring.progress import Progress
    from regrove.monitoring.rooms import Rooms, Subject
    from regrove.monitoring.step import Step
    from regrove.monitoring.verdict import Verdict
    from regrove.storage import Lease

__all__ = ["record", "tell"]


def record(rooms: Rooms, subject: Subject, step: Step, before: Progress, lease: Lease) -> bool:
    """Record the step that was computed from ``before``; False, and nothing is recorded, when that no longer stands,
    because somebody has resolved an alert meanwhile. Raises LeaseLost when another process ticks this monitor by now.
    """
    with rooms.database.transaction():
        lease.check()
        found = rooms.store.progress(subject.project, subject.name)
        if found and found[0].deployment == before.deployment and found[0] != before:
            return False
        if step.counted is not None:
            _counted(rooms, subject, step.counted, step.at)
        rooms.store.add_verdicts(step.verdicts)
        for verdict in step.verdicts:
            _judged(rooms.ledger, subject, verdict)
        rooms.store.add_losses(step.losses)
        for change in step.changes:
            rooms.alerts.keep(change.alert)
            tell(rooms.ledger, change, at=step.at)
        rooms.store.move(step.progress)
    return True


def _counted(rooms: Rooms, subject: Subject, counted: Counted, at: int) -> None:
    reference, block = counted.reference, counted.block
    if counted.is_new:
        event = ReferenceFrozen(
            monitor=subject.name,
            deployment=reference.deployment,
            number=reference.number,
            model=reference.model,
            model_digest=reference.model_digest,
            run=reference.run,
            object=reference.object,
            blocks=len(counted.earlier),
        )
        used = [reference.model, *([reference.run] if reference.run else [])]
        made = [f"object:{reference.object}"]
        event_id = rooms.ledger.record(event, subject=subject.ref, used=used, generated=made, occurred_at=at)
        rooms.store.add_reference(reference, event_id)
        rooms.store.add_blocks(counted.earlier)
    rooms.store.add_blocks([block])
    for earlier, late_rows in counted.late:
        rooms.store.note_late(earlier, late_rows)
    closed = BlockClosed(
        monitor=subject.name,
        deployment=reference.deployment,
        reference=reference.number,
        block=block.local,
        start_at=block.start_at,
        end_at=block.end_at,
        rows=block.rows,
        excluded=block.excluded,
        late_rows=sum(found - earlier.late_rows for earlier, found in counted.late),
        object=block.object,
    )
    rooms.ledger.record(closed, subject=subject.ref, generated=_objects(block.object), occurred_at=at)


def _judged(ledger: Ledger, subject: Subject, verdict: Verdict) -> None:
    event = MonitorJudged(
        monitor=verdict.monitor,
        deployment=subject.config.deployment,
        model=verdict.model,
        kind=verdict.kind,
        reference=verdict.reference,
        window=verdict.window,
        from_at=verdict.from_at,
        to_at=verdict.to_at,
        verdict=verdict.verdict,
        reason=verdict.reason,
        tier=verdict.tier,
        evidence=verdict.evidence,
    )
    ledger.record(
        event,
        subject=subject.ref,
        used=[verdict.model],
        generated=_objects(verdict.evidence),
        occurred_at=verdict.judged_at,
    )


def tell(ledger: Ledger, change: Change, *, at: int, words: str = "") -> str:
    """Record the event of a change of an alert; ``words`` is the digest of what a person said. Returns its id."""
    alert = change.alert
    used = [alert.model, *_objects(alert.evidence), *_objects(alert.picture), *_objects(words)]
    return ledger.record(_event(change, words), subject=alert.ref, used=used, occurred_at=at)


def _event(change: Change, words: str) -> Event:
    alert = change.alert
    said = _said(alert)
    if change.verb == "resolved":
        by_hand = alert.resolved_by not in BY_RULE
        return AlertResolved(
            **{**said, "reason": "resolved by hand" if by_hand else alert.resolution},
            fired=alert.fired_at is not None,
            by="hand" if by_hand else alert.resolved_by,
            object=words,
        )
    if change.verb == "repeated":
        return AlertRepeated(**said, times=alert.repeats)
    return (AlertFired if change.verb == "fired" else AlertPending)(**said)


def _said(alert: Alert) -> dict[str, str]:
    return {
        "alert": alert.id,
        "monitor": alert.monitor,
        "deployment": alert.deployment,
        "model": alert.model,
        "kind": alert.kind,
        "severity": alert.severity,
        "reason": alert.reason,
        "evidence": alert.evidence,
        "picture": alert.picture,
    }


def _objects(digest: str) -> list[str]:
    return [f"object:{digest}"] if digest else []
