"""Logical types to and from Polars and NumPy.

Polars and NumPy are imported when a mapping is asked for, not with the module: the type set is also read by faces
that never touch a table.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from regrove.errors import InvalidInput
from regrove.schema.columns import Column, Schema
from regrove.schema.logical import LogicalType

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

__all__ = ["from_polars", "schema_of", "to_numpy", "to_polars"]

_NUMPY = {
    LogicalType.BOOLEAN: "bool",
    LogicalType.STRING: "O",
    LogicalType.CATEGORY: "O",
    LogicalType.BINARY: "O",
    LogicalType.DATE: "datetime64[D]",
    LogicalType.TIMESTAMP: "datetime64[us]",
}


@cache
def _to_polars() -> dict[LogicalType, Any]:
    import polars as pl

    return {
        LogicalType.BOOLEAN: pl.Boolean(),
        LogicalType.INT8: pl.Int8(),
        LogicalType.INT16: pl.Int16(),
        LogicalType.INT32: pl.Int32(),
        LogicalType.INT64: pl.Int64(),
        LogicalType.UINT8: pl.UInt8(),
        LogicalType.UINT16: pl.UInt16(),
        LogicalType.UINT32: pl.UInt32(),
        LogicalType.UINT64: pl.UInt64(),
        LogicalType.FLOAT32: pl.Float32(),
        LogicalType.FLOAT64: pl.Float64(),
        LogicalType.STRING: pl.String(),
        LogicalType.CATEGORY: pl.Categorical(),
        LogicalType.BINARY: pl.Binary(),
        LogicalType.DATE: pl.Date(),
        LogicalType.TIMESTAMP: pl.Datetime("us", "UTC"),
    }


def to_polars(kind: LogicalType) -> pl.DataType:
    """The Polars type of a logical type.

    >>> to_polars(LogicalType.TIMESTAMP)
    Datetime(time_unit='us', time_zone='UTC')
    """
    return _to_polars()[kind]  # type: ignore[no-any-return]  # the table is filled above with Polars types


def from_polars(dtype: pl.DataType, *, column: str = "") -> LogicalType:
    """The logical type of a Polars type; InvalidInput for one that has no place in the set.

    Timestamps of any unit and zone are instants and map to TIMESTAMP; a naive one is refused.
    """
    import polars as pl

    where = f"Column {column!r}" if column else "A column"
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            raise InvalidInput(
                f"{where} holds datetimes without a time zone, which name no instant",
                expected="a timestamp with a zone",
                received=str(dtype),
                mend=f'pl.col({column or "name"!r}).dt.replace_time_zone("UTC"), or the zone it was recorded in',
            )
        return LogicalType.TIMESTAMP
    if isinstance(dtype, (pl.Categorical, pl.Enum)):
        return LogicalType.CATEGORY
    for kind, each in _to_polars().items():
        if dtype == each:
            return kind
    raise InvalidInput(
        f"{where} is of a type that Regrove does not hold",
        expected=f"one of {', '.join(LogicalType)}",
        received=str(dtype),
        mend="cast it in the function that makes the column, for example to float64 or string",
    )


def schema_of(frame: pl.DataFrame | pl.LazyFrame) -> Schema:
    """The schema of a Polars frame; every column is nullable, as Polars columns are."""
    import polars as pl

    fields = frame.collect_schema() if isinstance(frame, pl.LazyFrame) else frame.schema
    return Schema(tuple(Column(name, from_polars(dtype, column=name)) for name, dtype in fields.items()))


def to_numpy(kind: LogicalType) -> np.dtype[Any]:
    """The NumPy type of a logical type (strings, categories and bytes are objects).

    >>> to_numpy(LogicalType.FLOAT32)
    dtype('float32')
    """
    import numpy as np

    return np.dtype(_NUMPY.get(kind, kind.value))
