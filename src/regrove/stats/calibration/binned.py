"""The binned calibration error without its upward bias."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, binary, codes, same_rows, shares
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["CalibrationError", "squared_error"]


class CalibrationError(msgspec.Struct, frozen=True, kw_only=True):
    """The mean squared distance between predicted and observed shares over bins."""

    squared: float
    """Debiased: on average right, and so below 0 about half of the time for a calibrated score."""
    root: float
    """The root of what is above 0: the error in units of probability."""
    interval: Interval
    """Of ``squared``; from its linearisation by row or block, cut at 0 from below."""
    plain: float
    """The usual binned error, mean absolute distance; biased upwards most where the score is calibrated."""
    bins: int
    rows: int


def squared_error(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    bins: int = 15,
    blocks: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> CalibrationError:
    """The debiased squared calibration error over bins of equal counts.

    Sum over bins of w [(p - y)^2 - y (1 - y) / (n - 1)], with w the bin's share of rows, p and y its mean score and
    outcome: what chance adds to each square is taken off. Source: Kumar, Liang and Ma (2019), NeurIPS 32. The error is
    that of the binned score: what differs inside a bin is not seen. Bins of fewer than 2 rows are joined to the next;
    rows of one score are never parted. The interval is normal, from the rows' (blocks') influence, with the null
    variance 2 sum w^2 v^2 of a calibrated score added, where v is the variance of a bin's mean outcome.

    >>> rng = np.random.default_rng(0)
    >>> scores = rng.random(3000)
    >>> found = squared_error(rng.random(3000) < scores, scores)
    >>> found.interval.covers(0.0), found.plain > 0.01
    (True, True)
    """
    y, x = binary("truth", truth).astype(np.float64), shares("scores", scores)
    rows = same_rows(truth=y, scores=x)
    if rows < 2 or bins < 1 or not 0.0 < level < 1.0:
        raise InvalidStatistic(
            "There is nothing to bin", expected="at least 2 rows and 1 bin", received=f"{rows} rows, {bins} bins"
        )
    place = _bins(x, bins)
    n = np.bincount(place).astype(np.float64)
    p, q = np.bincount(place, weights=x) / n, np.bincount(place, weights=y) / n
    weight, noise = n / rows, q * (1.0 - q) / (n - 1.0)
    squared = float(weight @ ((p - q) ** 2 - noise))
    influence: Floats = (2.0 * (p - q)[place] * (x - y) - ((p - q) ** 2)[place]) / rows
    influence -= influence.mean()
    if blocks is not None:
        block = codes(blocks)[1]
        same_rows(truth=y, blocks=block)
        influence = np.bincount(block, weights=influence).astype(np.float64)
    count = len(influence)
    linear = float((influence**2).sum()) * count / max(1, count - 1)
    z = float(special.ndtri(0.5 + level / 2.0))
    half = z * math.sqrt(linear + 2.0 * float((weight**2) @ noise**2))
    return CalibrationError(
        squared=squared,
        root=math.sqrt(max(0.0, squared)),
        interval=Interval(max(0.0, squared - half), max(0.0, squared + half), level),
        plain=float(weight @ np.abs(p - q)),
        bins=len(n),
        rows=rows,
    )


def _bins(x: Floats, bins: int) -> npt.NDArray[np.int64]:
    """The bin of each row: quantiles of the scores, none with fewer than 2 rows."""
    edges = np.unique(np.quantile(x, np.linspace(0.0, 1.0, bins + 1)[1:-1], method="inverted_cdf"))
    place = edges.searchsorted(x, "left")
    counts = np.bincount(place, minlength=len(edges) + 1)
    new, rows, at = np.zeros(len(counts), dtype=np.int64), 0, 0
    for cell, count in enumerate(counts.tolist()):
        new[cell] = at
        rows += count
        if rows >= 2:
            at, rows = at + 1, 0
    new[new >= max(at, 1)] = max(at, 1) - 1
    joined: npt.NDArray[np.int64] = new[place]
    return joined
