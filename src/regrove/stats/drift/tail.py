"""P-values from statistics that were drawn under the null, and their tail beyond what the draws reach."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.counts import Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["at_least_as_large", "gamma_tail", "pareto_tail", "rank_p", "refined_p"]

_RESOLVED = 0.02
"""Ranks that reach this are left alone: a fit to sixty blocks is no better than their ranks are."""
_TIE = 1e-9
"""Statistics closer than this, relative to 1 + T, count as equal: a tie must not be broken by rounding."""


def at_least_as_large(observed: float, drawn: Floats) -> int:
    """How many drawn statistics are as large as the observed one, ties included."""
    return int(np.count_nonzero(drawn >= observed - _TIE * (1.0 + abs(observed))))


def rank_p(observed: float, drawn: npt.ArrayLike) -> float:
    """``(1 + #{T_s >= T}) / (S + 1)``: the p-value of a permutation test with S draws besides the observed one.

    Under the null P(p <= a) <= a for every a, when observed and drawn statistics are exchangeable (Phipson and Smyth,
    2010, Stat. Appl. Genet. Mol. Biol. 9:39).

    >>> rank_p(3.0, [1.0, 2.0, 3.0, 4.0])
    0.6
    """
    values = _finite(observed, drawn)
    return (1 + at_least_as_large(observed, values)) / (len(values) + 1)


def refined_p(observed: float, drawn: npt.ArrayLike, *, exact: bool = False) -> tuple[float, bool]:
    """The rank p, and below 10 / S and .02 the fitted tail in its place; with whether the fit was used.

    Ranks end at 1 / (S + 1), while a decision over 40 columns needs p-values around .001. The fitted tail is the
    larger of a gamma's and a Pareto's. It may extend the draws by a factor of 10 and no further, is never above the
    rank p, and where draws did exceed the observed statistic never below the 95% lower Clopper-Pearson bound of their
    share. ``exact`` says that the draws are all there are.

    Stated level, on days of flights with their storms: at most .002 of tests at or below .001 for windows of several
    blocks; for windows of one block among 180 at most .004.

    >>> draws = np.random.default_rng(1).chisquare(5, 1999)
    >>> p, refined = refined_p(25.0, draws)
    >>> refined, 1e-4 < p < 1e-3       # chi-square: 1.4e-4
    (True, True)
    """
    values = _finite(observed, drawn)
    ranked = rank_p(observed, values)
    if exact or len(values) < 19 or ranked >= min(10.0 / len(values), _RESOLVED):
        return ranked, False
    above = at_least_as_large(observed, values)
    floor = float(special.betaincinv(above, len(values) - above + 1, 0.05)) if above else 0.1 / (len(values) + 1)
    return min(ranked, max(gamma_tail(observed, values), pareto_tail(observed, values), floor)), True


def pareto_tail(observed: float, drawn: npt.ArrayLike) -> float:
    """P(T >= observed) by a generalised Pareto law for the largest tenth of the draws, at least 10 of them.

    Shape and scale by probability-weighted moments (Hosking and Wallis, 1987, Technometrics 29:339), the shape between
    0 and 1/2; in permutation tests used by Knijnenburg et al. (2009, Bioinformatics 25:i161). It sees what the moments
    do not: a few blocks of another kind, such as storms. 0 where the observed statistic is not in that tail.
    """
    values = np.sort(_finite(observed, drawn))
    count = max(10, len(values) // 10)
    if len(values) <= count:
        return 0.0
    threshold = (values[-count] + values[-count - 1]) / 2.0
    over = values[-count:] - threshold
    mean = float(over.mean())
    if observed <= threshold or mean <= 0.0:
        return 0.0
    weighted = float(np.mean((1.0 - (np.arange(1, count + 1) - 0.35) / count) * over))
    bend = mean - 2.0 * weighted
    shape = min(max(2.0 - mean / bend, 0.0), 0.5) if bend > 0.0 else 0.0
    distance = (observed - threshold) / (mean * (1.0 - shape))
    tail = math.exp(-distance) if shape < 1e-6 else (1.0 + shape * distance) ** (-1.0 / shape)
    return float(count / len(values) * tail)


def gamma_tail(observed: float, drawn: npt.ArrayLike) -> float:
    """P(T >= observed) under a gamma with the moments of the draws; at least 1e-300.

    Two gammas are matched, one to mean and variance, one (shifted: Pearson's type III) to mean, variance and skewness,
    and the larger tail is taken: block permutations are often more skewed than a two-moment gamma.

    Draws that are all alike give 1 when the observed one is among them and 1 / (S + 1) otherwise.
    """
    values = _finite(observed, drawn)
    mean, variance = float(values.mean()), float(values.var())
    spread = variance**0.5
    if spread <= _TIE * (1.0 + abs(mean)):
        return 1.0 if observed <= mean + _TIE * (1.0 + abs(mean)) else 1.0 / (len(values) + 1)
    tails = [0.0]
    if mean > 0:
        tails.append(float(special.gammaincc(mean * mean / variance, max(0.0, observed * mean / variance))))
    skew = float(np.mean(((values - mean) / spread) ** 3))
    if skew > 1e-3:
        shape = 4.0 / skew**2
        tails.append(float(special.gammaincc(shape, max(0.0, shape + 2.0 * (observed - mean) / (spread * skew)))))
    else:
        tails.append(float(special.ndtr(-(observed - mean) / spread)))
    return max(*tails, 1e-300)


def _finite(observed: float, drawn: npt.ArrayLike) -> Floats:
    values = np.asarray(drawn, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(observed) or not np.all(np.isfinite(values)):
        raise InvalidStatistic(
            "Statistics under the null are missing",
            expected="a finite statistic and a vector of at least 1 finite draw",
            received=f"{observed} and {values.size} draws of shape {values.shape}",
        )
    return values
