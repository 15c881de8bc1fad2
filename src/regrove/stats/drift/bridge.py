"""From summaries to the counts that a comparison takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regrove.stats.drift.column import ColumnCounts, Floors
from regrove.stats.summaries.layout import NumericLayout
from regrove.stats.summaries.summary import CategorySummary, NumericSummary
from regrove.stats.verdict import InvalidStatistic

__all__ = ["column_counts"]

AnySummary = NumericSummary | CategorySummary


def column_counts(
    name: str, reference: Sequence[AnySummary], window: Sequence[AnySummary], *, floors: Floors | None = None
) -> ColumnCounts:
    """The counts of one column from the summaries of its blocks, in order of time.

    Raises InvalidStatistic when a side has no block or a block was counted on other cells.

    >>> from regrove.stats.summaries import count_numbers, edges_of
    >>> layout = edges_of([float(each) for each in range(1000)], cells=4)
    >>> block = count_numbers([1.0, 50.0, None, 1000.0], layout)
    >>> column = column_counts("x", [block, block], [block])
    >>> column.reference.shape, column.ordered, column.nulls
    ((2, 8), 6, 7)
    """
    if not reference or not window:
        raise InvalidStatistic(
            f"Column {name!r} has no blocks on one side",
            expected="at least 1 block on each side",
            received=f"{len(reference)} and {len(window)}",
        )
    layout = reference[0].layout
    for each in (*reference, *window):
        if each.layout.fingerprint != layout.fingerprint:
            raise InvalidStatistic(
                f"Blocks of column {name!r} were counted on different cells",
                expected=f"the layout {layout.fingerprint}",
                received=each.layout.fingerprint,
                mend="count all blocks on the edges of one reference",
            )
    left, right = (np.stack([each.cells() for each in side]) for side in (reference, window))
    if isinstance(layout, NumericLayout):
        return ColumnCounts(
            name=name,
            reference=left,
            window=right,
            ordered=layout.cells,
            edges=layout.edges,
            scale=layout.scale,
            broken=layout.cells,
            nulls=layout.cells + 1,
            fresh=(0, layout.cells - 1),
            floors=floors or Floors(),
        )
    return ColumnCounts(
        name=name,
        reference=left,
        window=right,
        nulls=layout.cells,
        fresh=(layout.cells - 1,) if layout.complete else (),
        floors=floors or Floors(),
    )
