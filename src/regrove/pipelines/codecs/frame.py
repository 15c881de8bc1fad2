"""Frames, as Parquet. Their content is named by the digest of the table, whatever bytes hold it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from regrove.digest import of_table
from regrove.errors import InvalidInput
from regrove.frames import decode_parquet, encode_parquet, scan_parquet, write_parquet
from regrove.pipelines.call import Argument, Call, Result
from regrove.pipelines.codecs.wrong import WrongKind, type_name
from regrove.pipelines.kinds import Kind
from regrove.schema import Column, LogicalType, Schema, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["decode", "encode", "keep", "scanned"]

_INLINE: Final = 1 << 20
"""Frames up to about this many bytes travel back with the answer."""


def encode(value: Any, output: str, call: Call) -> Result:
    """Keep a frame; a lazy one is collected first, which is where its errors surface."""
    if not isinstance(value, pl.DataFrame | pl.LazyFrame):
        raise WrongKind(
            f"{call.step} returned no frame",
            expected="the pl.LazyFrame or pl.DataFrame of its annotation",
            received=type_name(value),
            mend="return the frame, or change the annotation",
        )
    frame = value.collect(engine="streaming") if isinstance(value, pl.LazyFrame) else value
    try:
        schema = schema_of(frame)
    except InvalidInput as error:
        raise WrongKind(
            f"{call.step} returned a frame that cannot be kept: {error.happened}",
            expected=error.expected,
            received=error.received,
            mend=error.mend,
        ) from None
    return keep(frame, schema, output, Kind.FRAME, call)


def keep(frame: pl.DataFrame, schema: Schema, output: str, kind: Kind, call: Call) -> Result:
    """The frame as Parquet with its table digest, row count and the columns with whether they hold nulls."""
    nulls = frame.null_count().row(0) if frame.width else ()
    about = {
        "rows": frame.height,
        "columns": [[c.name, c.type.value, bool(count)] for c, count in zip(schema, nulls, strict=True)],
    }
    content = of_table(frame)
    if frame.estimated_size() <= _INLINE:
        return Result(output, kind, content=content, data=encode_parquet(frame), about=about)
    path = Path(f"{call.scratch}{output}.parquet")
    write_parquet(frame, path)
    return Result(output, kind, content=content, path=str(path), about=about)


def decode(argument: Argument, call: Call) -> Any:  # noqa: ARG001  # all codecs have one form
    """The frame, lazy or eager as the parameter wants it."""
    lazy = scanned(argument)
    return lazy if argument.form == "lazy" else lazy.collect()


def scanned(argument: Argument) -> pl.LazyFrame:
    """The frame of an argument, not read yet where it lies in files."""
    if argument.data is not None:
        return decode_parquet(argument.data).lazy()
    return scan_parquet(argument.paths, schema=_schema(argument.schema))


def _schema(columns: Iterable[tuple[str, str]] | None) -> Schema | None:
    if columns is None:
        return None
    return Schema(tuple(Column(name, LogicalType(kind)) for name, kind in columns))
