"""Rows that repeat another row's values, found exactly in 8 bytes a row.

While the table streams by, the columns of a rule are hashed. Equal rows have equal hashes, so only rows whose hash
occurs twice can be duplicates; those few are read again and compared by value. A row with an absent value in one of the
columns repeats nothing, as in SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

    from regrove.datasets.rules import Rule
    from regrove.datasets.sources import Sources

__all__ = ["Duplicate", "KeyHashes", "duplicates"]


class KeyHashes:
    """Hashes of the columns of one rule over all rows in order."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._hashes: list[NDArray[np.uint64]] = []
        self._skipped: list[NDArray[np.int64]] = []
        self._rows = 0
        self._increasing = len(rule.columns) == 1
        self._last: Any = None

    def update(self, frame: pl.DataFrame, refused: NDArray[np.bool_] | None) -> None:
        """Add the rows of ``frame``; ``refused`` rows are not compared with anything."""
        import polars as pl

        columns = frame.select(self.rule.columns)
        categories = pl.selectors.categorical()
        self._hashes.append(columns.with_columns(categories.cast(pl.String)).hash_rows().to_numpy())
        self._increasing = self._increasing and self._goes_on(columns.to_series())
        skipped = refused
        if any(column.null_count() for column in columns):
            null = columns.select(pl.any_horizontal(pl.all().is_null())).to_series().to_numpy()
            skipped = null if skipped is None else skipped | null
        if skipped is not None:
            self._skipped.append(np.flatnonzero(skipped) + self._rows)
        self._rows += frame.height

    def candidates(self) -> NDArray[np.int64]:
        """The positions, over all rows, that share their hash with another; ascending."""
        import polars as pl

        if self._increasing:
            return np.empty(0, dtype=np.int64)
        hashes = np.concatenate(self._hashes) if self._hashes else np.empty(0, dtype=np.uint64)
        compared = np.ones(hashes.size, dtype=np.bool_)
        for skipped in self._skipped:
            compared[skipped] = False
        ordered = pl.Series(hashes[compared]).sort().to_numpy()
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        if not twice.size:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(np.isin(hashes, np.unique(twice)) & compared)

    def _goes_on(self, values: pl.Series) -> bool:
        """Whether each value is larger than the one before, as numbers counted up are: then nothing can repeat."""
        if not (values.dtype.is_integer() or values.dtype.is_temporal()) or not values.len() or values.null_count():
            return False
        numbers = values.to_physical().to_numpy()
        before, self._last = self._last, numbers[-1]
        return (before is None or numbers[0] > before) and bool((numbers[1:] > numbers[:-1]).all())


class Duplicate:
    """All rows that repeat an earlier one: their positions over all rows, and where the first ones stand."""

    def __init__(self, positions: NDArray[np.int64], firsts: NDArray[np.int64], values: pl.DataFrame) -> None:
        self.positions = positions
        self.firsts = firsts
        self.values = values


def duplicates(sources: Sources, rule: Rule, candidates: NDArray[np.int64], rows: list[int]) -> Duplicate:
    """The rows among ``candidates`` that repeat an earlier one exactly; ``rows`` is the height of each file."""
    import polars as pl

    found = pl.concat(list(_read(sources, rule, candidates, rows)), how="vertical")
    columns = list(rule.columns)
    first = found.with_columns(pl.col(_POSITION).first().over(columns).alias(_FIRST))
    later = first.filter(pl.col(_POSITION) != pl.col(_FIRST))
    return Duplicate(later[_POSITION].to_numpy(), later[_FIRST].to_numpy(), later.select(columns))


_POSITION = "__regrove_position__"
_FIRST = "__regrove_first__"


def _read(sources: Sources, rule: Rule, candidates: NDArray[Any], rows: list[int]) -> Iterator[pl.DataFrame]:
    import polars as pl

    start = 0
    for reader, height in zip(sources.readers, rows, strict=True):
        low, high = np.searchsorted(candidates, [start, start + height])
        if high > low:
            wanted = pl.Series(candidates[low:high] - start, dtype=pl.get_index_type())
            table = reader.table(sources.schema).select(rule.columns).with_row_index(_POSITION)
            picked = table.filter(pl.col(_POSITION).is_in(wanted.implode())).collect(engine="streaming")
            yield picked.with_columns(pl.col(_POSITION).cast(pl.Int64) + start)
        start += height
