"""Anderson and Darling's distance between two samples that were counted on the same ordered cells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regrove.stats.drift.counts import Floats, as_counts
from regrove.stats.verdict import InvalidStatistic

__all__ = ["anderson_darling", "anderson_of_windows", "anderson_weights"]


def anderson_darling(reference: npt.ArrayLike, window: npt.ArrayLike) -> Floats:
    """The two-sample Anderson-Darling statistic on counts.

    With F, G, H the shares cumulated over cells of reference (n rows), window (m rows) and both together, and t the
    pooled shares::

        AD = nm/(n+m) * sum over cells j < B of (F_j - G_j)^2 / (H_j (1 - H_j)) * (t_j + t_{j+1}) / 2

    It sees shifts, changes of spread and of tails; single values that grow or vanish are the chi-square's part. This
    is the statistic of Scholz and Stephens (1987, JASA 82:918), their midrank form for ties, with the two samples
    counted on cells; its square weights are the trapezoid rule on H.

    Args:
        reference: counts, shape (..., cells), in the order of the values.
        window: counts, shape (..., cells); leading axes broadcast.

    Returns:
        Shape (...). 0 where either side is empty.

    >>> float(anderson_darling([10, 10, 10], [10, 10, 10]))
    0.0
    >>> round(float(anderson_darling([30, 20, 10], [10, 20, 30])), 3)
    10.0
    """
    left, right = as_counts(reference, "reference"), as_counts(window, "window")
    if left.shape[-1] != right.shape[-1]:
        raise InvalidStatistic(
            "Reference and window were counted on different cells",
            expected=f"{left.shape[-1]} cells",
            received=f"{right.shape[-1]} cells",
        )
    total = left + right
    return anderson_of_windows(right, total)


def anderson_weights(total: Floats) -> Floats:
    """The weight of each inner edge, ``(t_j + t_{j+1}) / (2 H_j (1 - H_j))``; 0 at edges that split nothing off.

    ``total`` has shape (..., cells), the result (..., cells - 1). Rows that are empty get weights of 0.
    """
    rows = total.sum(axis=-1, keepdims=True)
    shares = np.divide(total, rows, out=np.zeros_like(total), where=rows > 0)
    cumulated = np.cumsum(total, axis=-1)[..., :-1]
    split = (cumulated > 0) & (cumulated < rows)
    below = np.divide(cumulated, rows, out=np.full_like(cumulated, 0.5), where=split)
    weights: Floats = np.where(split, (shares[..., :-1] + shares[..., 1:]) / (2.0 * below * (1.0 - below)), 0.0)
    return weights


def anderson_of_windows(windows: Floats, total: Floats) -> Floats:
    """The statistic of many windows, shape (..., cells), that were all taken from the same ``total``.

    With r = total - window the difference F - G is N (H m - W) / (m (N - m)), W the cumulated window: so one pass over
    the windows suffices, and windows with equal counts get equal statistics to the last bit.
    """
    all_rows = total.sum(axis=-1)
    rows = windows.sum(axis=-1)
    other = all_rows - rows
    both = (rows > 0) & (other > 0)
    gaps = np.cumsum(windows, axis=-1)[..., :-1]
    below = np.divide(
        np.cumsum(total, axis=-1)[..., :-1],
        all_rows[..., None],
        out=np.zeros((*total.shape[:-1], total.shape[-1] - 1)),
        where=all_rows[..., None] > 0,
    )
    gaps -= below * rows[..., None]
    np.square(gaps, out=gaps)
    weights = anderson_weights(total)
    sums = gaps @ weights if weights.ndim == 1 else (gaps * weights).sum(axis=-1)
    scale = np.divide(all_rows, rows * other, out=np.zeros_like(rows * other), where=both)
    result: Floats = np.where(both, scale * sums, 0.0)
    return result
