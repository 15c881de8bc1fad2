"""LORD++: the share of false alarms in a stream of p-values that never ends."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, shares
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Lord", "lord_gamma", "lord_levels"]

_NORM = 0.07720837
"""As published; the parts then add up to .976, and what is missing to 1 is never spent."""


def lord_gamma(places: npt.ArrayLike) -> Floats:
    """The part of the wealth for the j-th test after a rejection, j from 1; adds up to .976 over all j.

    Source: Javanmard and Montanari (2018, Annals of Statistics 46:526).
    """
    j = np.asarray(places, dtype=np.float64)
    found: Floats = _NORM * np.log(np.maximum(j, 2.0)) / (j * np.exp(np.sqrt(np.log(j))))
    return found


class Lord(msgspec.Struct, frozen=True, kw_only=True):
    """The state between two p-values: how many there were, and which were rejected.

    Stated level: at every time the expected share of false alarms among all alarms so far is at most ``alpha``, for
    independent p-values (Ramdas, Yang, Wainwright and Jordan, 2017, NeurIPS). Windows that overlap, or share a
    reference, are not independent; an alarm ``Budget`` is easier to explain and needs no independence.

    >>> stream = Lord()
    >>> for p in (0.5, 1e-6, 0.8):
    ...     stream = stream.after(p)
    >>> stream.rejections, stream.level > float(lord_levels([0.5, 0.5, 0.8, 0.5])[3])
    ((2,), True)
    """

    alpha: float = 0.05
    tests: int = 0
    rejections: tuple[int, ...] = ()
    """The numbers of the rejected tests, counted from 1."""

    def __post_init__(self) -> None:
        """Refuse a level that is none."""
        if not 0.0 < self.alpha < 1.0:
            raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(self.alpha))

    @property
    def level(self) -> float:
        """The level of the next test: rejected when its p-value is at or below."""
        t = self.tests + 1
        half = self.alpha / 2.0
        found = half * float(lord_gamma(t))
        if self.rejections:
            parts = lord_gamma(t - np.array(self.rejections, dtype=np.float64))
            found += half * float(parts[0]) + self.alpha * math.fsum(parts[1:].tolist())
        return found

    def after(self, p: float) -> Lord:
        """The state after one more p-value."""
        if not 0.0 <= p <= 1.0:
            raise InvalidStatistic("This is no p-value", expected="a number from 0 to 1", received=str(p))
        t = self.tests + 1
        rejections = (*self.rejections, t) if p <= self.level else self.rejections
        return Lord(alpha=self.alpha, tests=t, rejections=rejections)


def lord_levels(p: npt.ArrayLike, alpha: float = 0.05) -> Floats:
    """The level of each test of a stream that is already there, shape (tests,); rejected are ``p <= levels``.

    >>> lord_levels([0.5, 0.5]).tolist() == [Lord().level, Lord().after(0.5).level]
    True
    """
    values = shares("p", p)
    state = Lord(alpha=alpha)
    levels = np.empty(len(values))
    for place, each in enumerate(values.tolist()):
        levels[place] = state.level
        state = state.after(each)
    return levels
