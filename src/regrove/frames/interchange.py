"""Foreign frames at the door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regrove.errors import InvalidInput
from regrove.schema import schema_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["accept"]


def accept(table: Any, *, what: str = "table") -> pl.LazyFrame:
    """A Polars, Arrow or pandas table as a lazy frame of logical types.

    Anything that speaks the Arrow stream protocol is taken without copying; a pandas frame without pyarrow is taken
    column by column, and its index is left behind. ``what`` names the table in the error.
    Raises InvalidInput for other values, and for columns of types that Regrove does not hold.

    >>> import polars as pl
    >>> accept(pl.DataFrame({"hour": [7, 12]})).collect().height
    2
    """
    import polars as pl

    if isinstance(table, pl.LazyFrame):
        frame: pl.DataFrame | pl.LazyFrame = table
    elif isinstance(table, pl.DataFrame):
        frame = table
    elif type(table).__module__.partition(".")[0] == "pandas" and hasattr(table, "columns"):
        frame = _from_pandas(table)
    elif hasattr(table, "__arrow_c_stream__"):
        frame = pl.DataFrame(table)
    else:
        raise InvalidInput(
            f"This is no {what}",
            expected="a Polars, Arrow or pandas frame",
            received=f"{type(table).__module__}.{type(table).__qualname__}",
        )
    schema_of(frame)
    return frame.lazy()


def _from_pandas(table: Any) -> pl.DataFrame:
    import polars as pl

    names = list(table.columns)
    strange = next((name for name in names if not isinstance(name, str)), None)
    if strange is not None:
        raise InvalidInput("A column of a pandas frame is not named by text", received=repr(strange))
    return pl.DataFrame([_series(name, table[name]) for name in names])


def _series(name: str, column: Any) -> pl.Series:
    import polars as pl

    kind = str(column.dtype)
    if kind.startswith("datetime64"):
        instants = pl.Series(name, column.to_numpy("datetime64[us]")) if "," not in kind else _zoned(name, column)
        return instants.set(instants.is_null(), None)
    if kind in ("object", "category", "string", "str", "boolean") or kind[:1] in "IUF":
        # pandas marks an absent value in several ways; its own isna knows them all.
        absent = column.isna().tolist()
        values = [None if gone else value for value, gone in zip(column.tolist(), absent, strict=True)]
        return pl.Series(name, values, strict=True)
    return pl.Series(name, column.to_numpy())


def _zoned(name: str, column: Any) -> pl.Series:
    import polars as pl

    plain = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    return pl.Series(name, plain).dt.replace_time_zone("UTC")
