"""P-values from statistics that were drawn under the null, and their tail beyond what the draws reach."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.counts import Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["at_least_as_large", "gamma_tail", "rank_p", "refined_p"]

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
    """The rank p, and below 10 / S the tail of a gamma in its place; with whether the gamma was used.

    Ranks end at 1 / (S + 1), while a decision over 40 columns needs p-values around .001. The gamma p is never above
    the rank p, and where draws did exceed the observed statistic never below the 95% lower Clopper-Pearson bound of
    their share: the fit may extend the draws and not contradict them. ``exact`` says that the draws are all there are.

    >>> draws = np.random.default_rng(1).chisquare(5, 1999)
    >>> p, refined = refined_p(30.0, draws)
    >>> refined, 3e-6 < p < 1e-4       # chi-square: 1.5e-5
    (True, True)
    """
    values = _finite(observed, drawn)
    ranked = rank_p(observed, values)
    if exact or len(values) < 19 or ranked >= 10.0 / len(values):
        return ranked, False
    above = at_least_as_large(observed, values)
    floor = float(special.betaincinv(above, len(values) - above + 1, 0.05)) if above else 0.0
    return min(ranked, max(gamma_tail(observed, values), floor)), True


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
