"""Summaries of a column's block: exact counts on fixed cells, and moments; adding them is merging."""

from __future__ import annotations

from functools import reduce
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.summaries.layout import CategoryLayout, NumericLayout
from regrove.stats.summaries.moments import Moments, merge_moments
from regrove.stats.summaries.sketches import DistinctSketch, FrequentSketch
from regrove.stats.verdict import InvalidStatistic

__all__ = ["CategorySummary", "NumericSummary", "Summary", "merge"]

_LARGEST = np.iinfo(np.int64).max


class NumericSummary(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A block of a numeric column."""

    layout: NumericLayout
    counts: npt.NDArray[np.int64]
    """Shape (ordered cells,)."""
    nulls: int = 0
    broken: int = 0
    """nan and infinities."""
    moments: Moments = Moments()

    @property
    def rows(self) -> int:
        """All rows, nulls included."""
        return int(self.counts.sum()) + self.nulls + self.broken

    def cells(self) -> npt.NDArray[np.int64]:
        """All counts in one vector: ordered cells, broken, nulls."""
        return np.append(self.counts, [self.broken, self.nulls]).astype(np.int64)


class CategorySummary(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A block of a categorical column."""

    layout: CategoryLayout
    counts: npt.NDArray[np.int64]
    """Shape (top + 2,): the top categories, OTHER, NEW."""
    nulls: int = 0
    distinct: DistinctSketch | None = None
    """Of all values; None where it was not asked for."""
    fresh: FrequentSketch | None = None
    """The frequent ones of values counted as NEW; None where it was not asked for."""

    @property
    def rows(self) -> int:
        """All rows, nulls included."""
        return int(self.counts.sum()) + self.nulls

    def cells(self) -> npt.NDArray[np.int64]:
        """All counts in one vector: top categories, OTHER, NEW, nulls."""
        return np.append(self.counts, self.nulls).astype(np.int64)


Summary = TypeVar("Summary", NumericSummary, CategorySummary)


def merge(*summaries: Summary) -> Summary:
    """The summary of all blocks together, in whatever order and grouping.

    Counts and ranges are the same to the last bit in any order, means and squares to about 1e-12 of the spread,
    sketches within their stated error.

    Raises InvalidStatistic for none, for summaries on different cells, and for counts from 2^63 on.
    """
    if not summaries:
        raise InvalidStatistic("There is nothing to merge", expected="at least 1 summary", received="0")
    first = summaries[0]
    for each in summaries[1:]:
        if type(each) is not type(first) or each.layout.fingerprint != first.layout.fingerprint:
            raise InvalidStatistic(
                "Summaries on different cells cannot be merged",
                expected=f"the layout {first.layout.fingerprint}",
                received=each.layout.fingerprint,
                mend="count both on the edges of one reference",
            )
    return reduce(_pair, summaries)


def _pair(first: Summary, second: Summary) -> Summary:
    if np.any(first.counts > _LARGEST - second.counts):
        raise InvalidStatistic(
            "The merged counts cannot be held", expected="fewer than 2^63 rows in a cell", received="more"
        )
    counts = first.counts + second.counts
    nulls = first.nulls + second.nulls
    if isinstance(first, NumericSummary) and isinstance(second, NumericSummary):
        return NumericSummary(
            layout=first.layout,
            counts=counts,
            nulls=nulls,
            broken=first.broken + second.broken,
            moments=merge_moments(first.moments, second.moments),
        )
    assert isinstance(first, CategorySummary)
    assert isinstance(second, CategorySummary)
    distinct = first.distinct.merge(second.distinct) if first.distinct and second.distinct else None
    fresh = first.fresh.merge(second.fresh) if first.fresh and second.fresh else None
    return CategorySummary(layout=first.layout, counts=counts, nulls=nulls, distinct=distinct, fresh=fresh)
