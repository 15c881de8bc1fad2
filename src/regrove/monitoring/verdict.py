"""A verdict: what was judged, the answer, why, and what it rests on."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Answer", "Finding", "Kind", "Verdict"]

Kind = Literal["drift", "performance"]
"""What was judged: whether data come from where the reference came from, or whether the loss has grown."""

Answer = Literal["DRIFT", "STABLE", "INCONCLUSIVE", "OK", "SUSPECT", "CONFIRMED"]
"""DRIFT, STABLE or INCONCLUSIVE of drift; OK, SUSPECT, CONFIRMED or INCONCLUSIVE of performance."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The effect that decided about one column, or that stands in the way of a decision."""

    column: str
    """``output.<field>``, ``request.<field>``, or ``loss``."""
    verdict: Answer
    effect: str
    """js, transport, nulls, broken or fresh (see `regrove.stats.drift`), or mean; empty when none was measured."""
    value: float | None
    low: float | None
    high: float | None
    floor: float | None
    p: float | None
    """Corrected for all columns of the window; None where nothing could be tested."""
    tier: str = ""
    """On what its chance level was calibrated."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a monitor about one window."""

    project: str
    monitor: str
    kind: Kind
    reference: str
    """``train`` or ``previous`` of drift, ``out-of-sample`` of performance."""
    frozen: int
    """The number of the frozen reference by whose cells and limits it was judged."""
    model: str
    window: str
    from_at: int
    to_at: int
    verdict: Answer
    reason: str
    tier: str
    """On what the chance level was calibrated (see `regrove.stats.Tier`); empty when nothing was tested."""
    p: float | None
    level: float
    effects: tuple[Finding, ...]
    alive: bool
    """Whether it keeps an alert alive: at most twice the level, and an effect of at least half its floor."""
    evidence: str
    """Digest of the object from which it can be computed again."""
    judged_at: int
    """When it was due: the block's end and its lateness."""
