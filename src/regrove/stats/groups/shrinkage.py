"""Steadier rates for small groups: each is drawn towards the mean of all, the more the fewer rows it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, codes, same_rows
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Shrunk", "ShrunkRate", "intersections", "shrunk"]

_MOST = 1e7
"""Prior rows at which all groups count as alike."""
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


class ShrunkRate(msgspec.Struct, frozen=True, kw_only=True):
    """One group's rate after shrinkage."""

    group: str
    count: int
    rows: int
    raw: float | None
    """None for a group without rows, whose shrunk rate is the mean of all."""
    value: float
    interval: Interval
    """Credible under the fitted prior; covers at its level on average over the groups, not for each one."""


class Shrunk(msgspec.Struct, frozen=True, kw_only=True):
    """Rates of all groups and the prior that they were drawn towards."""

    rates: tuple[ShrunkRate, ...]
    mean: float
    """Mean of the prior."""
    strength: float
    """Prior rows: a group with as many rows of its own lies half-way between its own rate and the mean."""


def shrunk(groups: Sequence[str], counts: npt.ArrayLike, rows: npt.ArrayLike, *, level: float = 0.9) -> Shrunk:
    """Empirical Bayes for shares: a beta prior fitted by maximum likelihood over the groups, and each posterior.

    Sources: Foulds, Islam, Keya and Pan (2020), ICDE, on intersections; Robbins (1964) on empirical Bayes. The
    uncertainty of the prior is left out: on average over the groups, 90% intervals cover at least 89% of the time with
    50 groups and 83% with 8 (rows of ``python -m soak groups``).

    Args:
        groups: a name for each group.
        counts: how many, of each group.
        rows: of how many.
        level: of the credible intervals.

    >>> found = shrunk(["a", "b", "c"], [3, 190, 240], [5, 500, 600])
    >>> round(found.rates[0].raw, 2), round(found.rates[0].value, 2)
    (0.6, 0.39)
    """
    c, n = (np.asarray(each, dtype=np.float64) for each in (counts, rows))
    if not (c.shape == n.shape == (len(groups),) and len(groups) and np.isfinite(n).all() and (c >= 0).all()):
        raise InvalidStatistic(
            "These are no counts by group",
            expected="a count and a number of rows for each of at least 1 group",
            received=f"{len(groups)} groups, counts of shape {c.shape}, rows of shape {n.shape}",
        )
    if (c > n).any() or n.sum() == 0.0:
        raise InvalidStatistic(
            "These numbers are no shares", expected="0 <= count <= rows, and some rows", received=f"{c.sum():g} counts"
        )
    mean, strength = _prior(c, n)
    a, b = c + mean * strength, n - c + (1.0 - mean) * strength
    tail = (1.0 - level) / 2.0
    found = []
    for place, group in enumerate(groups):
        value = float(a[place] / (a[place] + b[place]))
        low, high = (_quantile(float(a[place]), float(b[place]), each) for each in (tail, 1.0 - tail))
        raw = float(c[place] / n[place]) if n[place] else None
        interval = Interval(min(low, value), max(high, value), level)
        found.append(
            ShrunkRate(group=group, count=int(c[place]), rows=int(n[place]), raw=raw, value=value, interval=interval)
        )
    return Shrunk(rates=tuple(found), mean=mean, strength=strength)


def intersections(left: npt.ArrayLike, right: npt.ArrayLike) -> list[str]:
    """The two-way group of each row, as "a & b".

    >>> intersections(["a", "a"], [1, 2])
    ['a & 1', 'a & 2']
    """
    (names, place), (others, other) = codes(left), codes(right)
    same_rows(left=place, right=other)
    return [f"{names[i]} & {others[j]}" for i, j in zip(place.tolist(), other.tolist(), strict=True)]


def log_likelihood(counts: Floats, rows: Floats, mean: float, strength: float) -> float:
    """The beta-binomial log likelihood, without the binomial coefficients."""
    a, b = mean * strength, (1.0 - mean) * strength
    every = special.betaln(counts + a, rows - counts + b) - special.betaln(a, b)
    return float(np.sum(every))


def _prior(counts: Floats, rows: Floats) -> tuple[float, float]:
    """Mean and strength of the beta prior with the largest likelihood.

    Half a row of each outcome stands beside the data, so that rates of exactly 0 or 1 do not make a prior without
    spread around them.
    """
    overall = float((counts.sum() + 0.5) / (rows.sum() + 1.0))
    if np.count_nonzero(rows) < 2:
        return overall, 1.0

    def best_mean(log_strength: float) -> tuple[float, float]:
        strength = math.exp(log_strength)
        centre = math.log(overall / (1.0 - overall))
        return _largest(
            lambda logit: log_likelihood(counts, rows, float(special.expit(logit)), strength),
            centre - 4.0,
            centre + 4.0,
        )

    log_strength, best = _largest(lambda each: best_mean(each)[1], math.log(0.05), math.log(1e5))
    alike = float(special.xlogy(counts.sum(), overall) + special.xlogy((rows - counts).sum(), 1.0 - overall))
    if alike >= best - 1e-6:
        return overall, _MOST
    return float(special.expit(best_mean(log_strength)[0])), math.exp(log_strength)


def _largest(function: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Where a function with one hill is largest, by golden section, and its value there."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-5:
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
    return (left, at_left) if at_left >= at_right else (right, at_right)


def _quantile(a: float, b: float, share: float) -> float:
    return float(special.betaincinv(a, b, share))
