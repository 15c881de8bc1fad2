"""The evidence of a verdict: an object that names everything it was computed from, so that it can be computed again."""

from __future__ import annotations

from typing import Any

import msgspec

from regrove.monitoring.verdict import Finding

__all__ = ["DriftEvidence", "LossEvidence"]


class DriftEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Of a drift verdict: `regrove.monitoring.drift.judge` of these objects with this seed gives it again."""

    format: int = 1
    monitor: str
    model: str
    declared: str
    """The applied declaration that asked for it."""
    frozen: str
    """Digest of the reference, whose cells were used."""
    reference: str
    window: str
    window_blocks: tuple[str, ...]
    """Digests of the summaries, in order of time; a block without rows has none and is left out."""
    reference_blocks: tuple[str, ...]
    """The same of ``previous``; empty for ``train``, whose blocks are in the reference itself."""
    seed: int
    odd_before: tuple[bool, ...]
    """For windows of a single block, whether each of the last two was odd; the newest first."""
    level: float
    budget: str
    verdict: str
    reason: str
    tier: str
    note: str
    strata: str
    draws: int
    p: float | None
    columns: tuple[Finding, ...]


class LossEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Of a performance verdict: the losses so far, and what they were compared with."""

    format: int = 1
    monitor: str
    model: str
    declared: str
    frozen: str
    """Digest of the reference, with its losses, the plan of the quick detector and the limit of the sure one."""
    metric: str
    losses: tuple[tuple[int, float], ...]
    """Start and mean loss of each block since the detectors began, in order of time, this one last."""
    state: dict[str, Any]
    """Of the detectors after this block."""
    verdict: str
    reason: str
