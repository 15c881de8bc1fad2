"""An interval for a quantile that assumes nothing of the law behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from regrove.stats.verdict import Interval, InvalidStatistic

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["quantile"]


def quantile(values: npt.ArrayLike, share: float, level: float = 0.9) -> tuple[float, Interval]:
    """The value that ``share`` of ``values`` do not exceed, and its interval.

    The number of values at or below the true quantile is binomial, so its ends are values of certain ranks; an end that
    no rank gives is infinite (below: 0, as these are times). Independent values. Source: David and Nagaraja (2003),
    Order Statistics, section 7.1. Each end errs in at most (1 - level) / 2.

    >>> value, interval = quantile(np.arange(1.0, 1001.0), 0.99)
    >>> value, interval.low, interval.high
    (990.0, 985.0, 996.0)
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if not n or not 0.0 < share < 1.0 or not 0.0 < level < 1.0:
        raise InvalidStatistic(
            "There is no such quantile",
            expected="at least 1 value, a share and a level between 0 and 1",
            received=f"{n} values, share {share}, level {level}",
        )
    tail = (1.0 - level) / 2.0
    ranks = np.arange(n + 1)
    below = special.bdtr(ranks, n, share)  # chance of at most so many values at or below the quantile
    low = int(np.searchsorted(below, tail, side="right"))  # the largest rank that is too high with a chance of tail
    high = int(np.searchsorted(below, 1.0 - tail, side="left")) + 1
    value = float(ordered[min(n - 1, int(np.ceil(share * n)) - 1)])
    return value, Interval(
        float(ordered[low - 1]) if low >= 1 else 0.0, float(ordered[high - 1]) if high <= n else np.inf, level
    )
