"""Counting a column on its cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from regrove.stats.summaries.buckets import Buckets
from regrove.stats.summaries.intake import Column, numbers, texts
from regrove.stats.summaries.layout import CategoryLayout, NumericLayout
from regrove.stats.summaries.moments import Moments, merge_moments, moments_of
from regrove.stats.summaries.sketches import sketch_categories
from regrove.stats.summaries.summary import CategorySummary, NumericSummary
from regrove.stats.verdict import InvalidStatistic

__all__ = ["count_categories", "count_numbers", "summarise"]

_CHUNK = 131_072
"""Long enough that threads meet seldom where NumPy takes the interpreter back, short enough for the second cache."""
_RUN = 1_024
"""Values are sorted in runs of this length, and the edges looked up in each run: a short sort stays in the first cache
and needs no branch, which is twice as fast as looking every value up among the edges."""
_BUCKETED = 4_096
"""Fewer values than this are sorted at once: making buckets would take longer."""


def count_numbers(column: Column, layout: NumericLayout) -> NumericSummary:
    """Count a column of numbers on the cells of a layout.

    Args:
        column: NumPy array, Polars series, Arrow array or sequence; float64 without nulls is read without a copy.
        layout: the cells.

    >>> from regrove.stats.summaries import edges_given
    >>> summary = count_numbers([1.0, 5.0, None, float("nan"), 99.0], edges_given([0, 2, 10]))
    >>> summary.counts.tolist(), summary.nulls, summary.broken
    ([0, 1, 1, 1], 1, 1)
    """
    pieces, nulls = numbers(column)
    below = np.zeros(len(layout.edges), dtype=np.int64)
    moments, rows, broken = Moments(), 0, 0
    buckets = Buckets(layout.edges, _CHUNK) if max(map(len, pieces), default=0) >= _BUCKETED else None
    with np.errstate(over="ignore", invalid="ignore"):
        for piece in pieces:
            for start in range(0, len(piece), _CHUNK):
                chunk = np.asarray(piece[start : start + _CHUNK], dtype=np.float64)
                total = float(chunk.sum())
                if not math.isfinite(total):
                    finite = np.isfinite(chunk)
                    broken += len(chunk) - int(np.count_nonzero(finite))
                    chunk = chunk[finite]
                if not len(chunk):
                    continue
                rows += len(chunk)
                moments = merge_moments(moments, _moments(chunk, total))
                left = chunk
                if buckets and buckets.useful:
                    left = buckets.add_below(chunk, below)
                    if len(left) > len(chunk) // 4:  # values crowd around the edges, and will in the next chunks
                        buckets = None
                _add_below(left, layout.edges, below)
    counts = np.diff(np.concatenate([[0], below, [rows]])).astype(np.int64)
    return NumericSummary(layout=layout, counts=counts, nulls=nulls, broken=broken, moments=moments)


def _add_below(chunk: npt.NDArray[np.float64], edges: npt.NDArray[np.float64], below: npt.NDArray[np.int64]) -> None:
    """Add to ``below`` how many values lie below each edge."""
    whole = len(chunk) // _RUN * _RUN
    if whole:
        for run in np.sort(chunk[:whole].reshape(-1, _RUN), axis=1):
            below += run.searchsorted(edges)
    if whole < len(chunk):
        below += np.sort(chunk[whole:]).searchsorted(edges)


def _moments(chunk: npt.NDArray[np.float64], total: float) -> Moments:
    if not math.isfinite(total):
        return moments_of(chunk)
    mean = total / len(chunk)
    away = chunk - mean
    # not ``away @ away``: for so many values the linear algebra starts threads, which get in the way of a caller's own
    squares = float(np.einsum("i,i->", away, away))
    if not math.isfinite(squares):
        return moments_of(chunk)
    return Moments(len(chunk), mean, squares, float(chunk.min()), float(chunk.max()))


def count_categories(column: Column, layout: CategoryLayout, *, sketches: bool = False) -> CategorySummary:
    """Count a column of texts or truth values on the cells of a layout.

    ``sketches`` adds the number of distinct values and the frequent ones of the new values.

    >>> from regrove.stats.summaries import CategoryLayout
    >>> count_categories(["a", "b", "x", None], CategoryLayout(top=("a",), rest=("b",))).cells().tolist()
    [1, 1, 1, 1]
    """
    found, nulls = texts(column)
    counts = np.zeros(layout.cells, dtype=np.int64)
    remaining = sum(found.values())
    for place, name in enumerate(layout.top):
        count = found.get(name, 0)
        counts[place] = count
        remaining -= count
    fresh: Mapping[str, int] = {}
    if remaining:
        fresh = _fresh(found, layout)
        counts[-1] = sum(fresh.values())
        counts[-2] = remaining - counts[-1]
    if not sketches:
        return CategorySummary(layout=layout, counts=counts, nulls=nulls)
    distinct, frequent = sketch_categories(found)[0], sketch_categories(fresh)[1]
    return CategorySummary(layout=layout, counts=counts, nulls=nulls, distinct=distinct, fresh=frequent)


def _fresh(found: Mapping[str, int], layout: CategoryLayout) -> dict[str, int]:
    """The values that the reference never had."""
    if not layout.complete:
        return {}
    known = set(layout.top)
    known.update(layout.rest)
    return {name: count for name, count in found.items() if name not in known}


def summarise(
    columns: Mapping[str, Any], layouts: Mapping[str, NumericLayout | CategoryLayout], *, threads: int = 1
) -> dict[str, NumericSummary | CategorySummary]:
    """Count each column that has a layout; a Polars frame is such a mapping too.

    NumPy lets go of the interpreter while it counts, so threads help for blocks of 100,000 rows and more. Blocks of
    some ten thousand they count more slowly than one thread would, for they wait for each other at many short steps.

    Raises InvalidStatistic when a column is missing.
    """
    names = set(getattr(columns, "columns", columns))
    missing = [name for name in layouts if name not in names]
    if missing:
        raise InvalidStatistic(
            f"The block lacks the column {missing[0]!r}",
            expected=f"{len(layouts)} columns",
            received=", ".join(sorted(map(str, names))) or "none",
        )

    def one(name: str) -> NumericSummary | CategorySummary:
        layout = layouts[name]
        if isinstance(layout, NumericLayout):
            return count_numbers(columns[name], layout)
        return count_categories(columns[name], layout)

    if threads <= 1:
        return {name: one(name) for name in layouts}
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(layouts, pool.map(one, layouts), strict=True))
