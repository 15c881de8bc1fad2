"""How many answers changed, and whether few enough."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import codes, finite, same_rows
from regrove.stats.blocked import design_of
from regrove.stats.drift.shares import wilson
from regrove.stats.gate import Gate, GateVerdict, keeps
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["FlipRate", "flip_rate", "score_shift"]


class FlipRate(msgspec.Struct, frozen=True, kw_only=True):
    """Answers before and after a perturbation."""

    flips: int
    rows: int
    share: float
    interval: Interval
    """Of the share of flips."""
    design: float
    """By how much dependence between rows of a block widens it; 1 without blocks."""
    verdict: GateVerdict

    @property
    def gate(self) -> Gate:
        """PASS, FAIL or INCONCLUSIVE."""
        return self.verdict.gate


def flip_rate(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    limit: float = 0.02,
    *,
    name: str = "flip rate",
    blocks: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> FlipRate:
    """PASS when the upper bound of the share of changed answers is at or below ``limit``.

    The bounds are the ends of Wilson's interval at 2 ``level`` - 1, so that each errs in about 1 - ``level`` of cases;
    blocks divide the rows by their design effect. Without any flip, 133 rows show at most 2%.

    Args:
        before: the answer (class or decision) on each row.
        after: the answer on the same row, perturbed.
        limit: the share of flips that is allowed.
        name: what the verdict calls it.
        blocks: the user, session or day of each row.
        level: of each bound.

    >>> flip_rate([0, 1] * 200, [0, 1] * 200).gate.value
    'pass'
    """
    left, right = _labels(before), _labels(after)
    both, rows = np.concatenate([left, right]), len(left)
    if len(both) != 2 * rows or not 0.0 <= limit <= 1.0 or not 0.5 < level < 1.0:
        raise InvalidStatistic(
            "These answers cannot be compared",
            expected="as many answers before as after, a limit of 0 to 1, a level of .5 to 1",
            received=f"{rows} and {len(both) - rows} answers, limit {limit}, level {level}",
        )
    places = codes(both)[1]
    changed = places[:rows] != places[rows:]
    flips, design = int(changed.sum()), design_of(changed, blocks)
    interval = wilson(flips, rows, 2.0 * level - 1.0, design)
    share = flips / rows if rows else 0.0
    return FlipRate(
        flips=flips,
        rows=rows,
        share=share,
        interval=interval,
        design=design,
        verdict=keeps(name, share if rows else None, interval, limit, rows=rows, least=30),
    )


def score_shift(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    limit: float,
    *,
    blocks: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> GateVerdict:
    """Whether scores move by at most ``limit`` on average of their absolute differences; by row or block.

    The bounds are one-sided at ``level`` each, Student's, over blocks where given.

    >>> score_shift([0.1, 0.2] * 50, [0.1, 0.21] * 50, 0.02).gate.value
    'pass'
    """
    left, right = finite("before", before), finite("after", after)
    rows = same_rows(before=left, after=right)
    moved = np.abs(left - right)
    block = np.arange(rows) if blocks is None else codes(blocks)[1]
    same_rows(before=left, blocks=block)
    if not (math.isfinite(limit) and 0.5 < level < 1.0):
        raise InvalidStatistic("The gate is not well put", expected="a limit, a level of .5 to 1", received=f"{limit}")
    count = len(np.unique(block))
    if count < 2:
        nothing = Interval(0.0, math.inf, 2.0 * level - 1.0)
        return keeps("mean shift of scores", float(moved.mean()) if rows else None, nothing, limit, rows=rows, least=30)
    mean = float(moved.mean())
    sums = np.bincount(block, weights=moved - mean)
    error = math.sqrt(float((sums**2).sum()) * count / (count - 1)) / rows
    half = float(special.stdtrit(count - 1, level)) * error
    interval = Interval(max(0.0, mean - half), mean + half, 2.0 * level - 1.0)
    return keeps("mean shift of scores", mean, interval, limit, rows=rows, least=30)


def _labels(values: npt.ArrayLike) -> npt.NDArray[np.generic]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidStatistic("Answers are one value a row", expected="a vector", received=f"shape {array.shape}")
    return array
