"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = [
    "RolloutAborted",
    "RolloutApproved",
    "RolloutCompleted",
    "RolloutHeld",
    "RolloutPhasePassed",
    "RolloutPhaseStarted",
    "RolloutStarted",
]


class RolloutStarted(Event, frozen=True, kw_only=True):
    """A version is to be rolled out; nobody is answered by it yet."""

    TYPE: ClassVar[str] = "rollout.started"

    rollout: str
    deployment: str
    model: str
    model_digest: str
    control: str
    gate: str
    """The report that lets it; empty when a person does."""
    approved_by: str
    approval: str
    """Why that person does."""
    shares: list[int]
    """Of the phases, in ten-thousandths."""


class RolloutPhaseStarted(Event, frozen=True, kw_only=True):
    """Every server answers from the generation of a phase: from here on its stay is counted."""

    TYPE: ClassVar[str] = "rollout.phase_started"

    rollout: str
    deployment: str
    model: str
    phase: int
    share: int
    generation: int


class RolloutPhasePassed(Event, frozen=True, kw_only=True):
    """A phase lasted long enough, with enough requests, and no guard saw harm."""

    TYPE: ClassVar[str] = "rollout.phase_passed"

    rollout: str
    deployment: str
    model: str
    phase: int
    share: int
    requests: int
    evidence: str
    """The digest of what was counted and judged."""
    awaiting: bool
    """Whether a person must approve before it goes on."""


class RolloutApproved(Event, frozen=True, kw_only=True):
    """A person approved of the last phase."""

    TYPE: ClassVar[str] = "rollout.approved"

    rollout: str
    deployment: str
    model: str
    reason: str


class RolloutAborted(Event, frozen=True, kw_only=True):
    """A guard saw harm, or a person ended it: the control answers everybody again."""

    TYPE: ClassVar[str] = "rollout.aborted"

    rollout: str
    deployment: str
    model: str
    control: str
    phase: int
    by_hand: bool
    reason: str
    evidence: str


class RolloutHeld(Event, frozen=True, kw_only=True):
    """Neither harm nor its absence could be shown, or somebody else decided meanwhile; the split is ended."""

    TYPE: ClassVar[str] = "rollout.held"

    rollout: str
    deployment: str
    model: str
    control: str
    phase: int
    reason: str
    evidence: str


class RolloutCompleted(Event, frozen=True, kw_only=True):
    """The version was promoted: it answers everybody."""

    TYPE: ClassVar[str] = "rollout.completed"

    rollout: str
    deployment: str
    model: str
    control: str
    alias: str
    decision: str
    reason: str
