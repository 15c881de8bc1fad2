"""The directions in which the reference varies most."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.drift.counts import Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Projection", "fit_projection", "scaled_rows"]


class Projection(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Rows are centred and scaled column by column, then described by ``directions``."""

    centre: npt.NDArray[np.float64]
    """Shape (inputs,): medians of the reference."""
    scale: npt.NDArray[np.float64]
    """Shape (inputs,): interquartile ranges / 1.349, the standard deviation of a normal; 1 for constant columns."""
    directions: npt.NDArray[np.float64]
    """Shape (inputs, kept), orthonormal."""
    kept: float
    """Share of the variance that they hold."""
    rows: int


def fit_projection(sample: npt.ArrayLike, *, variance: float = 0.65) -> Projection:
    """The fewest principal directions of the reference that hold ``variance`` of it.

    Values that are not finite stand for the median of their column. A sample without any variance has no directions.

    Args:
        sample: reference rows, shape (rows, inputs).
        variance: the share to hold, above 0 and at most 1.

    >>> line = np.outer(np.linspace(-1, 1, 50), [1.0, 2.0])
    >>> fit_projection(line).directions.shape
    (2, 1)
    """
    array = np.asarray(sample, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0 or len(array) < 2 or not 0.0 < variance <= 1.0:
        raise InvalidStatistic(
            "Directions cannot be fitted",
            expected="at least 2 rows of at least 1 input, and a share of variance above 0 and at most 1",
            received=f"shape {array.shape}, variance {variance}",
        )
    usable = np.where(np.isfinite(array) & (np.abs(array) < 1e150), array, np.nan)
    empty = np.isnan(usable).all(axis=0)
    quartiles = np.nanpercentile(np.where(empty, 0.0, usable), [25, 50, 75], axis=0)
    spread = (quartiles[2] - quartiles[0]) / 1.349
    deviation = np.nanstd(np.where(empty, 0.0, usable), axis=0)
    scale = np.where(spread > 0, spread, np.where(deviation > 0, deviation, 1.0))
    bare = Projection(
        centre=quartiles[1], scale=scale, directions=np.zeros((array.shape[1], 0)), kept=0.0, rows=len(array)
    )
    rows = scaled_rows(array, bare)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    values, vectors = np.clip(values[::-1], 0.0, None), vectors[:, ::-1]
    total = float(values.sum())
    if total <= 0.0:
        return bare
    shares = np.cumsum(values) / total
    count = min(int(np.searchsorted(shares, variance - 1e-12)) + 1, len(values))
    return msgspec.structs.replace(bare, directions=vectors[:, :count].copy(), kept=float(min(1.0, shares[count - 1])))


def scaled_rows(rows: Floats, projection: Projection) -> Floats:
    """Rows in the units of the projection, cut at 1e6 of them; what is not finite stands at the centre."""
    usable = np.isfinite(rows)
    with np.errstate(over="ignore"):
        scaled = (np.where(usable, rows, projection.centre) - projection.centre) / projection.scale
    return np.clip(scaled, -1e6, 1e6)
