"""Bounds for the noncentrality of a scaled chi-square: what an observed divergence says about the true one."""

from __future__ import annotations

import math

from scipy import special

__all__ = ["noncentral_bounds"]


def noncentral_bounds(statistic: float, degrees: float, level: float = 0.9) -> tuple[float, float]:
    """The two-sided interval for the noncentrality of a chi-square, by turning its distribution around.

    The upper end is never below the one of a statistic at its null median: a statistic that is smaller than chance
    explains says nothing about the effect, and must not prove that there is none.

    >>> low, high = noncentral_bounds(30.0, 10.0)
    >>> round(low, 2), round(high, 2)
    (7.21, 40.4)
    """
    tail = (1.0 - level) / 2.0
    median = float(special.chdtri(degrees, 0.5))
    return _solve(statistic, degrees, 1.0 - tail), _solve(max(statistic, median), degrees, tail)


def _solve(statistic: float, degrees: float, probability: float) -> float:
    """The noncentrality under which the statistic stands at this quantile; 0 when it stands below it at once."""
    if statistic <= 0.0 or float(special.chdtr(degrees, statistic)) <= probability:
        return 0.0
    if statistic + degrees <= 2000.0:
        return max(0.0, float(special.chndtrinc(statistic, degrees, probability)))
    # the normal law with the chi-square's mean and variance, solved for the noncentrality; within .2% from here on
    z = float(special.ndtri(probability))
    spread = 2.0 * (math.sqrt(max(0.0, z * z + statistic - degrees / 2.0)) - z)
    return max(0.0, (spread * spread - 2.0 * degrees) / 4.0)
