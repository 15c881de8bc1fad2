"""What was counted and judged when a phase ended, kept as an object by its digest."""

from __future__ import annotations

import msgspec

from regrove.rollouts.guard import Judged
from regrove.serving.edges import GuardEdges
from regrove.serving.tally import Tally

__all__ = ["FORMAT", "Evidence"]

FORMAT = 1
"""Of the object."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Enough to compute the verdict again: `regrove.rollouts.guard.look` of the tallies, edges and peaks."""

    format: int = FORMAT
    rollout: str
    deployment: str
    candidate: str
    candidate_digest: str
    control: str
    control_digest: str
    phase: int
    alpha: float
    score_ratio: float
    edges: GuardEdges | None
    tallies: tuple[Tally, ...]
    """Of every generation of the rollout so far."""
    before: dict[str, float]
    """The peaks of the looks before this one."""
    judged: Judged
    at: int
    """Domain time of the look."""
