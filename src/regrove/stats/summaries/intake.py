"""Columns as they come, from NumPy, Polars or Arrow, as what can be counted; without a copy where memory allows it.

A float column without nulls is read where it stands. Nulls of Polars and Arrow are left out (which copies what is
left) and counted; None in a sequence is a null. NaN is not null: it is a value that went wrong, and counted apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from regrove.stats.verdict import InvalidStatistic

__all__ = ["Column", "numbers", "texts"]

Column: TypeAlias = Any
"""A NumPy array, a Polars series, an Arrow array or chunked array, or a sequence."""


def numbers(column: Column) -> tuple[list[npt.NDArray[Any]], int]:
    """The values as one-dimensional numeric arrays, in order, and the number of nulls.

    Booleans count as 0 and 1, times as microseconds since 1970 (UTC), dates as days. Text is refused.

    >>> numbers([1, None, 2.5])
    ([array([1. , 2.5])], 1)
    """
    if isinstance(column, np.ndarray):
        array, nulls = _plain(column)
        return [array], nulls
    series = _series(column)
    if series is None:
        array, nulls = _plain(np.asarray(list(column), dtype=object))
        return [array], nulls
    pieces, missing = [], 0
    for piece in series.get_chunks() if series.n_chunks() > 1 else [series]:
        holes = piece.null_count()
        missing += holes
        kept = piece.drop_nulls() if holes else piece
        if not kept.dtype.is_numeric():
            kept = _physical(kept)
        pieces.append(kept.to_numpy())
    return pieces, missing


def texts(column: Column) -> tuple[Mapping[str, int], int]:
    """How often each text occurs, and the number of nulls; anything but text and truth values is refused.

    >>> sorted(texts(["a", "b", "a", None])[0].items())
    [('a', 2), ('b', 1)]
    """
    series = None if isinstance(column, np.ndarray) else _series(column)
    if series is not None:
        nulls = series.null_count()
        dtype = str(series.dtype)
        if dtype == "Boolean":
            trues = int(series.sum() or 0)
            falses = len(series) - nulls - trues
            return {name: count for name, count in (("false", falses), ("true", trues)) if count}, nulls
        if not dtype.startswith(("String", "Categorical", "Enum")):
            raise _unfit(dtype, "text")
        found = dict(_counted(series))
        found.pop(None, None)
        return found, nulls  # type: ignore[return-value]  # None was taken out
    values = column.tolist() if isinstance(column, np.ndarray) else list(column)
    counter = Counter(values)
    nulls = counter.pop(None, 0)
    if all(type(each) is bool for each in counter):
        return {str(name).lower(): count for name, count in counter.items()}, nulls
    for each in counter:
        if not isinstance(each, str):
            raise _unfit(type(each).__name__, "text")
    return counter, nulls


def _counted(series: Any) -> Iterator[tuple[str | None, int]]:
    table = series.value_counts()
    name, count = table.columns
    return zip(table[name].to_list(), table[count].to_list(), strict=True)


def _plain(array: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], int]:
    if array.ndim != 1:
        raise InvalidStatistic("A column has one dimension", expected="shape (rows,)", received=f"shape {array.shape}")
    if isinstance(array, np.ma.MaskedArray):
        kept = array.compressed()
        return _plain(kept)[0], len(array) - len(kept)
    kind = array.dtype.kind
    if kind == "O":
        present = [each for each in array.tolist() if each is not None]
        inner = np.asarray(present) if present else np.zeros(0)
        if inner.dtype.kind == "O":
            raise _unfit("objects", "numbers")
        return _plain(inner)[0], len(array) - len(present)
    if kind == "M":
        missing = np.isnat(array)
        day = np.datetime_data(array.dtype)[0] in {"D", "W", "M", "Y"}
        return array[~missing].astype("datetime64[D]" if day else "datetime64[us]").view(np.int64), int(missing.sum())
    if kind not in "biuf":
        raise _unfit(str(array.dtype), "numbers")
    return array, 0


def _series(column: Column) -> Any:
    """A Polars series for what is one or speaks Arrow, else None."""
    if type(column).__module__.startswith("polars") and hasattr(column, "get_chunks"):
        return column
    if hasattr(column, "__arrow_c_array__") or hasattr(column, "__arrow_c_stream__"):
        import polars as pl

        return pl.Series(column)
    return None


def _physical(series: Any) -> Any:
    """Times and truth values as whole numbers."""
    name = str(series.dtype)
    if name.startswith("Datetime"):
        return series.dt.epoch("us")
    if name in {"Date", "Boolean", "Time"} or name.startswith("Duration"):
        return series.to_physical() if name != "Boolean" else series.cast(int)
    raise _unfit(name, "numbers")


def _unfit(kind: str, wanted: str) -> InvalidStatistic:
    return InvalidStatistic(f"The column does not hold {wanted}", expected=wanted, received=kind)
