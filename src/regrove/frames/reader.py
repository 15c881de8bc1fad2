"""One source file as a lazy frame of logical types, and its rows as they stand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from regrove.errors import InvalidInput, nearest
from regrove.frames.broken import UnreadableFile, naming
from regrove.frames.csv import has_short_line, header, misshapen, parsed, refuse_misshapen
from regrove.frames.parquet import canonical_types
from regrove.schema import Column, LogicalType, Schema, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from regrove.frames.source import SourceFile

__all__ = ["BROKEN", "Reader"]

BROKEN: Final = "__regrove_broken__"
"""The added column that marks a row of a CSV file in which a value is not of its column's type."""

_ROW = "__regrove_row__"
_RAW = "__regrove_raw__"


class Reader:
    """Reads one file.

    ``types`` says what the columns hold: for Parquet it is checked, for CSV it is how the text is parsed, and must name
    every column. ``nulls`` are the texts of a CSV file that stand for an absent value beside the empty field.
    """

    def __init__(self, file: SourceFile, *, types: Mapping[str, LogicalType], nulls: Sequence[str] = ()) -> None:
        self.file = file
        self._types = dict(types)
        self._nulls = list(nulls)

    @property
    def is_text(self) -> bool:
        """Whether the file is CSV, so that its rows may hold text that is not of the column's type."""
        return self.file.format == "csv"

    def schema(self) -> Schema:
        """The columns of the file in its order; UnreadableFile when it is damaged or is not what ``types`` says."""
        with naming(self.file.name):
            if self.is_text:
                return Schema(tuple(Column(name, self._type(name)) for name in header(self.file.path)))
            schema = schema_of(self._scan())
        for column in schema:
            wanted = self._types.get(column.name, column.type)
            if wanted is not column.type:
                raise UnreadableFile(
                    f"{self.file.name}: column {column.name!r} is not of its declared type",
                    expected=wanted.value,
                    received=column.type.value,
                    mend=f'write the column as {wanted}, or declare {column.name} = "{column.type}"',
                )
        return schema

    def table(self, schema: Schema) -> pl.LazyFrame:
        """The rows in order with the columns of ``schema``; for CSV with `BROKEN` beside them."""
        import polars as pl

        if not self.is_text:
            return self._scan().select(canonical_types(schema))
        both = [pl.col(column.name).alias(_RAW + column.name) for column in schema]
        values = [parsed(pl.col(column.name), column.type).alias(column.name) for column in schema]
        broken = [
            (pl.col(_RAW + column.name) != "") & pl.col(column.name).is_null()  # null text compares as null: not broken
            for column in schema
            if column.type not in (LogicalType.STRING, LogicalType.CATEGORY)
        ]
        flag = pl.any_horizontal(each.fill_null(False) for each in broken) if broken else pl.lit(False)
        return self._scan().select(values + both).select(*schema.names, flag.alias(BROKEN))

    def rows(self, positions: Sequence[int]) -> pl.DataFrame:
        """The rows at ``positions`` (from 0, ascending) as they stand in the file: text where the file is text."""
        import polars as pl

        with naming(self.file.name):
            table = self._scan().with_row_index(_ROW)
            if positions:
                table = table.head(positions[-1] + 1)
            wanted = pl.Series(positions, dtype=pl.get_index_type())
            picked = table.filter(pl.col(_ROW).is_in(wanted.implode()))
            return picked.collect(engine="streaming").drop(_ROW)

    def last_column(self) -> str:
        """The name of the file's last column."""
        with naming(self.file.name):
            return header(self.file.path)[-1] if self.is_text else list(self._scan().collect_schema())[-1]

    def check_shape(self, *, quick: bool = False) -> None:
        """Refuse a CSV file in which a row has too many or too few fields, naming the first of them.

        With ``quick`` the file is first looked at line by line, which is fast, and only read as CSV when a line has too
        few separators to be a row.
        """
        if not self.is_text:
            return
        with naming(self.file.name):
            if not quick or has_short_line(self.file.path):
                refuse_misshapen(self.file.name, misshapen(self.file.path))

    def _scan(self) -> pl.LazyFrame:
        import polars as pl

        if not self.is_text:
            return pl.scan_parquet(self.file.path, glob=False, hive_partitioning=False)
        return pl.scan_csv(self.file.path, infer_schema=False, null_values=self._nulls or None, glob=False)

    def _type(self, name: str) -> LogicalType:
        if name not in self._types:
            raise InvalidInput(
                f"Column {name!r} has no type", expected="a type for each column", mend=nearest(name, self._types)
            )
        return self._types[name]
