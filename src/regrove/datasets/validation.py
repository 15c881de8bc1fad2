"""One pass over all rows: every rule is checked, and what may stay comes out in order.

All rules that look at a row are one expression for each batch; what needs to see all rows (uniqueness) collects hashes
on the way and is settled at the end. Rows come out as long as nothing was refused, or, in quarantine, without the rows
that were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from regrove.datasets.rules import Rule, Rules
from regrove.datasets.uniqueness import Duplicate, KeyHashes, duplicates
from regrove.errors import InvalidInput
from regrove.frames import BROKEN, PART_ROWS, UnreadableFile, batches
from regrove.frames.broken import naming

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from regrove.datasets.sources import Sources
    from regrove.frames import Reader

__all__ = ["Broken", "Validation"]

Progress = Callable[[int], None]

_EXAMPLES: Final = 5

TYPES = Rule("every value is of its column's type", "every value is of its column's type", "error", ())
"""The rule that the text of a CSV file breaks where it does not stand for a value of its column."""


class Broken:
    """The rows that break one rule: how many, and at which positions over all rows (all of them, or the first few)."""

    def __init__(self, rule: Rule, *, keep_all: bool) -> None:
        self.rule = rule
        self.failed = 0
        self.duplicate: Duplicate | None = None
        self._keep_all = keep_all
        self._positions: list[NDArray[np.int64]] = []

    def add(self, positions: NDArray[np.int64]) -> None:
        """Add rows that break the rule, later than those before."""
        if self._keep_all or self.failed < _EXAMPLES:
            self._positions.append(positions if self._keep_all else positions[:_EXAMPLES])
        self.failed += positions.size

    def positions(self) -> NDArray[np.int64]:
        """The positions that were kept, ascending."""
        return np.concatenate(self._positions) if self._positions else np.empty(0, dtype=np.int64)

    def first(self) -> list[int]:
        """The first few positions, for examples."""
        return [int(position) for position in self.positions()[:_EXAMPLES]]


class Validation:
    """One pass. Exhaust `accepted`, then call `settle`, then read ``broken``, ``rows`` and ``refused_rows``.

    ``excluded`` are positions that an earlier pass found to repeat others; they are left out and counted as refused.
    """

    def __init__(
        self,
        sources: Sources,
        rules: Rules,
        *,
        quarantine: bool,
        excluded: NDArray[np.int64] | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.rows: list[int] = []
        self.refused_rows = 0
        self._sources = sources
        self._rules = rules
        self._quarantine = quarantine
        self._excluded = excluded if excluded is not None else np.empty(0, dtype=np.int64)
        self._progress = progress
        self._types = Broken(TYPES, keep_all=quarantine)
        self._by_row = [Broken(rule, keep_all=quarantine and rule.refuses) for rule in rules.row]
        self._unique = [KeyHashes(rule) for rule in rules.unique]
        self._repeated: list[Broken] = []

    @property
    def total(self) -> int:
        """Rows read so far."""
        return sum(self.rows)

    @property
    def broken(self) -> list[Broken]:
        """Every rule that looks at rows, and what breaks it."""
        return [self._types, *self._by_row, *self._repeated]

    @property
    def refuses(self) -> bool:
        """Whether a rule of severity error was broken."""
        return any(each.failed and each.rule.refuses for each in self.broken)

    def accepted(self) -> Iterator[pl.DataFrame]:
        """The rows that may stay, in order, in frames of any height."""
        for reader in self._sources.readers:
            self.rows.append(0)
            for frame in _frames(reader, self._sources):
                kept = self._checked(frame)
                self.rows[-1] += frame.height
                if self._progress:
                    self._progress(self.total)
                if kept.height and (self._quarantine or not self.refuses):
                    yield kept
            if not self.rows[-1] and not self._sources.may_be_empty:
                raise UnreadableFile(
                    f"{reader.file.name} holds no row",
                    expected="at least one row",
                    received="none",
                    mend="write the file again, or take it out of the source",
                )

    def settle(self) -> NDArray[np.int64]:
        """Find the duplicates, and return the positions of those that a rule of severity error refuses."""
        refused: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        for hashes in self._unique:
            broken = Broken(hashes.rule, keep_all=True)
            candidates = hashes.candidates()
            if candidates.size:
                broken.duplicate = duplicates(self._sources, hashes.rule, candidates, self.rows)
                broken.add(broken.duplicate.positions)
                if hashes.rule.refuses:
                    refused.append(broken.duplicate.positions)
            self._repeated.append(broken)
        return np.unique(np.concatenate(refused))

    def _checked(self, frame: pl.DataFrame) -> pl.DataFrame:
        start = self.total
        refused = self._out(start, frame.height)
        if BROKEN in frame.columns:
            flags = frame[BROKEN]
            frame = frame.drop(BROKEN)
            if flags.any():
                refused = self._note(self._types, flags.to_numpy(), start, refused)
        for broken, count in zip(self._by_row, _counts(frame, self._rules.row), strict=True):
            if count:
                breaks = broken.rule.breaks
                assert breaks is not None
                refused = self._note(broken, frame.select(breaks).to_series().to_numpy(), start, refused)
        for hashes in self._unique:
            hashes.update(frame, refused)
        if refused is None:
            return frame
        self.refused_rows += int(refused.sum())
        return frame.filter(~refused)

    def _note(
        self, broken: Broken, flags: NDArray[np.bool_], start: int, refused: NDArray[np.bool_] | None
    ) -> NDArray[np.bool_] | None:
        broken.add(np.flatnonzero(flags) + start)
        if not broken.rule.refuses:
            return refused
        return flags if refused is None else refused | flags

    def _out(self, start: int, height: int) -> NDArray[np.bool_] | None:
        low, high = np.searchsorted(self._excluded, [start, start + height])
        if low == high:
            return None
        out = np.zeros(height, dtype=np.bool_)
        out[self._excluded[low:high] - start] = True
        return out


def _frames(reader: Reader, sources: Sources) -> Iterator[pl.DataFrame]:
    """The batches of one file; what goes wrong in reading, and only that, names the file."""
    import polars as pl

    stream = batches(reader.table(sources.schema), PART_ROWS)
    last = reader.last_column()
    absent = 0
    while True:
        with naming(reader.file.name):
            try:
                frame = next(stream, None)
            except pl.exceptions.PolarsError:
                reader.check_shape()  # says which rows, where Polars does not
                raise
        if frame is None:
            break
        absent += frame[last].null_count()
        yield frame
    if absent:
        reader.check_shape(quick=True)  # a row that was cut short reads as one without its last values


def _counts(frame: pl.DataFrame, rules: tuple[Rule, ...]) -> list[int]:
    import polars as pl

    wanted = [rule.breaks.sum().alias(str(index)) for index, rule in enumerate(rules) if rule.breaks is not None]
    if not wanted:
        return []
    try:
        return [int(count) for count in frame.select(wanted).row(0)]
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(
            "An expectation cannot be evaluated", received=str(error).strip().partition("\n")[0][:300]
        ) from error
