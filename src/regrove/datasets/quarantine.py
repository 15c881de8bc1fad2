"""Refused rows: shown as examples, and kept as they stood in their files."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import date, datetime
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from regrove.datasets.report import Example
from regrove.datasets.validation import TYPES
from regrove.errors import InvalidInput
from regrove.frames.csv import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from regrove.datasets.sources import Sources
    from regrove.datasets.validation import Broken

__all__ = ["FILE", "ROW", "RULES", "examples", "refused_rows"]

FILE, ROW, RULES = "regrove_file", "regrove_row", "regrove_rules"
"""The columns that the object of refused rows has beside those of the files."""


class _Places:
    """Positions over all rows as file and row."""

    def __init__(self, sources: Sources, rows: Sequence[int]) -> None:
        self._readers = sources.readers
        self._starts = list(accumulate(rows, initial=0))

    def of(self, position: int) -> tuple[int, int]:
        """The file's number and the row in it, both from 0."""
        file = bisect_right(self._starts, position) - 1
        return file, position - self._starts[file]

    def told(self, position: int) -> tuple[str, int]:
        """The file's name and the row in it, from 1."""
        file, row = self.of(position)
        return self._readers[file].file.name, row + 1

    def raw(self, positions: NDArray[np.int64]) -> list[tuple[int, pl.DataFrame]]:
        """The rows at ascending ``positions`` as they stand: for each file its number and frame."""
        bounds = np.searchsorted(positions, self._starts)
        found = []
        for file, (low, high) in enumerate(pairwise(bounds)):
            if high > low:
                local = [int(position) - self._starts[file] for position in positions[low:high]]
                found.append((file, self._readers[file].rows(local)))
        return found


def examples(sources: Sources, broken: Broken, rows: Sequence[int], key: Sequence[str]) -> tuple[Example, ...]:
    """The first rows that break a rule, with the values of its columns and of the key."""
    places = _Places(sources, rows)
    positions = broken.first()
    frames = places.raw(np.asarray(positions, dtype=np.int64))
    values = [row for _, frame in frames for row in _values(frame, broken, sources, key)]
    firsts = broken.duplicate.firsts[: len(positions)] if broken.duplicate is not None else [None] * len(positions)
    found = []
    for position, row, first in zip(positions, values, firsts, strict=True):
        file, number = places.told(position)
        note = "" if first is None else "repeats {} row {}".format(*places.told(int(first)))
        found.append(Example(file=file, row=number, values=row, note=note))
    return tuple(found)


def refused_rows(sources: Sources, broken: Sequence[Broken], rows: Sequence[int]) -> pl.DataFrame:
    """All rows that rules of severity error refuse, as they stand in their files, with file, row and rules."""
    import polars as pl

    refusing = [(each.rule.name, each.positions()) for each in broken if each.rule.refuses and each.failed]
    positions = np.unique(np.concatenate([where for _, where in refusing]))
    rules = [""] * positions.size
    for name, where in refusing:
        for index in np.searchsorted(positions, where):
            rules[index] = f"{rules[index]}; {name}" if rules[index] else name
    places = _Places(sources, rows)
    told = [places.told(int(position)) for position in positions]
    names = sources.schema.names
    frames = [frame.select(names) for _, frame in places.raw(positions)]
    whole = pl.concat(
        frames, how="vertical" if len({str(frame.schema) for frame in frames}) == 1 else "vertical_relaxed"
    )
    head = {FILE: [file for file, _ in told], ROW: [row for _, row in told], RULES: rules}
    return pl.concat([pl.DataFrame(head, schema_overrides={ROW: pl.Int64}), whole], how="horizontal")


def _values(frame: pl.DataFrame, broken: Broken, sources: Sources, key: Sequence[str]) -> list[dict[str, Any]]:
    if broken.rule is not TYPES:
        shown = list(dict.fromkeys([*key, *broken.rule.columns]))
        return [{name: _plain(value) for name, value in row.items()} for row in frame.select(shown).to_dicts()]
    import polars as pl

    typed = frame.select(parsed(pl.col(column.name), column.type).alias(column.name) for column in sources.schema)
    return [
        {name: row[name] for name, value in parse.items() if value is None and row[name] not in (None, "")}
        for row, parse in zip(frame.to_dicts(), typed.to_dicts(), strict=True)
    ]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise InvalidInput("A value has no form as an example", received=type(value).__name__)
