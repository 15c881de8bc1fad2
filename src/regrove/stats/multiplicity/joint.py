"""Many statistics with one joint null: the largest of them, ranked among the largest of every drawn window."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats
from regrove.stats.drift.tail import refined_p
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Joint", "max_t"]

_TIE = 1e-9


class Joint(msgspec.Struct, frozen=True, kw_only=True):
    """The joint test of all statistics, and each with its correction."""

    p: float
    """That none of the statistics differs from its null; the family-wise p of the largest."""
    z: float
    """The largest standardised statistic."""
    largest: int
    """Its place; -1 when no statistic varies."""
    adjusted: tuple[float, ...]
    """Family-wise p of each statistic, by steps down; 1 for one that does not vary."""
    draws: int
    refined: bool
    """Whether ``p`` comes from a fitted tail, because few draws were as large."""


def max_t(statistics: npt.ArrayLike, *, exact: bool = False) -> Joint:
    """The family-wise p-value of statistics that were drawn together (Westfall and Young, 1993).

    Each column of the matrix is centred at its median and divided by half the distance of its 16th and 84th
    percentile, *over the observed and the drawn together*: leaving the observed out of that pool gives pages at .07 to
    .086 for a nominal .05. The largest of each row is then ranked.

    Stated level: P(p <= a) is at most a under any dependence between the statistics, when the rows are exchangeable.
    Below 10 / draws and .02 the p-value is from a fitted tail (``refined_p``), about right.

    Args:
        statistics: shape (1 + draws, statistics), larger means more evidence: the observed window first, as
            ``Comparison.statistics`` has them.
        exact: that the draws are all there are; then ranks are all one needs.

    >>> rng = np.random.default_rng(0)
    >>> null = rng.chisquare(4, size=(1000, 5))
    >>> max_t(null).p > 0.01
    True
    >>> null[0, 3] = 40.0
    >>> found = max_t(null)
    >>> found.largest, found.p < 0.001, found.adjusted[3] <= 0.001
    (3, True, True)
    """
    table = np.asarray(statistics, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 1 or not np.isfinite(table).all():
        raise InvalidStatistic(
            "There is no joint null",
            expected="finite statistics of shape (1 + draws, statistics), with at least 1 draw",
            received=f"shape {table.shape}",
        )
    scored, varies = standardised(table)
    draws = len(table) - 1
    if not varies.any():
        return Joint(p=1.0, z=0.0, largest=-1, adjusted=(1.0,) * table.shape[1], draws=draws, refined=False)
    maxima = scored[:, varies].max(axis=1)
    largest = int(np.argmax(np.where(varies, scored[0], -np.inf)))
    p, refined = refined_p(float(maxima[0]), maxima[1:], exact=exact)
    adjusted = np.ones(table.shape[1])
    adjusted[varies] = _steps(scored[:, varies])
    if refined:
        adjusted[largest] = p
    return Joint(
        p=p,
        z=float(maxima[0]),
        largest=largest,
        adjusted=tuple(adjusted.tolist()),
        draws=draws,
        refined=refined,
    )


def standardised(table: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Each column by its median and half the range of its middle 68%, over all rows; and which columns vary.

    A column whose middle does not vary, but whose tails do, is divided by its standard deviation.
    """
    low, middle, high = np.percentile(table, [16.0, 50.0, 84.0], axis=0)
    scale = (high - low) / 2.0
    tiny = _TIE * (1.0 + np.abs(middle))
    scale = np.where(scale > tiny, scale, table.std(axis=0))
    varies = scale > tiny
    scored: Floats = (table - middle) / np.where(varies, scale, 1.0)
    return scored, varies


def _steps(scored: Floats) -> Floats:
    """Steps down: each statistic against the largest of itself and of all that are less extreme."""
    order = np.argsort(-scored[0], kind="stable")
    running = np.maximum.accumulate(scored[:, order[::-1]], axis=1)[:, ::-1]
    observed = scored[0, order]
    counts = (running[1:] >= observed - _TIE * (1.0 + np.abs(observed))).sum(axis=0)
    steps = np.maximum.accumulate((1.0 + counts) / len(scored))
    found = np.empty(len(steps))
    found[order] = steps
    return found
