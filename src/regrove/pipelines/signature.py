"""What a request must carry: learned by running the serving path on rows that were already computed.

The path from ``request`` to ``features`` runs again on a few rows alone. It must give what it gave for those rows among
all the others, or a model would see other values in serving than in training. Then each column of the request is left
out in turn: what the path does not miss, a request need not carry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import polars as pl
from polars.testing import assert_frame_equal

from regrove.errors import Refused
from regrove.pipelines.trained import Learned
from regrove.schema import Column, Schema, schema_of

if TYPE_CHECKING:
    from regrove.schema import LogicalType

__all__ = ["DependentRows", "learn"]

_SAMPLE: Final = 64
"""Rows that are computed again."""

Path = Callable[[pl.DataFrame], pl.DataFrame]
"""The serving path: a request's rows to features."""


class DependentRows(Refused):
    """The features of a row depend on other rows, so a request would get other features than training did."""

    code = "dependent-rows"


def learn(request: pl.DataFrame, features: pl.DataFrame, path: Path) -> Learned:
    """What ``path`` reads of ``request`` and makes of it; ``features`` is what it made of all rows.

    Raises DependentRows when there is not a row for each row, or a few rows alone give other values than the same rows
    among all.
    """
    if features.height != request.height:
        raise DependentRows(
            "The features have another number of rows than the request",
            expected=f"{request.height} rows, one for each row of the request, in its order",
            received=f"{features.height} rows",
            mend="neither filter nor join rows away between the request and the features",
        )
    places = _places(request.height)
    rows, expected = request[places], features[places]
    _check_alone(path, rows, expected)
    for place in range(min(2, rows.height)):
        _check_alone(path, rows[place : place + 1], expected[place : place + 1])
    return Learned(
        request=_schema(request, _needed(path, rows, expected)), features=_schema(features, features.columns)
    )


def _places(height: int) -> list[int]:
    """Rows spread evenly over all, the first and the last among them."""
    if height <= _SAMPLE:
        return list(range(height))
    return [round(place * (height - 1) / (_SAMPLE - 1)) for place in range(_SAMPLE)]


def _check_alone(path: Path, rows: pl.DataFrame, expected: pl.DataFrame) -> None:
    difference = _difference(path(rows), expected)
    if difference:
        raise DependentRows(
            f"The features of {rows.height} row{'s' if rows.height != 1 else ''} of the request alone are not those "
            "that the same rows got among all",
            expected="features of a row that depend on that row alone, in the order of the request",
            received=difference,
            mend="move what looks at several rows (a mean, a rank, a sort, a join) before the request, "
            "or fit it inside the estimator",
        )


def _difference(frame: pl.DataFrame, expected: pl.DataFrame) -> str:
    """In which columns two frames differ, or an empty text."""
    if frame.columns != expected.columns:
        return f"columns {', '.join(frame.columns)} instead of {', '.join(expected.columns)}"
    if frame.height != expected.height:
        return f"{frame.height} rows instead of {expected.height}"
    differing = [name for name in frame.columns if not _equal(frame.select(name), expected.select(name))]
    return f"other values in {', '.join(differing)}" if differing else ""


def _equal(left: pl.DataFrame, right: pl.DataFrame) -> bool:
    try:
        assert_frame_equal(left, right, check_exact=False, rel_tol=1e-9, abs_tol=1e-12, categorical_as_str=True)
    except AssertionError:
        return False
    return True


def _needed(path: Path, rows: pl.DataFrame, expected: pl.DataFrame) -> list[str]:
    """The columns that the path misses when they are left out, in the order of the request."""
    kept = list(rows.columns)
    for name in reversed(rows.columns):
        without = [each for each in kept if each != name]
        if without and _works(path, rows.select(without), expected):
            kept = without
    return kept


def _works(path: Path, rows: pl.DataFrame, expected: pl.DataFrame) -> bool:
    try:
        return not _difference(path(rows), expected)
    except Exception:  # noqa: BLE001  # the project's own code may miss a column in any way it likes
        return False


def _schema(frame: pl.DataFrame, names: list[str]) -> Schema:
    kinds: dict[str, LogicalType] = {column.name: column.type for column in schema_of(frame.select(names))}
    return Schema(tuple(Column(name, kinds[name], nullable=frame[name].null_count() > 0) for name in names))
