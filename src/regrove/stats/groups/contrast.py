"""The mean of some rows minus the mean of the others, with a standard error by block."""

from __future__ import annotations

import math

import msgspec
import numpy as np
from scipy import special

from regrove.stats.arrays import Bools, Codes, Floats
from regrove.stats.verdict import Interval

__all__ = ["Contrast", "contrast"]


class Contrast(msgspec.Struct, frozen=True, kw_only=True):
    """A difference of means."""

    gap: float
    interval: Interval
    p: float
    """One-sided: the chance of so large a gap if the rows inside have no higher mean."""


def contrast(values: Floats, inside: Bools, block: Codes, level: float = 0.9) -> Contrast:
    """Mean inside minus mean outside, its sandwich error over blocks and Student's p.

    Each row's influence on the gap is summed by block; degrees of freedom are one less than the blocks that have rows
    inside, or outside, whichever are fewer. With rows as blocks it is Welch's error to a factor of 1 + 1/rows. Source:
    Liang and Zeger (1986), Biometrika 73:13. With a single block p is 1.

    >>> found = contrast(np.array([1.0, 2.0, 5.0, 6.0]), np.array([False, False, True, True]), np.arange(4))
    >>> found.gap, found.p < 0.2
    (4.0, True)
    """
    n_in, n_out = float(inside.sum()), float((~inside).sum())
    mean_in, mean_out = float(values[inside].mean()), float(values[~inside].mean())
    gap = mean_in - mean_out
    influence = np.where(inside, (values - mean_in) / n_in, -(values - mean_out) / n_out)
    _, places = np.unique(block, return_inverse=True)
    blocks = int(places.max()) + 1
    few = min(len(np.unique(places[inside])), len(np.unique(places[~inside])))
    if few < 2:
        return Contrast(gap=gap, interval=Interval(-math.inf, math.inf, level), p=1.0)
    error = math.sqrt(float((np.bincount(places, weights=influence) ** 2).sum()) * blocks / (blocks - 1))
    if error == 0.0:
        return Contrast(gap=gap, interval=Interval(gap, gap, level), p=1.0 if gap <= 0.0 else 0.0)
    half = float(special.stdtrit(few - 1, 0.5 + level / 2.0)) * error
    p = float(special.stdtr(few - 1, -gap / error))
    return Contrast(gap=gap, interval=Interval(gap - half, gap + half, level), p=p)
