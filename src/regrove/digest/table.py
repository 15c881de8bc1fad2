"""The digest of a table's content.

Values are hashed column by column in chunks of `CHUNK` rows that begin at row 0 whatever the batches were, so a
table that arrives in one piece or in many, from CSV or Parquet, has one digest. A null is hashed as absent (a bitmap)
and its place as zero; every NaN is the same NaN; -0.0 and 0.0 differ, as their bits do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from blake3 import blake3

from regrove.digest.content import PREFIX
from regrove.digest.json import canonical
from regrove.errors import InvalidInput
from regrove.schema import LogicalType, Schema, schema_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CHUNK", "TableHasher", "of_table"]

CHUNK: Final = 65_536
"""Rows hashed together, a part of version 1."""

_CONTEXT = "regrove 2026 digest 1 table"


class TableHasher:
    """Hashes a table that arrives in batches of any height, in constant memory.

    >>> import polars as pl
    >>> whole, halves = pl.DataFrame({"x": [1, 2, 3]}), TableHasher()
    >>> halves.update(whole[:1]); halves.update(whole[1:])
    >>> halves.digest() == of_table(whole)
    True
    """

    def __init__(self) -> None:
        self._schema: Schema | None = None
        self._hasher = blake3(derive_key_context=_CONTEXT, max_threads=1)
        self._pending: list[pl.DataFrame] = []
        self._pending_rows = 0
        self.rows = 0

    def update(self, frame: pl.DataFrame) -> None:
        """Add the rows of ``frame``; its schema must be that of the first batch."""
        schema = schema_of(frame)
        if self._schema is None:
            self._schema = schema
            self._hasher.update(canonical([[column.name, column.type.value] for column in schema]))
        elif schema != self._schema:
            raise InvalidInput(
                "The batches of one table differ in schema",
                expected=", ".join(f"{c.name} {c.type}" for c in self._schema),
                received=", ".join(f"{c.name} {c.type}" for c in schema),
            )
        self.rows += frame.height
        self._pending.append(frame)
        self._pending_rows += frame.height
        if self._pending_rows >= CHUNK:
            self._drain()

    def digest(self) -> str:
        """The digest of all rows so far; more rows may follow."""
        if self._schema is None:
            raise InvalidInput("No batch was given, so the table has no columns", expected="at least one update")
        final = self._hasher.copy()
        if self._pending_rows:
            _hash_chunk(final, _joined(self._pending), self._schema)
        final.update(self.rows.to_bytes(8, "little"))
        return PREFIX + final.hexdigest()

    def _drain(self) -> None:
        assert self._schema is not None
        frame = _joined(self._pending)
        whole = frame.height - frame.height % CHUNK
        for start in range(0, whole, CHUNK):
            _hash_chunk(self._hasher, frame[start : start + CHUNK], self._schema)
        rest = frame[whole:]
        self._pending = [rest] if rest.height else []
        self._pending_rows = rest.height


def of_table(frame: pl.DataFrame) -> str:
    """The digest of a whole frame."""
    hasher = TableHasher()
    hasher.update(frame)
    return hasher.digest()


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    import polars as pl

    return frames[0] if len(frames) == 1 else pl.concat(frames, how="vertical")


def _hash_chunk(hasher: Any, frame: pl.DataFrame, schema: Schema) -> None:
    for column in schema:
        for part in _column_bytes(frame[column.name], column.type):
            hasher.update(len(part).to_bytes(8, "little"))
            hasher.update(part)


def _column_bytes(series: pl.Series, kind: LogicalType) -> list[bytes]:
    import numpy as np
    import polars as pl

    nulls = np.packbits(series.is_null().to_numpy()).tobytes() if series.null_count() else b""
    if kind in (LogicalType.STRING, LogicalType.CATEGORY, LogicalType.BINARY):
        if kind is not LogicalType.BINARY:
            filled = series.cast(pl.String).fill_null("")
            lengths = filled.str.len_bytes().to_numpy()
            body = (filled.str.join("").item() if len(filled) else "").encode()
        else:
            blobs = [each or b"" for each in series.to_list()]
            lengths = np.fromiter((len(each) for each in blobs), dtype=np.uint32, count=len(blobs))
            body = b"".join(blobs)
        return [nulls, lengths.astype("<u4").tobytes(), body]
    if kind is LogicalType.TIMESTAMP:
        series = series.dt.cast_time_unit("us").to_physical()
    elif kind is LogicalType.DATE:
        series = series.to_physical()
    if kind is LogicalType.BOOLEAN:
        return [nulls, np.packbits(series.fill_null(False).to_numpy()).tobytes()]
    values = series.fill_null(0).to_numpy()
    if kind.is_float:
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return [nulls, values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()]
