"""The guards of a rollout: what the counts of both sides say, at whatever moment one looks.

All guards together keep to one alpha, as `regrove.stats.sequential.judge_all` has it. A guard asks whether the
candidate has more of some kind of event than the control: errors, and requests that are slower than the control's
frozen 95th and 99th percentile. For scores the question is another one, since a model that was trained again is meant
to score otherwise: whether some cell of the control's scores is more than ``score_ratio`` times as frequent. The
likelihood ratio against that bound is a supermartingale for every smaller ratio, and it is the usual grid at the share
``pi R / (pi R + 1 - pi)`` in place of ``pi``.

The share of each generation enters its counts, so that one process runs through all phases. Beside the guards stands
the question whether callers were sent to both sides as was asked; if not, no comparison counts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.stats.sequential import Grid, GuardVerdict, begin, combine, judge, judge_all, observe_counts
from regrove.stats.sequential.grid import RATIO_MISMATCH
from regrove.stats.verdict import Decision

if TYPE_CHECKING:
    from regrove.serving import RolloutConfig
    from regrove.serving.edges import GuardEdges
    from regrove.serving.tally import Tally

__all__ = [
    "ERRORS",
    "SLOW_95",
    "SLOW_99",
    "SPLIT",
    "TOGETHER",
    "GuardState",
    "Judged",
    "cell_names",
    "grids",
    "look",
    "weights_of",
]

ERRORS: Final = "errors"
SLOW_95: Final = "slower than the control's 95th percentile"
SLOW_99: Final = "slower than the control's 99th percentile"
SPLIT: Final = "split"
"""The guard of the share of callers; it is no part of alpha and voids instead of aborting."""
TOGETHER: Final = "together"
"""Under this name the peak of the mean of all guards is kept."""

_WEIGHTS: Final = {ERRORS: 2.0, SLOW_95: 1.0, SLOW_99: 1.0}
_SCORES: Final = 1.0
"""Shared by all cells."""
_SPLIT_ALPHA: Final = 0.001


class GuardState(msgspec.Struct, frozen=True, kw_only=True):
    """One guard, as evidence keeps it."""

    name: str
    decision: Decision
    e: float
    """The largest e-value at any look, at most the largest number that JSON can hold."""
    threshold: float
    ratio: float | None
    """The candidate's rate over the control's, as seen; of scores over ``score_ratio`` times the control's."""
    candidate: int
    control: int
    """Events of both sides."""
    reason: str


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What all guards say at one look."""

    harm: bool
    """Stop the candidate."""
    void: bool
    """Callers were not sent to both sides as was asked, so that nothing was shown."""
    reason: str
    e: float
    """Of all guards together, now."""
    guards: tuple[GuardState, ...]
    peaks: dict[str, float]
    """The largest logarithm of the e-value of each guard at this and every earlier look."""


def look(
    tallies: Sequence[Tally], edges: GuardEdges | None, policy: RolloutConfig, peaks: Mapping[str, float]
) -> Judged:
    """Judge the counts so far; ``peaks`` are those of the looks before.

    Stated level, however often one looks: a candidate that has no more errors and slow requests than the control and no
    cell of scores more than ``score_ratio`` times as often is stopped with probability at most ``abort_alpha``, and a
    right split is voided with probability at most .001.

    >>> from regrove.serving import RolloutConfig
    >>> look([], None, RolloutConfig(), {}).harm
    False
    """
    found = {name: _held(grid, peaks.get(name, 0.0)) for name, grid in grids(tallies, edges, policy).items()}
    split = found.pop(SPLIT)
    weights = weights_of(found)
    verdict = judge_all(found, weights=weights, alpha=policy.abort_alpha)
    mean = combine([each.e for each in found.values()], [weights[name] for name in found])
    together = max(peaks.get(TOGETHER, 0.0), math.log(mean) if mean > 0.0 else 0.0)
    harm = verdict.decision is Decision.REJECT or together >= -math.log(policy.abort_alpha)
    broken = judge(SPLIT, split, alpha=_SPLIT_ALPHA)
    states = [_state(each, policy.score_ratio) for each in (*verdict.guards, broken)]
    void = broken.decision is Decision.REJECT
    crossed = [each.reason for each in states if each.decision is Decision.REJECT and each.name != SPLIT]
    reason = "; ".join(crossed) or verdict.reason
    if harm and verdict.decision is not Decision.REJECT:
        reason = f"no guard alone, but all together at an earlier look: mean e-value {math.exp(together):.3g}"
    if void:
        reason = (
            f"{split.canary:,.0f} of {split.events:,.0f} requests came to the candidate where {split.expected:,.0f} "
            "were to be expected: the callers are not split as was asked, so no comparison counts"
        )
    kept = {name: grid.peak for name, grid in found.items()} | {SPLIT: split.peak, TOGETHER: together}
    return Judged(
        harm=harm, void=void, reason=reason, e=min(verdict.e, _MOST), guards=tuple(states), peaks=_finite(kept)
    )


def grids(tallies: Sequence[Tally], edges: GuardEdges | None, policy: RolloutConfig) -> dict[str, Grid]:
    """The e-process of each guard over all generations, by name.

    One unit a request; where callers with a key came again, one unit a caller: the first time that it did a thing.
    """
    cells = cell_names(edges)
    found = {ERRORS: begin(), SPLIT: begin(RATIO_MISMATCH, two_sided=True)}
    if edges is not None:
        found |= {SLOW_95: begin(), SLOW_99: begin()} | {name: begin() for name in cells}
    for candidate, control in _pairs(tallies):
        share = candidate.share
        ours, theirs = candidate.units or candidate, control.units or control
        found[SPLIT] = observe_counts(found[SPLIT], ours.requests, theirs.requests, share)
        found[ERRORS] = observe_counts(found[ERRORS], ours.failed, theirs.failed, share)
        if edges is None:
            continue
        found[SLOW_95] = observe_counts(found[SLOW_95], ours.slow_p95, theirs.slow_p95, share)
        found[SLOW_99] = observe_counts(found[SLOW_99], ours.slow_p99, theirs.slow_p99, share)
        tilted = share * policy.score_ratio / (share * policy.score_ratio + 1.0 - share)
        for place, name in enumerate(cells):
            found[name] = observe_counts(found[name], ours.scores[place], theirs.scores[place], tilted)
    # The tallies were folded one generation after the other; only the sum was looked at.
    return {name: msgspec.structs.replace(grid, peak=max(0.0, grid.log_e)) for name, grid in found.items()}


def cell_names(edges: GuardEdges | None) -> list[str]:
    """The cells of scores in words, as guards are called."""
    if edges is None:
        return []
    if edges.classes:
        return [*(f"answers {each}" for each in edges.classes), "other answers", "no answer"]
    if not edges.scores:
        return ["any score", "no score"]
    inner = [f"scores from {low:g} to {high:g}" for low, high in zip(edges.scores, edges.scores[1:], strict=False)]
    return [f"scores below {edges.scores[0]:g}", *inner, f"scores from {edges.scores[-1]:g} up", "no score"]


def _pairs(tallies: Sequence[Tally]) -> list[tuple[Tally, Tally]]:
    """Candidate and control of each generation, the oldest first."""
    sides: dict[int, dict[bool, Tally]] = {}
    for each in tallies:
        sides.setdefault(each.generation, {})[each.candidate] = each
    return [(both[True], both[False]) for _, both in sorted(sides.items())]


def weights_of(guards: Collection[str]) -> dict[str, float]:
    """The part of alpha that each guard has, up to a common factor; all cells of scores share one part."""
    cells = sum(name not in _WEIGHTS for name in guards)
    return {name: _WEIGHTS.get(name, _SCORES / max(cells, 1)) for name in guards}


def _state(verdict: GuardVerdict, score_ratio: float) -> GuardState:
    """A guard's verdict in this room's words; of scores the grid speaks of the bound, a person wants the ratio."""
    ratio, reason = verdict.ratio, verdict.reason
    if verdict.name not in _WEIGHTS and verdict.name != SPLIT:
        ratio = None if ratio is None else ratio * score_ratio
        shown = "none of the control's" if ratio is None else f"{ratio:.3g} times as often as the control's"
        reason = (
            f"{verdict.name}: {verdict.canary:,.0f} of the candidate's, {shown}; up to {score_ratio:g} times is allowed"
        )
    return GuardState(
        name=verdict.name,
        decision=verdict.decision,
        e=verdict.e,
        threshold=verdict.threshold,
        ratio=ratio,
        candidate=round(verdict.canary),
        control=round(verdict.control),
        reason=reason,
    )


def _held(grid: Grid, peak: float) -> Grid:
    return msgspec.structs.replace(grid, peak=max(grid.peak, peak))


_MOST: Final = 1e300
_MOST_LOG: Final = math.log(_MOST)


def _finite(peaks: Mapping[str, float]) -> dict[str, float]:
    return {name: min(each, _MOST_LOG) for name, each in peaks.items()}
