"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = ["RunEnded", "RunResumed", "RunStarted"]


class RunStarted(Event, frozen=True, kw_only=True):
    """A run began; the attribution names its actor and its cause."""

    TYPE: ClassVar[str] = "run.started"

    name: str
    kind: str
    declaration_digest: str
    environment_digest: str
    params_digest: str
    """Of the canonical JSON of its params."""


class RunResumed(Event, frozen=True, kw_only=True):
    """A run that was interrupted, or whose process died, is continued."""

    TYPE: ClassVar[str] = "run.resumed"

    times: int
    """How often it has been continued, this one counted."""
    environment_digest: str


class RunEnded(Event, frozen=True, kw_only=True):
    """A run came to an end: ``finished``, ``failed`` or ``interrupted`` (it may be continued)."""

    TYPE: ClassVar[str] = "run.ended"

    status: str
    metrics_digest: str
    """Of all points in the order in which they were logged."""
    points: int
