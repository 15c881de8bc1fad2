"""What goes wrong with one column: noise, a unit slip, values that are missing, a category that is new."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Bools, Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["noisy", "robust_sd", "slipped", "with_missing", "with_new"]

NEW = "(new)"


def robust_sd(values: npt.ArrayLike) -> float:
    """The interquartile range over 1.349 of the finite values: the standard deviation of a normal law.

    Where more than half of the values are equal it is 0; then the standard deviation of the finite values is taken.

    >>> round(robust_sd(np.random.default_rng(0).normal(0, 2, 100_000)), 1)
    2.0
    """
    numbers = _numbers(values)
    usable = numbers[np.isfinite(numbers)]
    if not len(usable):
        return 0.0
    low, high = np.quantile(usable, [0.25, 0.75])
    spread = float(high / 1.349 - low / 1.349)
    if spread > 0.0:
        return spread
    largest = float(np.abs(usable).max())
    return float((usable / largest).std()) * largest if largest > 0.0 else 0.0


def noisy(values: npt.ArrayLike, rng: np.random.Generator, *, share: float = 0.1, sd: float | None = None) -> Floats:
    """Add normal noise of ``share`` robust standard deviations; what is nan or infinite stays so.

    Args:
        values: numbers.
        rng: where the noise comes from.
        share: of the robust standard deviation.
        sd: the robust standard deviation to use, of the training data; None for that of the values.

    >>> noisy([1.0, 2.0, np.nan], np.random.default_rng(0), share=0.0).tolist()
    [1.0, 2.0, nan]
    """
    numbers = _numbers(values)
    spread = robust_sd(numbers) if sd is None else sd
    if not (np.isfinite([share, spread]).all() and share >= 0.0 and spread >= 0.0):
        raise InvalidStatistic(
            "This is no noise", expected="a share and a spread of 0 or more", received=f"{share}, {spread}"
        )
    noise = rng.standard_normal(len(numbers)) * (share * spread)
    return np.where(np.isfinite(numbers), numbers + noise, numbers)


def slipped(values: npt.ArrayLike, factor: float, *, rows: npt.ArrayLike | None = None) -> Floats:
    """Multiply by ``factor``, as when metres come as millimetres; in ``rows`` (a mask), or in all of them.

    >>> slipped([1.0, 2.0], 1000, rows=[True, False]).tolist()
    [1000.0, 2.0]
    """
    numbers = _numbers(values)
    if not np.isfinite(factor):
        raise InvalidStatistic("This is no factor", expected="a finite number", received=str(factor))
    hit = np.ones(len(numbers), dtype=np.bool_) if rows is None else np.asarray(rows, dtype=np.bool_)
    if hit.shape != numbers.shape:
        raise InvalidStatistic("The mask has other rows", expected=f"{len(numbers)} rows", received=f"{hit.shape}")
    with np.errstate(over="ignore"):  # a slip may leave the range of floats: then it is infinite
        return np.where(hit & np.isfinite(numbers), numbers * factor, numbers)


def with_missing(values: npt.ArrayLike, rng: np.random.Generator, *, share: float = 0.1) -> npt.NDArray[np.generic]:
    """Take out a share of values completely at random: nan in numbers, None in anything else.

    Exactly the nearest whole number of rows is taken.

    >>> with_missing([1.0, 2.0], np.random.default_rng(0), share=1.0).tolist()
    [nan, nan]
    """
    array = _vector(values)
    hit = _some(len(array), share, rng)
    if array.dtype.kind in "fiu":
        return np.where(hit, np.nan, array.astype(np.float64))
    changed = array.astype(object)
    changed[hit] = None
    return changed


def with_new(
    values: npt.ArrayLike, rng: np.random.Generator, *, share: float = 1.0, name: str = NEW
) -> npt.NDArray[np.generic]:
    """Turn a share of categories into one that was never seen.

    >>> with_new(["a", "b"], np.random.default_rng(0)).tolist()
    ['(new)', '(new)']
    """
    array = _vector(values)
    if name in set(array.astype(str).tolist()):
        raise InvalidStatistic("The category is not new", expected="a name that no row has", received=name)
    changed = array.astype(object)
    changed[_some(len(array), share, rng)] = name
    return changed


def _some(rows: int, share: float, rng: np.random.Generator) -> Bools:
    if not 0.0 <= share <= 1.0:
        raise InvalidStatistic("This is no share", expected="0 to 1", received=str(share))
    hit = np.zeros(rows, dtype=np.bool_)
    hit[rng.permutation(rows)[: round(share * rows)]] = True
    return hit


def _vector(values: npt.ArrayLike) -> npt.NDArray[np.generic]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidStatistic("A column is one value a row", expected="a vector", received=f"shape {array.shape}")
    return array


def _numbers(values: npt.ArrayLike) -> Floats:
    array = _vector(values)
    if array.dtype.kind not in "fiub":
        raise InvalidStatistic("This column holds no numbers", expected="numbers", received=str(array.dtype))
    return array.astype(np.float64)
