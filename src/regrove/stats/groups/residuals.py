"""Regression: the mean residual of each group, and how far its residuals lie from those of the others."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Codes, Floats, codes, finite, same_rows
from regrove.stats.verdict import Interval

__all__ = ["GroupResidual", "group_residuals"]


class GroupResidual(msgspec.Struct, frozen=True, kw_only=True):
    """The residuals (truth minus prediction) of one group, in units of the target."""

    group: str
    mean: float
    interval: Interval
    """Of the mean; infinite on both sides with a single row or block."""
    transport: float | None
    """Wasserstein-1 distance between the group's residuals and all others'; None for a single group. Not debiased."""
    rows: int
    blocks: int
    """Blocks with rows of the group; the rows themselves where no blocks were given."""


def group_residuals(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    blocks: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[GroupResidual, ...]:
    """Mean residual by group with Student's interval, on sums by block where blocks are given.

    Source of the block form: the linearised ratio estimator, Cochran (1977), Sampling Techniques, section 6.

    >>> [a, b] = group_residuals([1, 2, 3, 4], [1, 2, 2, 2], ["a", "a", "b", "b"])
    >>> a.mean, b.mean, b.transport
    (0.0, 1.5, 1.5)
    """
    left, right = finite("truth", truth), finite("predicted", predicted)
    names, places = codes(groups)
    rows = same_rows(truth=left, predicted=right, groups=places)
    residual = left - right
    block = np.arange(rows) if blocks is None else codes(blocks)[1]
    same_rows(truth=left, blocks=block)
    found = []
    for place, name in enumerate(names):
        here = places == place
        mean, interval, count = _mean(residual[here], block[here], level)
        rest = residual[~here]
        found.append(
            GroupResidual(
                group=name,
                mean=mean,
                interval=interval,
                transport=_transport(residual[here], rest) if len(rest) else None,
                rows=int(here.sum()),
                blocks=count,
            )
        )
    return tuple(found)


def _mean(values: Floats, block: Codes, level: float) -> tuple[float, Interval, int]:
    _, places = np.unique(block, return_inverse=True)
    count = int(places.max()) + 1
    mean = float(values.mean())
    if count < 2:
        return mean, Interval(-math.inf, math.inf, level), count
    sums = np.bincount(places, weights=values - mean, minlength=count)
    error = math.sqrt(float((sums**2).sum()) * count / (count - 1)) / len(values)
    half = float(special.stdtrit(count - 1, 0.5 + level / 2.0)) * error
    return mean, Interval(mean - half, mean + half, level), count


def _transport(left: Floats, right: Floats) -> float:
    """The area between the two distribution functions."""
    a, b = np.sort(left), np.sort(right)
    every = np.sort(np.concatenate([a, b]))
    f = a.searchsorted(every[:-1], "right") / len(a)
    g = b.searchsorted(every[:-1], "right") / len(b)
    return float(np.abs(f - g) @ np.diff(every))
