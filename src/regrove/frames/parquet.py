"""Parquet as Regrove writes it: one fixed way, so that the same rows give the same bytes."""

from __future__ import annotations

import io
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regrove.errors import Corrupt
from regrove.schema import LogicalType, Schema, to_polars

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

__all__ = ["PART_ROWS", "canonical_types", "decode_parquet", "encode_parquet", "scan_parquet", "write_parquet"]

PART_ROWS: Final = 262_144
"""Rows of one part of a dataset: enough to compress well, few enough to hold several in memory."""

_GROUP_ROWS: Final = 131_072


def canonical_types(schema: Schema) -> list[pl.Expr]:
    """Expressions that bring each column to the one Polars type of its logical type, in the schema's order.

    Timestamps of any unit and zone become microseconds in UTC; enumerations become categories.
    """
    import polars as pl

    return [_canonical(pl.col(column.name), column.type) for column in schema]


def _canonical(column: pl.Expr, kind: LogicalType) -> pl.Expr:
    if kind is LogicalType.TIMESTAMP:
        return column.dt.cast_time_unit("us").dt.convert_time_zone("UTC")
    return column.cast(to_polars(kind)) if kind is LogicalType.CATEGORY else column


def encode_parquet(frame: pl.DataFrame) -> bytes:
    """The frame as the bytes of one Parquet file; the same rows give the same bytes with the same version of Polars."""
    buffer = io.BytesIO()
    _write(frame, buffer)
    return buffer.getvalue()


def decode_parquet(data: bytes, *, schema: Schema | None = None) -> pl.DataFrame:
    """The frame that `encode_parquet` made these bytes from; Corrupt when they are no Parquet file."""
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise Corrupt(
            "These bytes are no Parquet file", expected="Parquet", received=str(error).partition("\n")[0][:200]
        ) from error
    return frame if schema is None else frame.select(canonical_types(schema))


def write_parquet(table: pl.DataFrame | pl.LazyFrame, path: str | os.PathLike[str]) -> None:
    """Write a table to ``path`` so that after a crash the old file or the whole new one is there.

    It is written aside, synced, renamed, and the folder is synced. A lazy table is streamed, in constant memory.
    """
    import polars as pl

    target = Path(path)
    aside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        if isinstance(table, pl.LazyFrame):
            table.sink_parquet(aside, **_options(), engine="streaming")
        else:
            _write(table, aside)
        _sync(aside)
        aside.replace(target)
        _sync(target.parent)
    finally:
        aside.unlink(missing_ok=True)


def scan_parquet(paths: Iterable[str | os.PathLike[str]], *, schema: Schema | None = None) -> pl.LazyFrame:
    """The tables at ``paths`` one after another as one lazy frame; with ``schema`` its columns in their types."""
    import polars as pl

    table = pl.scan_parquet([Path(path) for path in paths], glob=False, hive_partitioning=False)
    return table if schema is None else table.select(canonical_types(schema))


def _write(frame: pl.DataFrame, target: io.BytesIO | Path) -> None:
    # One contiguous chunk first: page boundaries follow chunks, and bytes must not depend on how the rows arrived.
    frame.rechunk().write_parquet(target, **_options())


def _options() -> dict[str, Any]:
    return {"compression": "zstd", "compression_level": 1, "statistics": True, "row_group_size": _GROUP_ROWS}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
