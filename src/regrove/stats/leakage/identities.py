"""Columns that name rows: nothing of them holds for rows to come."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import codes
from regrove.stats.verdict import InvalidStatistic

__all__ = ["IdentityColumn", "identity_columns"]


class IdentityColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column and whether it names rows."""

    column: str
    values: int
    """Distinct values."""
    share: float
    """Distinct values over rows."""
    counts_up: bool
    """Whether whole numbers only rise (or only fall) from row to row: a counter, or time in disguise."""
    names_rows: bool
    reason: str


def identity_columns(columns: Mapping[str, npt.ArrayLike], *, limit: float = 0.5) -> tuple[IdentityColumn, ...]:
    """Texts and whole numbers with more distinct values than ``limit`` times the rows, most distinct first.

    Fractions are measurements and never names, however many differ. Fewer than 30 rows name nothing.

    >>> [found] = identity_columns({"booking": [f"b{i}" for i in range(40)]})
    >>> found.names_rows, found.share
    (True, 1.0)
    """
    if not 0.0 < limit <= 1.0:
        raise InvalidStatistic("This is no share", expected="above 0, at most 1", received=str(limit))
    found = []
    for column, values in columns.items():
        array = np.asarray(values)
        if array.ndim != 1:
            raise InvalidStatistic(
                f"Column {column} cannot be used", expected="a vector", received=f"shape {array.shape}"
            )
        rows = len(array)
        whole = array.dtype.kind in "iu" or (array.dtype.kind == "f" and bool((array == np.floor(array)).all()))
        distinct = len(codes(array)[0]) if array.dtype.kind not in "iufb" else len(np.unique(array))
        share = distinct / rows if rows else 0.0
        steps = np.sign(np.diff(array.astype(np.float64))) if whole and rows > 1 else np.zeros(0)
        names = rows >= 30 and share > limit and (whole or array.dtype.kind not in "fb")
        found.append(
            IdentityColumn(
                column=column,
                values=distinct,
                share=share,
                counts_up=bool(len(steps) and abs(int(steps.sum())) == len(steps)),
                names_rows=names,
                reason=f"{column}: {distinct:,} values in {rows:,} rows{' name the rows' if names else ''}",
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.share, each.column)))
