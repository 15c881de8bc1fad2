"""CSV as text: its header, its shape, and how a text becomes a value.

Types are never guessed from the rows that happen to come first in a batch. What is not declared is inferred once, from
the first `INFERRED_ROWS` rows of the source; a later text that does not fit is a broken row, not a wider type. Errors
do not name the file; who opens it does (`naming`).
"""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from regrove.errors import InvalidInput
from regrove.frames.broken import UnreadableFile, naming
from regrove.schema import LogicalType, to_polars

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

    from regrove.frames.source import SourceFile

__all__ = ["INFERRED_ROWS", "has_short_line", "header", "infer_types", "misshapen", "parsed", "refuse_misshapen"]

INFERRED_ROWS: Final = 10_000
"""How many rows of a source decide the types that are not declared."""

_EXAMPLES = 5


def header(path: str) -> list[str]:
    """The column names of the first line; InvalidInput when there is none or a name stands twice or is empty."""
    with _lines(path) as lines:
        names = next(csv.reader(lines), [])
    twice = sorted({name for name in names if names.count(name) > 1})
    if not any(names) or "" in names or twice:
        received = f"{twice[0]!r} twice" if twice and twice[0] else ", ".join(map(repr, names)) or "an empty line"
        raise InvalidInput(
            "The first line does not name the columns", expected="a name for each column, each once", received=received
        )
    return names


def parsed(text: pl.Expr, kind: LogicalType) -> pl.Expr:
    """The value that ``text`` stands for, or null where it stands for none of this type.

    Timestamps are RFC 3339 with a zone; dates are YYYY-MM-DD; booleans are true and false in any case.
    """
    import polars as pl

    if kind is LogicalType.BINARY:
        raise InvalidInput("CSV has no form for bytes", expected="another type", received=kind.value)
    if kind is LogicalType.BOOLEAN:
        lower = text.str.to_lowercase()
        return pl.when(lower == "true").then(True).when(lower == "false").then(False)
    if kind is LogicalType.DATE:
        return text.str.to_date("%Y-%m-%d", strict=False)
    if kind is LogicalType.TIMESTAMP:
        moment = text.str.to_datetime("%+", time_unit="us", strict=False)
        return moment.dt.convert_time_zone("UTC")
    return text if kind is LogicalType.STRING else text.cast(to_polars(kind), strict=False)


def infer_types(
    files: Sequence[SourceFile], declared: Mapping[str, LogicalType], nulls: Sequence[str] = ()
) -> dict[str, LogicalType]:
    """The types of all columns of CSV ``files``: as declared, the others as their first rows say.

    A column is int64, float64 or boolean when every one of the first `INFERRED_ROWS` rows of the source is, otherwise
    string; so are numbers with leading zeros, which are names, and columns without any value.
    """
    import polars as pl

    heads: list[pl.DataFrame] = []
    rows = 0
    for file in files:
        with naming(file.name):
            header(file.path)
            scan = pl.scan_csv(file.path, infer_schema=False, null_values=list(nulls) or None, glob=False)
            try:
                heads.append(scan.head(INFERRED_ROWS - rows).collect(engine="streaming"))
            except pl.exceptions.PolarsError:
                refuse_misshapen(file.name, misshapen(file.path))  # says which rows, where Polars does not
                raise
        rows += heads[-1].height
        if rows >= INFERRED_ROWS:
            break
    sample = pl.concat(heads, how="diagonal") if heads else pl.DataFrame()
    return {name: declared[name] if name in declared else _inferred(sample[name]) for name in sample.columns}


def _inferred(text: pl.Series) -> LogicalType:
    import polars as pl

    values = text.drop_nulls()
    values = values.filter(values != "")
    if not values.len() or values.str.contains(r"^-?0\d").any():
        return LogicalType.STRING
    frame = values.to_frame("x")
    for kind in (LogicalType.INT64, LogicalType.FLOAT64, LogicalType.BOOLEAN):
        if not frame.select(parsed(pl.col("x"), kind)).to_series().null_count():
            return kind
    return LogicalType.STRING


def has_short_line(path: str) -> bool:
    """Whether a line has fewer separators than the first one, be it a short row or a part of a quoted field."""
    import polars as pl

    whole = pl.scan_csv(
        path, has_header=False, separator="\x01", quote_char=None, infer_schema=False, new_columns=["line"], glob=False
    )
    separators = pl.col("line").fill_null("").str.count_matches(",", literal=True)
    return bool(whole.select((separators < len(header(path)) - 1).any()).collect(engine="streaming").item())


def misshapen(path: str) -> list[tuple[int, int, int]]:
    """The first lines whose number of fields is not the header's: row (from 1), fields expected, fields received."""
    found: list[tuple[int, int, int]] = []
    with _lines(path) as lines:
        records = csv.reader(lines, strict=True)
        width = len(next(records, []))
        try:
            for row, record in enumerate(records, start=1):
                if len(record) != width and (record or width > 1):
                    found.append((row, width, len(record)))
                    if len(found) == _EXAMPLES:
                        break
        except csv.Error as error:
            raise InvalidInput(
                f"Line {records.line_num} is not CSV", expected="closed quotes", received=str(error)
            ) from None
    return found


def refuse_misshapen(name: str, lines: Sequence[tuple[int, int, int]]) -> None:
    """Raise UnreadableFile that names the file and these lines; nothing when there are none."""
    if lines:
        raise UnreadableFile(
            f"{name} has rows with a wrong number of fields",
            expected=f"{lines[0][1]} fields in every row, as in the first line",
            received="; ".join(f"row {row}: {fields}" for row, _, fields in lines),
            mend="quote fields that hold a comma, and check that the file was written to its end",
        )


@contextmanager
def _lines(path: str) -> Iterator[io.TextIOBase]:
    opened = gzip.open(path, "rb") if path.lower().endswith(".gz") else open(path, "rb")  # noqa: SIM115  # closed below
    with opened as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        try:
            yield text
        except (UnicodeDecodeError, EOFError, gzip.BadGzipFile) as error:
            raise InvalidInput("The text cannot be read", expected="UTF-8", received=str(error)[:200]) from None
