"""What the functions over rows accept: arrays of one length, numbers that are finite, outcomes of 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from regrove.stats.verdict import InvalidStatistic

__all__ = ["Bools", "Codes", "Floats", "binary", "codes", "finite", "same_rows", "shares", "texts"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


def finite(name: str, values: npt.ArrayLike) -> Floats:
    """A vector of finite numbers.

    >>> finite("loss", [1, 2]).tolist()
    [1.0, 2.0]
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.full(1, np.nan)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise InvalidStatistic(
            f"{name} cannot be used", expected="one finite number a row", received=_shown(values, array)
        )
    return array


def binary(name: str, values: npt.ArrayLike) -> Bools:
    """A vector of outcomes: False and True, or 0 and 1.

    >>> binary("truth", [0, 1, 1]).tolist()
    [False, True, True]
    """
    array = finite(name, values)
    if not ((array == 0.0) | (array == 1.0)).all():
        raise InvalidStatistic(f"{name} is no outcome of two", expected="0 and 1 only", received=_shown(values, array))
    outcome: Bools = array == 1.0
    return outcome


def shares(name: str, values: npt.ArrayLike) -> Floats:
    """A vector of probabilities, 0 to 1."""
    array = finite(name, values)
    if array.size and (array.min() < 0.0 or array.max() > 1.0):
        raise InvalidStatistic(
            f"{name} is no probability", expected="numbers of 0 to 1", received=_shown(values, array)
        )
    return array


def codes(values: npt.ArrayLike) -> tuple[tuple[str, ...], Codes]:
    """The names of all values in order, and each row's place among them; what is absent is named "(none)".

    >>> codes(["b", "a", None])[0]
    ('(none)', 'a', 'b')
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidStatistic("Groups are one value a row", expected="a vector", received=f"{array.ndim} dimensions")
    if array.dtype == object:
        array = np.array(texts(array), dtype=str)
    names, places = np.unique(array, return_inverse=True)
    return tuple(texts(names)), places.astype(np.int64)


def texts(values: npt.NDArray[Any]) -> list[str]:
    """Each value as a text; what is absent is "(none)".

    >>> texts(np.array(["b", None, 1.5, float("nan")], dtype=object))
    ['b', '(none)', '1.5', '(none)']
    """
    return ["(none)" if _absent(each) else str(each) for each in values.tolist()]


def same_rows(**arrays: npt.NDArray[np.generic]) -> int:
    """The number of rows that all arrays have."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidStatistic(
            "Arrays have different numbers of rows",
            expected="one number of rows",
            received=", ".join(f"{name} {length}" for name, length in lengths.items()),
        )
    return next(iter(lengths.values()), 0)


def _absent(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - nan is not itself


def _shown(values: npt.ArrayLike, array: Floats) -> str:
    first = np.flatnonzero(~np.isfinite(array.ravel()))
    where = f", first at row {first[0]}" if array.ndim == 1 and len(first) else ""
    return f"{type(values).__name__} of shape {np.shape(np.asarray(values, dtype=object))}{where}"
