"""Dependence between neighbouring blocks: how strong it is, and how long a run must be to hold it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from regrove.stats.drift.counts import Floats, Integers, as_blocks
from regrove.stats.verdict import InvalidStatistic

__all__ = ["autocorrelation", "automatic_length", "block_scores"]


def block_scores(blocks: npt.ArrayLike, ordered: int) -> Floats:
    """One number a block that moves when its distribution does, in the order of the blocks.

    For ordered cells the mean pooled rank (ridit) of the block's rows, in 0 to 1; for categories the share of the one
    whose share varies most. Blocks without rows get the mean of the others.

    >>> block_scores([[4, 0], [2, 2], [0, 4]], 2)
    array([0.25, 0.5 , 0.75])
    """
    counts = as_blocks(blocks, "block counts")
    cells = counts[:, :ordered] if ordered else counts
    rows = cells.sum(axis=1)
    if not np.any(rows > 0):
        return np.zeros(len(cells))
    shares = cells[rows > 0] / rows[rows > 0, None]
    if ordered:
        total = cells.sum(axis=0) / rows.sum()
        present = shares @ (np.cumsum(total) - total / 2.0)
    else:
        present = shares[:, int(np.argmax(shares.var(axis=0)))]
    scores = np.full(len(cells), present.mean())
    scores[rows > 0] = present
    return scores


def autocorrelation(series: npt.ArrayLike, strata: Integers | None = None) -> float:
    """The lag-1 autocorrelation of a series, after the means of its strata were taken away; 0 for a constant one.

    >>> round(autocorrelation([1.0, 2, 3, 4, 5, 6, 7, 8]), 3)
    0.625
    """
    values = _series(series)
    if strata is not None:
        counts = np.maximum(np.bincount(strata), 1)
        values = values - (np.bincount(strata, weights=values) / counts)[strata]
    centred = values - values.mean()
    power = float(centred @ centred)
    return float(centred[1:] @ centred[:-1]) / power if power > 1e-24 * max(1.0, float(values @ values)) else 0.0


def automatic_length(series: npt.ArrayLike) -> int:
    """The run length for resampling a dependent series, in elements: at least 1, at most a third of the series.

    The rule of Politis and White (2004, Econometric Reviews 23:53) for the circular block bootstrap with the
    correction of Patton, Politis and White (2009, Econometric Reviews 28:372): the autocovariances up to twice the lag
    from which on none is significant, under a flat-top window, give the length that minimises the error of the variance
    of the mean.

    >>> automatic_length(np.random.default_rng(0).normal(size=400))
    1
    """
    values = _series(series)
    n = len(values)
    centred = values - values.mean()
    if n < 8 or float(centred @ centred) <= 1e-24 * max(1.0, float(values @ values)):
        return 1
    limit = math.ceil(min(3.0 * math.sqrt(n), n / 3.0))
    run = max(5, int(math.log10(n)))
    furthest = min(math.ceil(math.sqrt(n)) + run, n - 1)
    covariances = np.array([centred[lag:] @ centred[: n - lag] for lag in range(furthest + 1)]) / n
    lags = min(2 * _last_significant(covariances / covariances[0], n, run), furthest)
    k = np.arange(1, lags + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - k / max(lags, 1)))
    slope = 2.0 * float(np.sum(window * k * covariances[k]))
    spectrum = float(covariances[0] + 2.0 * np.sum(window * covariances[k]))
    if spectrum <= 0.0:
        return limit
    length: float = (1.5 * slope**2 / spectrum**2 * n) ** (1.0 / 3.0)
    return int(max(1, min(math.ceil(length), limit)))


def _last_significant(correlations: Floats, n: int, run: int) -> int:
    """The lag after which ``run`` autocorrelations in a row are below their noise level; at least 1."""
    level = 2.0 * math.sqrt(math.log10(n) / n)
    quiet = np.abs(correlations[1:]) < level
    for lag in range(len(quiet) - run + 1):
        if quiet[lag : lag + run].all():
            return max(lag, 1)
    loud = np.flatnonzero(~quiet)
    return int(loud[-1]) + 1 if len(loud) else 1


def _series(series: npt.ArrayLike) -> Floats:
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.all(np.isfinite(values)):
        raise InvalidStatistic(
            "This is no series", expected="a vector of at least 2 finite numbers", received=f"shape {values.shape}"
        )
    return values
