"""Rollouts and their phases, as users hold them."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from regrove.serving import RolloutConfig
from regrove.serving.edges import GuardEdges

__all__ = ["GOING", "WHOLE", "Phase", "PhaseState", "Rollout", "State", "percent"]

WHOLE: Final = 10_000
"""Everybody, in ten-thousandths."""

State = Literal["waiting", "running", "awaiting", "completed", "aborted", "held"]
"""``waiting``: for the servers to load the phase; ``running``: the candidate answers its share; ``awaiting``: a
person's approval; ``completed``: promoted; ``aborted``: harm was seen, or a person ended it; ``held``: neither harm nor
its absence could be shown."""

GOING: Final = ("waiting", "running", "awaiting")
"""The states of a rollout that has not ended."""

PhaseState = Literal["waiting", "running", "passed", "ended"]


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One share of the callers."""

    number: int
    """From 1."""
    share: int
    """In ten-thousandths."""
    state: PhaseState
    since_at: int
    """When it began to wait."""
    generation: int = 0
    """The generation in which it ran; 0 before that."""
    began_at: int | None = None
    """When every server answered from it."""
    ended_at: int | None = None
    requests: int = 0
    """That the candidate answered or failed in it, as they were counted last."""
    evidence: str = ""
    """The digest of what was counted and judged at its end."""


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """How one version came to answer in one deployment, or did not."""

    id: str
    project: str
    deployment: str
    candidate: str
    """The version that is rolled out (``model:late-arrival@4``)."""
    candidate_digest: str
    control: str
    """The version that answered when it began."""
    control_digest: str
    alias: str
    """What is moved at the end."""
    gate: str
    """The report that lets it (``gate:<id>``); empty when a person does."""
    approved_by: str
    """Who let it begin without a gate's PROMOTE; empty otherwise."""
    approval: str
    """Why that person did, or why somebody approved of the last phase; empty before."""
    approved: bool
    """Whether somebody has approved of the last phase."""
    policy: RolloutConfig
    """As it was declared when the rollout began."""
    declaration: str
    """The declaration that it acts on (``project:flights@3``)."""
    edges: GuardEdges | None
    """What is slow and how scores lie, frozen from the control; None when it had answered too few requests."""
    state: State
    reason: str
    """A sentence: why it stands where it does."""
    phase: int
    """The number of the phase that is on, or was last."""
    step: int
    """Counts the transitions: who acts on an older one acts on nothing."""
    peaks: dict[str, float]
    """The largest logarithm of the e-value of each guard at any look; a crossing that was seen once stands."""
    cause: str
    """The event or actor that it was begun because of."""
    actor: str
    """Who began it."""
    event_id: str
    """The event of its beginning; what it does is recorded because of that."""
    started_at: int
    changed_at: int
    ended_at: int | None = None
    decision: str = ""
    """The decision that moved the alias."""
    phases: tuple[Phase, ...] = ()

    @property
    def ref(self) -> str:
        """Such as ``rollout:<id>``."""
        return f"rollout:{self.id}"

    @property
    def going(self) -> bool:
        """Whether it has not ended."""
        return self.state in GOING

    @property
    def current(self) -> Phase:
        """The phase that is on, or was last."""
        return self.phases[self.phase - 1]

    @property
    def is_last(self) -> bool:
        """Whether the phase that is on is the promotion."""
        return self.current.share == WHOLE


def percent(share: int) -> str:
    """A share for a person.

    >>> percent(500), percent(1250)
    ('5%', '12.5%')
    """
    return f"{share / 100:g}%"
