"""Planned looks: how much of the error may be spent by when, and the boundaries that follow.

The spending of Lan and DeMets (1983, Biometrika 70:659) that is like O'Brien and Fleming's: almost nothing early,
almost all at the end. Boundaries by the recursive integration of Armitage, McPherson and Rowe (1969).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from regrove.stats.arrays import Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["LOOKS", "boundaries", "crossing", "drift_for_power", "spent"]

LOOKS = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Parts of the largest number of units at which is looked."""

_POINTS = 401
_REACH = 8.5
"""Standard deviations below which a path is left out."""
_NEVER = 12.0
"""A boundary that stands for none."""


def spent(fraction: float, alpha: float = 0.05) -> float:
    """The part of alpha that may be spent when this fraction of the units was seen: 2 - 2 Phi(z / sqrt(fraction)).

    >>> round(spent(0.5), 5), round(spent(1.0), 5)
    (0.00557, 0.05)
    """
    if not (0.0 <= fraction <= 1.0 and 0.0 < alpha < 1.0):
        raise InvalidStatistic(
            "Nothing can be spent", expected="a fraction of 0 to 1, alpha in 0 to 1", received=f"{fraction}, {alpha}"
        )
    if fraction == 0.0:
        return 0.0
    return 2.0 * float(special.ndtr(special.ndtri(alpha / 2.0) / math.sqrt(fraction)))


def boundaries(fractions: Sequence[float] = LOOKS, *, alpha: float = 0.05) -> tuple[float, ...]:
    """One-sided boundaries for z at each look; z above any of them has probability alpha under the null.

    Looks may be moved: give the fractions that were used so far and the one of now. What earlier looks spent stays
    spent.

    >>> [round(each, 3) for each in boundaries(alpha=0.025)]
    [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    looks = _looks(fractions)
    found: list[float] = []
    density: tuple[Floats, Floats] | None = None
    before = 0.0
    for place, look in enumerate(looks):
        until = spent(look, alpha)
        found.append(_boundary(density, looks, place, until - before))
        before = until
        density = _stopped(density, looks, place, found[-1], 0.0)
    return tuple(found)


def crossing(bounds: Sequence[float], fractions: Sequence[float] = LOOKS, *, drift: float = 0.0) -> tuple[float, ...]:
    """The probability to cross first at each look, when z has mean ``drift`` at the end.

    >>> round(sum(crossing(boundaries())), 6)
    0.05
    """
    looks = _looks(fractions)
    if len(bounds) != len(looks) or not all(math.isfinite(each) for each in (*bounds, drift)):
        raise InvalidStatistic(
            "Boundaries and looks differ", expected=f"{len(looks)} finite boundaries", received=f"{list(bounds)}"
        )
    density: tuple[Floats, Floats] | None = None
    found = []
    for place, bound in enumerate(bounds):
        found.append(_beyond(density, looks, place, bound, drift))
        density = _stopped(density, looks, place, bound, drift)
    return tuple(found)


def drift_for_power(power: float = 0.9, fractions: Sequence[float] = LOOKS, *, alpha: float = 0.05) -> float:
    """The mean of z at the last look at which the boundaries are crossed with this probability.

    >>> round(drift_for_power(), 3), round(drift_for_power(fractions=(1.0,)), 3)
    (2.974, 2.926)
    """
    if not alpha < power < 1.0:
        raise InvalidStatistic("There is no such power", expected="between alpha and 1", received=str(power))
    bounds = boundaries(fractions, alpha=alpha)
    low, high = 0.0, 20.0
    for _ in range(32):
        middle = (low + high) / 2.0
        low, high = (middle, high) if sum(crossing(bounds, fractions, drift=middle)) < power else (low, middle)
    return (low + high) / 2.0


def _looks(fractions: Sequence[float]) -> tuple[float, ...]:
    looks = tuple(float(each) for each in fractions)
    rising = all(left < right for left, right in itertools.pairwise(looks))
    if not looks or not rising or not looks[0] > 0.0 or not looks[-1] <= 1.0:
        raise InvalidStatistic(
            "These are no looks", expected="rising fractions above 0 and at most 1", received=str(list(fractions))
        )
    return looks


def _beyond(
    density: tuple[Floats, Floats] | None, looks: tuple[float, ...], place: int, bound: float, drift: float
) -> float:
    """P(not stopped before, and z above ``bound`` now), on the scale of sums s = z sqrt(fraction)."""
    edge = bound * math.sqrt(looks[place])
    if density is None:
        return float(special.ndtr((drift * looks[0] - edge) / math.sqrt(looks[0])))
    points, weights = density
    step = looks[place] - looks[place - 1]
    return float(weights @ special.ndtr((points + drift * step - edge) / math.sqrt(step)))


def _boundary(density: tuple[Floats, Floats] | None, looks: tuple[float, ...], place: int, target: float) -> float:
    low, high = -_NEVER, _NEVER
    if _beyond(density, looks, place, high, 0.0) >= target:
        return high
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _beyond(density, looks, place, middle, 0.0) > target else (low, middle)
    return (low + high) / 2.0


def _stopped(
    density: tuple[Floats, Floats] | None, looks: tuple[float, ...], place: int, bound: float, drift: float
) -> tuple[Floats, Floats]:
    """Points below the boundary and the probability that each stands for (Simpson's weights)."""
    root = math.sqrt(looks[place])
    low = drift * looks[place] - _REACH * root
    points = np.linspace(
        min(low, bound * root - root), min(bound * root, drift * looks[place] + _REACH * root), _POINTS
    )
    simpson = np.full(_POINTS, 2.0)
    simpson[1::2] = 4.0
    simpson[[0, -1]] = 1.0
    simpson *= (points[1] - points[0]) / 3.0
    if density is None:
        values = np.exp(-0.5 * ((points - drift * looks[0]) / root) ** 2) / (root * math.sqrt(2.0 * math.pi))
        return points, values * simpson
    earlier, weights = density
    step = looks[place] - looks[place - 1]
    kernel = np.exp(-0.5 * (points[:, None] - earlier[None, :] - drift * step) ** 2 / step)
    return points, (kernel @ weights) / math.sqrt(2.0 * math.pi * step) * simpson
