"""How many cells a comparison can carry, and which cells are put together to get there.

A grouping is a vector with the number of the group of each cell, numbered from 0 without a gap. It is made from pooled
totals, which no permutation of blocks can change: so the statistic of every permuted window is the same function of
its counts, and a permutation test stays exact.
"""

from __future__ import annotations

import math

import numpy as np

from regrove.stats.drift.counts import Floats, Integers

__all__ = ["cells_for", "gather", "neighbours", "pooled"]

_FULL = 64


def cells_for(rows: float) -> int:
    """The number of ordered cells that a window of this many rows can carry.

    64 from 1,000 rows on; ``max(8, rows / 20)`` from 200; 4 to 8 from 30; 1 below, where no test is made. With
    cells fixed at 32, a window of 100 rows alarmed on one of 40 columns in 35% of null cases; with cells that follow
    the window in 5%.

    >>> [cells_for(rows) for rows in (10, 30, 100, 199, 200, 400, 999, 1000, 10**6)]
    [1, 4, 4, 7, 10, 20, 49, 64, 64]
    """
    if rows < 30:
        return 1
    if rows < 200:
        return max(4, math.floor(rows / 25))
    if rows < 1000:
        return max(8, math.floor(rows / 20))
    return _FULL


def neighbours(total: Floats, groups: int) -> Integers:
    """Group ordered cells with their neighbours into at most ``groups`` groups of about the same pooled count.

    A cell belongs to the group in which the middle of its share falls, so that a single value with a large share keeps
    a group of its own.

    >>> neighbours(np.array([10.0, 10, 10, 10, 40, 0]), 4)
    array([0, 0, 1, 1, 2, 2])
    """
    rows = total.sum()
    if groups >= len(total) or rows <= 0:
        return np.arange(len(total)) if rows > 0 else np.zeros(len(total), dtype=np.int64)
    middle = (np.cumsum(total) - total / 2.0) / rows
    raw = np.minimum((middle * groups).astype(np.int64), groups - 1)
    return _renumber(raw)


def pooled(total: Floats, share: float, at_least: float = 5.0) -> Integers:
    """Put all cells together whose expected count in the smaller sample, ``share * total``, is below ``at_least``.

    When what was put together is still too small it joins the smallest of the others.

    >>> pooled(np.array([100.0, 6, 50, 8]), 0.5)
    array([1, 0, 2, 0])
    >>> pooled(np.array([100.0, 30, 50, 4]), 0.5)
    array([0, 1, 2, 1])
    """
    expected = total * share
    small = expected < at_least
    if small.all():
        return np.zeros(len(total), dtype=np.int64)
    if small.any() and expected[small].sum() < at_least:
        smallest = int(np.argmin(np.where(small, np.inf, expected)))
        numbers = np.cumsum(~small) - 1
        return np.where(small, numbers[smallest], numbers)
    return np.where(small, 0, np.cumsum(~small) - 1 + int(small.any()))


def gather(counts: Floats, groups: Integers) -> Floats:
    """Counts of shape (..., cells) added up within groups, shape (..., groups).

    >>> gather(np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([0, 1, 0]))
    array([[ 4.,  2.],
           [10.,  5.]])
    """
    membership = np.zeros((len(groups), int(groups.max()) + 1))
    membership[np.arange(len(groups)), groups] = 1.0
    result: Floats = counts @ membership
    return result


def _renumber(raw: Integers) -> Integers:
    numbers: Integers = np.unique(raw, return_inverse=True)[1].astype(np.int64)
    return numbers
