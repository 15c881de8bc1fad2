"""Counts as they enter a test: checked once, then held as floats that are whole numbers.

Floats hold whole numbers exactly up to 2^53, and matrix products of such floats are exact as long as every sum stays
below it; that is why larger totals are refused here instead of being rounded silently.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from regrove.stats.verdict import InvalidStatistic

__all__ = ["Floats", "Integers", "as_blocks", "as_counts"]

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

_EXACT = 2.0**53


def as_counts(counts: npt.ArrayLike, name: str) -> Floats:
    """Counts of any shape with cells on the last axis, as float64.

    Raises InvalidStatistic for negative, fractional or non-finite entries, for no cells, and for totals from 2^53 on.

    >>> as_counts([3, 4], "reference")
    array([3., 4.])
    """
    given = np.asarray(counts)
    if given.dtype.kind not in "iuf" or given.ndim == 0 or given.shape[-1] == 0:
        raise InvalidStatistic(
            f"The {name} holds no counts",
            expected="whole numbers with at least one cell on the last axis",
            received=f"{given.dtype} of shape {given.shape}",
        )
    array = given.astype(np.float64)
    if given.dtype.kind == "f" and not np.all(np.isfinite(array)):
        raise InvalidStatistic(f"The {name} holds counts that are not finite", expected="whole numbers, 0 or more")
    if np.any(array < 0) or (given.dtype.kind == "f" and np.any(array != np.floor(array))):
        raise InvalidStatistic(
            f"The {name} holds numbers that are no counts",
            expected="whole numbers, 0 or more",
            received=f"{array.ravel()[np.argmax((array < 0) | (array != np.floor(array)))]}",
        )
    if array.sum() >= _EXACT:
        raise InvalidStatistic(
            f"The {name} holds more rows than can be counted exactly",
            expected="fewer than 2^53 rows",
            received=f"{array.sum():.4g}",
        )
    return array


def as_blocks(counts: npt.ArrayLike, name: str, cells: int | None = None) -> Floats:
    """A matrix of counts, one row a block and one column a cell, as float64.

    A single row of cells is one block. ``cells`` is the number of cells that the other side has.

    >>> as_blocks([3, 4], "window").shape
    (1, 2)
    """
    array = np.atleast_2d(as_counts(counts, name))
    if array.ndim != 2:
        raise InvalidStatistic(
            f"The {name} is no matrix of counts", expected="blocks x cells", received=f"shape {array.shape}"
        )
    if cells is not None and array.shape[1] != cells:
        raise InvalidStatistic(
            f"The {name} was counted on other cells than the reference",
            expected=f"{cells} cells",
            received=f"{array.shape[1]} cells",
            mend="count both on the edges of the reference",
        )
    return array
