"""Boundaries from normal mixtures: for sub-Gaussian sums at all times, and for means of many values in the limit."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, binary, finite, same_rows
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["asymptotic_difference", "asymptotic_radius", "best_rho", "mixture_boundary"]

_LEAST = 100
"""Values in each arm."""


def mixture_boundary(variance: npt.ArrayLike, *, rho: float, alpha: float = 0.05) -> Floats:
    """``sqrt((V + rho) log((V + rho) / (rho alpha^2)))``: a sub-Gaussian sum ever leaves it with P <= alpha.

    Two-sided. Values in [0, 1] minus their mean are sub-Gaussian with V = n / 4 (Howard, Ramdas, McAuliffe and
    Sekhon, 2021, Annals of Statistics 49:1055).

    Args:
        variance: V, any shape, from 0 up.
        rho: above 0; the boundary is tightest about ``best_rho``.
        alpha: between 0 and 1.

    >>> round(float(mixture_boundary(100.0, rho=10.0)), 2)
    30.38
    """
    values = np.asarray(variance, dtype=np.float64)
    if not (np.isfinite(values).all() and (values >= 0.0).all() and 0.0 < rho < math.inf and 0.0 < alpha < 1.0):
        raise InvalidStatistic(
            "There is no boundary",
            expected="finite variances from 0 up, rho above 0, alpha between 0 and 1",
            received=f"variances of shape {values.shape}, rho {rho}, alpha {alpha}",
        )
    radius: Floats = np.sqrt((values + rho) * (np.log1p(values / rho) - 2.0 * math.log(alpha)))
    return radius


def best_rho(variance: float, *, alpha: float = 0.05) -> float:
    """The rho at which the boundary is lowest when the variance has grown to ``variance``.

    ``V / (-W(-alpha^2 / e) - 1)`` with the lower branch of Lambert's W.

    >>> round(best_rho(100.0), 2)
    12.18
    """
    if not (0.0 < variance < math.inf and 0.0 < alpha < 1.0):
        raise InvalidStatistic(
            "There is no best rho",
            expected="a variance above 0, alpha between 0 and 1",
            received=f"{variance}, {alpha}",
        )
    return float(variance / (-special.lambertw(-(alpha**2) / math.e, k=-1).real - 1.0))


def asymptotic_radius(deviation: float, count: int, *, best_at: int, alpha: float = 0.05) -> float:
    """Half the width of an asymptotic confidence sequence for a mean after ``count`` values.

    ``sd sqrt(2 (n r^2 + 1) / (n^2 r^2) log(sqrt(n r^2 + 1) / alpha))`` with r^2 chosen for ``best_at`` values
    (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, 2024, Annals of Statistics). A limit for many values with a
    variance: at few, rare or heavy-tailed ones it covers less than it says.

    >>> round(asymptotic_radius(1.0, 1000, best_at=1000), 3)
    0.096
    """
    if not (0.0 <= deviation < math.inf and count >= 1 and best_at >= 1 and 0.0 < alpha < 0.4):
        raise InvalidStatistic(
            "There is no such radius",
            expected="a deviation from 0, counts from 1, alpha between 0 and .4",
            received=f"deviation {deviation}, count {count}, best at {best_at}, alpha {alpha}",
        )
    square = (-2.0 * math.log(alpha) + math.log(1.0 - 2.0 * math.log(alpha))) / best_at
    inside = count * square + 1.0
    return deviation * math.sqrt(2.0 * inside / (count**2 * square) * (0.5 * math.log(inside) - math.log(alpha)))


def asymptotic_difference(
    values: npt.ArrayLike, in_canary: npt.ArrayLike, share: float, *, best_at: int, alpha: float = 0.05
) -> Interval:
    """Mean of the canary minus mean of the control, with a range that may be looked at at any time.

    Each value is weighted by one over its arm's share, after the common mean was taken off. Refused below 100 values
    in either arm and for shares outside .3 to .7: with an unequal share and rare events the level is several times
    what is stated (.18 in place of .05 at a tenth and 1% errors); count events with a grid there.

    Args:
        values: shape (rows,), one a unit.
        in_canary: shape (rows,).
        share: of the canary, constant.
        best_at: the number of rows at which the range should be tightest.
        alpha: between 0 and .4.

    >>> rng = np.random.default_rng(0)
    >>> arm = rng.random(4000) < 0.5
    >>> asymptotic_difference(rng.normal(10, 1, 4000) + 0.5 * arm, arm, 0.5, best_at=4000).covers(0.5)
    True
    """
    numbers, arms = finite("values", values), binary("in_canary", in_canary)
    rows = same_rows(values=numbers, in_canary=arms)
    smaller = min(int(arms.sum()), rows - int(arms.sum()))
    if not 0.3 <= share <= 0.7 or smaller < _LEAST:
        raise InvalidStatistic(
            "The limit does not hold here",
            expected=f"a share of .3 to .7 and at least {_LEAST} values in each arm",
            received=f"share {share} and {smaller} values in the smaller arm",
            mend="count events with a grid e-process, or bet on the means of blocks",
        )
    centred = numbers - np.cumsum(np.concatenate([[0.0], numbers[:-1]])) / np.maximum(np.arange(rows), 1)
    effects = centred * np.where(arms, 1.0 / share, -1.0 / (1.0 - share))
    mean = float(effects.mean())
    radius = asymptotic_radius(float(effects.std()), rows, best_at=best_at, alpha=alpha)
    return Interval(mean - radius, mean + radius, 1.0 - alpha)
