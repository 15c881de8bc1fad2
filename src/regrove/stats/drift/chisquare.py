"""Pearson's chi-square for two samples, with small cells put together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.cells import gather, pooled
from regrove.stats.drift.counts import Floats, as_counts
from regrove.stats.verdict import InvalidStatistic

__all__ = ["chi_square", "chi_square_of_windows", "homogeneity"]


def chi_square(reference: npt.ArrayLike, window: npt.ArrayLike) -> Floats:
    """The two-sample chi-square statistic, no cells put together.

    ``sum over cells of (r sqrt(m/n) - c sqrt(n/m))^2 / (r + c)``, r and c the counts of n reference and m window rows:
    Pearson's test of homogeneity of a 2 x B table. It is not the goodness-of-fit form that takes the reference's shares
    as known; that one is too large by the factor 1 + m/n.

    Shapes (..., cells) broadcast; the result is 0 where either side is empty. Cells empty on both sides add nothing.

    >>> round(float(chi_square([30, 20, 10], [10, 20, 30])), 6)
    20.0
    """
    left, right = as_counts(reference, "reference"), as_counts(window, "window")
    if left.shape[-1] != right.shape[-1]:
        raise InvalidStatistic(
            "Reference and window were counted on different cells",
            expected=f"{left.shape[-1]} cells",
            received=f"{right.shape[-1]} cells",
        )
    return chi_square_of_windows(right, left + right)


def chi_square_of_windows(windows: Floats, total: Floats) -> Floats:
    """The statistic of many windows, shape (..., cells), that were all taken from the same ``total``.

    With r = t - c the term is N^2 (c - t m/N)^2 / (n m t), so one pass over the windows suffices.
    """
    all_rows = total.sum(axis=-1)
    rows = windows.sum(axis=-1)
    other = all_rows - rows
    both = (rows > 0) & (other > 0)
    shares = np.divide(total, all_rows[..., None], out=np.zeros_like(total), where=all_rows[..., None] > 0)
    weights = np.divide(1.0, shares, out=np.zeros_like(shares), where=shares > 0)
    gaps = windows - shares * rows[..., None]
    np.square(gaps, out=gaps)
    sums = gaps @ weights if weights.ndim == 1 else (gaps * weights).sum(axis=-1)
    scale = np.divide(all_rows, rows * other, out=np.zeros_like(rows * other), where=both)
    result: Floats = np.where(both, scale * sums, 0.0)
    return result


def homogeneity(reference: npt.ArrayLike, window: npt.ArrayLike, at_least: float = 5.0) -> tuple[float, int, float]:
    """Statistic, degrees of freedom and p of the two-sample chi-square for independent rows.

    Cells whose expected count in the smaller sample is below ``at_least`` are put together as one cell first. With
    one cell left there is nothing to compare: statistic 0, no degrees of freedom, p 1.

    Stated level: 5% of p-values are at or below .05 when both samples are independent rows of one distribution and
    ``at_least`` is 5; rows that depend on each other need the block permutation instead.

    >>> statistic, degrees, p = homogeneity([300, 500, 3], [100, 290, 1])
    >>> round(statistic, 3), degrees, round(p, 6)
    (16.64, 1, 4.5e-05)
    """
    left, right = as_counts(reference, "reference"), as_counts(window, "window")
    total = left + right
    rows = total.sum()
    smaller = min(left.sum(), right.sum())
    groups = pooled(total, smaller / rows if rows > 0 else 0.0, at_least)
    statistic = float(chi_square_of_windows(gather(right, groups), gather(total, groups)))
    degrees = max(int(groups.max()), 0)
    return statistic, degrees, float(special.chdtrc(degrees, statistic)) if degrees else 1.0
