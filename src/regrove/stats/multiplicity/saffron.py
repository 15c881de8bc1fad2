"""SAFFRON: like LORD++, but tests that could never be rejected cost nothing."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, shares
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Saffron", "saffron_gamma", "saffron_levels"]

_POWER = 1.6
_NORM = 1.0 / float(special.zeta(_POWER))


def saffron_gamma(places: npt.ArrayLike) -> Floats:
    """The part of the wealth for the j-th test that costs, j from 1: proportional to j^-1.6, adds up to 1."""
    found: Floats = _NORM * np.asarray(places, dtype=np.float64) ** -_POWER
    return found


class Saffron(msgspec.Struct, frozen=True, kw_only=True):
    """The state between two p-values.

    A p-value at or below ``candidate`` is a candidate and costs nothing, so that many true alarms leave more for the
    next ones; without any signal LORD++ has larger levels.

    Stated level: as ``Lord``, for independent p-values (Ramdas, Zrnic, Wainwright and Jordan, 2018, ICML).

    >>> stream = Saffron()
    >>> for p in (0.9, 1e-6, 0.3):
    ...     stream = stream.after(p)
    >>> stream.starts, stream.costly
    ((0, 1), 1)
    """

    alpha: float = 0.05
    candidate: float = 0.5
    tests: int = 0
    costly: int = 0
    """Tests so far that were no candidates."""
    starts: tuple[int, ...] = (0,)
    """How many costly tests there were at the start and at each rejection."""

    def __post_init__(self) -> None:
        """Refuse a level that is none."""
        if not (0.0 < self.alpha < 1.0 and 0.0 < self.candidate < 1.0):
            raise InvalidStatistic(
                "These are no levels",
                expected="alpha and candidate between 0 and 1",
                received=f"alpha {self.alpha}, candidate {self.candidate}",
            )

    @property
    def level(self) -> float:
        """The level of the next test: rejected when its p-value is at or below."""
        weights = np.full(len(self.starts), self.alpha)
        weights[:2] = self.alpha / 2.0
        parts = saffron_gamma(1 + self.costly - np.array(self.starts))
        return min(self.candidate, (1.0 - self.candidate) * float(weights @ parts))

    def after(self, p: float) -> Saffron:
        """The state after one more p-value."""
        if not 0.0 <= p <= 1.0:
            raise InvalidStatistic("This is no p-value", expected="a number from 0 to 1", received=str(p))
        costly = self.costly + (p > self.candidate)
        starts = (*self.starts, costly) if p <= self.level else self.starts
        return Saffron(alpha=self.alpha, candidate=self.candidate, tests=self.tests + 1, costly=costly, starts=starts)


def saffron_levels(p: npt.ArrayLike, alpha: float = 0.05, *, candidate: float = 0.5) -> Floats:
    """The level of each test of a stream that is already there, shape (tests,); rejected are ``p <= levels``.

    >>> float(saffron_levels([1e-9, 0.2])[1]) > float(saffron_levels([0.9, 0.2])[1])
    True
    """
    values = shares("p", p)
    state = Saffron(alpha=alpha, candidate=candidate)
    levels = np.empty(len(values))
    for place, each in enumerate(values.tolist()):
        levels[place] = state.level
        state = state.after(each)
    return levels
