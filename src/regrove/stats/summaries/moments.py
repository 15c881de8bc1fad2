"""Count, mean, spread and range of numbers, which merge."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

__all__ = ["Moments", "merge_moments", "moments_of"]


class Moments(msgspec.Struct, frozen=True):
    """Of finite values. The range of no values is infinity to minus infinity, their mean 0."""

    rows: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """The sum of squared deviations from the mean; infinite when it is beyond what a float holds."""
    low: float = math.inf
    high: float = -math.inf

    @property
    def variance(self) -> float:
        """The unbiased variance; 0 for fewer than 2 rows."""
        return self.squares / (self.rows - 1) if self.rows > 1 else 0.0


def moments_of(values: npt.NDArray[np.float64]) -> Moments:
    """The moments of finite float64 values, in two passes.

    >>> moments_of(np.array([1.0, 2.0, 6.0]))
    Moments(rows=3, mean=3.0, squares=14.0, low=1.0, high=6.0)
    """
    rows = len(values)
    if not rows:
        return Moments()
    low, high = float(values.min()), float(values.max())
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.sum()) / rows
        if not math.isfinite(mean):
            mean = float((values / rows).sum())
        mean = min(max(mean, low), high)
        away = values - mean
        squares = float(away @ away)
    return Moments(rows, mean, squares if squares == squares else math.inf, low, high)  # noqa: PLR0124 - nan test


def merge_moments(first: Moments, second: Moments) -> Moments:
    """The moments of both together (Chan, Golub and LeVeque, 1983, The American Statistician 37:242).

    Counts and ranges are exact in any order; mean and squares agree between orders to about 1e-12 of the spread.

    >>> merge_moments(moments_of(np.array([1.0, 2.0])), moments_of(np.array([6.0])))
    Moments(rows=3, mean=3.0, squares=14.0, low=1.0, high=6.0)
    """
    if not first.rows or not second.rows:
        return first if first.rows else second
    rows = first.rows + second.rows
    share = second.rows / rows
    gap = second.mean - first.mean
    if math.isfinite(gap):
        mean = first.mean + gap * share
        squares = first.squares + second.squares + gap * (gap * (first.rows * share))
    else:
        mean, squares = first.mean * (1.0 - share) + second.mean * share, math.inf
    low, high = min(first.low, second.low), max(first.high, second.high)
    return Moments(rows, min(max(mean, low), high), squares, low, high)
