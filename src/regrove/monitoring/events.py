"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = [
    "AlertFired",
    "AlertPending",
    "AlertRepeated",
    "AlertResolved",
    "BlockClosed",
    "MonitorJudged",
    "ReferenceFrozen",
]


class ReferenceFrozen(Event, frozen=True, kw_only=True):
    """From here on a monitor compares with the data of this model. Subject: the monitor; used: the model, its run."""

    TYPE: ClassVar[str] = "monitor.reference_frozen"

    monitor: str
    deployment: str
    number: int
    model: str
    model_digest: str
    run: str
    object: str
    blocks: int
    """Earlier blocks of the log that were counted on its cells."""


class BlockClosed(Event, frozen=True, kw_only=True):
    """A day or hour of the log was counted. Subject: the monitor."""

    TYPE: ClassVar[str] = "monitor.block_closed"

    monitor: str
    deployment: str
    reference: int
    block: str
    start_at: int
    end_at: int
    rows: int
    excluded: int
    """Rows of other revisions than the control, and of testers."""
    late_rows: int
    """Rows that were found now in blocks that had been closed before."""
    object: str


class MonitorJudged(Event, frozen=True, kw_only=True):
    """A verdict was reached. Subject: the monitor; used: the model and the evidence."""

    TYPE: ClassVar[str] = "monitor.judged"

    monitor: str
    deployment: str
    model: str
    kind: str
    reference: str
    window: str
    from_at: int
    to_at: int
    verdict: str
    reason: str
    tier: str
    evidence: str


class _Alert(Event, frozen=True, kw_only=True):
    """What every event of an alert says."""

    alert: str
    monitor: str
    deployment: str
    model: str
    kind: str
    severity: str
    reason: str
    evidence: str
    picture: str


class AlertPending(_Alert, frozen=True, kw_only=True):
    """A condition held for the first time and must hold again before the alert fires. Subject: the alert."""

    TYPE: ClassVar[str] = "alert.pending"


class AlertFired(_Alert, frozen=True, kw_only=True):
    """Somebody or some playbook should act. Subject: the alert; used: the model and the evidence."""

    TYPE: ClassVar[str] = "alert.fired"


class AlertRepeated(_Alert, frozen=True, kw_only=True):
    """An alert still fires, and has not been told of for a while. Subject: the alert."""

    TYPE: ClassVar[str] = "alert.repeated"

    times: int
    """How often it was told again, this time included."""


class AlertResolved(_Alert, frozen=True, kw_only=True):
    """An alert is over. Subject: the alert; ``reason`` says why it is, or why it never fired."""

    TYPE: ClassVar[str] = "alert.resolved"

    fired: bool
    """False for one that was only pending."""
    object: str
    """Digest of the words of whoever resolved it by hand, which may have to be erased; empty otherwise."""
    by: str
    """``rule``, ``model`` (another one answers), ``declaration``, or ``hand``."""
