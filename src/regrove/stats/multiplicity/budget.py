"""How often a page may ring for nothing: a budget over time, and the level of each window that keeps it."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Bools, binary
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Budget", "persistent"]


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """False pages that are accepted for a model, over so many windows.

    ``least`` of ``last`` asks that an alarm persists: the page rings at an alarm when at least ``least`` of the
    ``last`` windows alarmed, that one included.

    >>> budget = Budget()
    >>> round(budget.level, 5), budget.draws, str(budget)
    (0.01111, 1799, '1 false page in 90 windows')
    >>> Budget(least=2, last=3).level > 6 * budget.level
    True
    """

    pages: float = 1.0
    windows: float = 90.0
    least: int = 1
    last: int = 1

    def __post_init__(self) -> None:
        """Refuse a budget that cannot be kept or that is none."""
        if not (0.0 < self.pages < self.windows < math.inf and 1 <= self.least <= self.last <= 1000):
            raise InvalidStatistic(
                "This is no alarm budget",
                expected="fewer false pages than windows, and at least 1 of the last windows",
                received=f"{self.pages} pages in {self.windows} windows, {self.least} of {self.last}",
            )

    def __str__(self) -> str:
        """The budget for a person."""
        return f"{self.pages:g} false page{'' if self.pages == 1 else 's'} in {self.windows:,g} windows"

    @property
    def rate(self) -> float:
        """False pages a window that are accepted."""
        return self.pages / self.windows

    @property
    def level(self) -> float:
        """The level for the page of each window.

        Stated rate: at most ``pages`` false pages are expected in ``windows`` windows. Without persistence this holds
        for windows that depend on each other too, since expectations add up; with persistence only for windows whose
        alarms are independent. Windows that overlap are not: leave persistence out there.
        """
        if self.least == 1:
            return self.rate
        low, high = 0.0, 1.0
        for _ in range(80):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self._rate_at(middle) <= self.rate else (low, middle)
        return low

    @property
    def draws(self) -> int:
        """Draws of the null from which ranks alone reach the level with room; with fewer, its tail is fitted."""
        return math.ceil(20.0 / self.level - 1e-9) - 1

    def expected(self, windows: float) -> float:
        """False pages that are expected at most in so many windows, to show a person: a quarter of days has 90.

        >>> Budget().expected(180)
        2.0
        """
        if not 0.0 <= windows < math.inf:
            raise InvalidStatistic("This is no number of windows", expected="from 0 up", received=str(windows))
        return self.rate * windows

    def _rate_at(self, level: float) -> float:
        """The chance that a window alarms and completes the number: independent alarms."""
        return level * float(special.bdtrc(self.least - 2, self.last - 1, level))


def persistent(alarms: npt.ArrayLike, least: int = 2, last: int = 3) -> Bools:
    """At which windows the page rings, given which of them alarmed.

    >>> persistent([0, 1, 0, 1, 0, 0, 1]).tolist()
    [False, False, False, True, False, False, False]
    """
    Budget(least=least, last=last)
    rang = binary("alarms", alarms)
    total = np.concatenate([np.zeros(last), np.cumsum(rang)])
    inside = total[last:] - total[: len(rang)]
    pages: Bools = rang & (inside >= least)
    return pages
