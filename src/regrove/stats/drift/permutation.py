"""The block permutation null: what the statistics would be if any of the blocks had been the window.

Rows of one day share their weather, their campaign, their outage; days are alike where rows are not independent. So
whole blocks are exchanged, and the statistic of the window is ranked among those of all other choices of blocks.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.anderson import anderson_of_windows
from regrove.stats.drift.cells import cells_for, gather, neighbours, pooled
from regrove.stats.drift.chisquare import chi_square_of_windows
from regrove.stats.drift.counts import Floats, Integers, as_blocks
from regrove.stats.drift.selections import Selections
from regrove.stats.drift.tail import refined_p
from regrove.stats.verdict import InvalidStatistic

__all__ = ["BlockNull", "Grouping", "block_null", "chi_square_p", "group", "statistics_of"]

_CHI_SQUARE_ROWS = 200
"""The least rows of a numeric window for a chi-square on its values, beside Anderson-Darling."""


class Grouping(msgspec.Struct, frozen=True, kw_only=True):
    """Which cells are put together for the two tests of a column, in two steps."""

    cells: npt.NDArray[np.int64]
    """Group of each cell: ordered cells with their neighbours, the others each on its own."""
    ordered: int
    """How many of the groups are ordered, for the Anderson-Darling statistic; they come first."""
    small: npt.NDArray[np.int64]
    """Group of each of these groups, for the chi-square: small ones are put together."""
    rows: float
    """Rows with a value that a window is expected to have; the same for every permutation."""

    @property
    def divergence(self) -> Integers:
        """Group of each cell for divergences: neighbours of ordered cells, and small cells of unordered ones."""
        return self.cells if self.ordered else self.small[self.cells]

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the chi-square."""
        return int(self.small.max())

    @property
    def has_chi_square(self) -> bool:
        """Whether the chi-square is made: it needs two cells that are large enough."""
        return self.degrees > 0


class BlockNull(msgspec.Struct, frozen=True, kw_only=True):
    """Statistics of one column: the observed window first, then every drawn one."""

    ad: npt.NDArray[np.float64] | None
    """Anderson-Darling, shape (1 + draws,); None where cells have no order or are too few."""
    x2: npt.NDArray[np.float64] | None
    """Chi-square, shape (1 + draws,); None where there are too few rows for it, or a single cell."""
    grouping: Grouping
    exact: bool
    """Whether the drawn ones are all there are."""
    present: npt.NDArray[np.bool_]
    """Shape (1 + draws,): False for drawn windows without rows in this column, which are not ranked."""

    @property
    def p_ad(self) -> float | None:
        """The p-value of the Anderson-Darling statistic."""
        return self._p(self.ad)

    @property
    def p_x2(self) -> float | None:
        """The p-value of the chi-square."""
        return self._p(self.x2)

    def _p(self, statistics: Floats | None) -> float | None:
        drawn = self.present[1:]
        if statistics is None or not drawn.any():
            return None
        return refined_p(float(statistics[0]), statistics[1:][drawn], exact=self.exact)[0]


def group(total: Floats, share: float, ordered: int, *, at_least: float = 5.0, cells: int = 0) -> Grouping:
    """The grouping of a column's cells from its pooled counts.

    Args:
        total: pooled counts, shape (cells,), the ``ordered`` ones first, unordered ones (null, other, new) after them.
        share: the share of rows that a window is expected to hold.
        ordered: how many of the cells are ordered.
        at_least: the least expected count of a cell in the smaller sample for the chi-square.
        cells: the number of ordered cells; 0 chooses by the window's expected rows.
    """
    rows = float(total[:ordered].sum() if ordered else total.sum()) * share
    merged = neighbours(total[:ordered], cells or cells_for(rows)) if ordered else np.zeros(0, dtype=np.int64)
    first = int(merged.max()) + 1 if ordered else 0
    groups: Integers = np.concatenate([merged, np.arange(first, first + len(total) - ordered)])
    merged_total = gather(total, groups)
    lesser = min(share, 1.0 - share)
    if first and rows < _CHI_SQUARE_ROWS:
        # too few rows for cells of values: the chi-square compares values with nulls and the other cells without order
        apart = pooled(np.append(merged_total[:first].sum(), merged_total[first:]), lesser, 1.0)
        small: Integers = np.concatenate([np.repeat(apart[:1], first), apart[1:]])
    else:
        small = pooled(merged_total, lesser, at_least)
    return Grouping(cells=groups, ordered=first, small=small, rows=rows)


def block_null(
    reference: npt.ArrayLike,
    window: npt.ArrayLike,
    selections: Selections,
    *,
    ordered: int | None = None,
    at_least: float = 5.0,
    cells: int = 0,
) -> BlockNull:
    """Anderson-Darling and chi-square of one column under permutation of whole blocks.

    A block without rows in this column adds nothing to either side. Both statistics of the observed window are computed
    by the same pass as those of the drawn ones, from exact whole numbers: equal windows have equal statistics.

    Stated level: P(p <= a) <= a when the blocks of a stratum are exchangeable, whatever the dependence of rows inside
    a block. The order of rows inside a block does not enter.

    Args:
        reference: counts, shape (reference blocks, cells).
        window: counts, shape (window blocks, cells), on the same cells.
        selections: of as many blocks; the same for all columns of a model.
        ordered: how many leading cells are ordered by value; all when None, 0 for categories.
        at_least: the least expected count for the chi-square.
        cells: the number of ordered cells; 0 chooses by the window's expected rows.

    >>> from regrove.stats.drift import select_blocks, strata_numbers
    >>> rng = np.random.default_rng(7)
    >>> reference = rng.multinomial(200, [0.25, 0.25, 0.25, 0.25], size=30)
    >>> window = rng.multinomial(200, [0.4, 0.2, 0.2, 0.2], size=5)
    >>> selections = select_blocks(*strata_numbers(None, None, 30, 5), 1999, rng)
    >>> null = block_null(reference, window, selections, ordered=4)
    >>> null.p_ad < 0.001, null.p_x2 < 0.001
    (True, True)
    """
    left = as_blocks(reference, "reference")
    right = as_blocks(window, "window", left.shape[1])
    blocks = np.vstack([left, right])
    if len(blocks) != selections.marks.shape[1] or selections.marks[0].sum() != len(right):
        raise InvalidStatistic(
            "The selections were made for other blocks",
            expected=f"{selections.marks.shape[1]} blocks with {selections.marks[0].sum():.0f} in the window",
            received=f"{len(blocks)} blocks with {len(right)} in the window",
        )
    kept = blocks.shape[1] if ordered is None else ordered
    total = blocks.sum(axis=0)
    rows = blocks.sum(axis=1)
    share = float(selections.share @ rows / rows.sum()) if rows.sum() > 0 else 0.0
    grouping = group(total, share, kept, at_least=at_least, cells=cells)
    cut = gather(blocks, grouping.cells)
    ad, x2 = _statistics(selections.marks @ cut, cut.sum(axis=0), grouping)
    return BlockNull(
        ad=ad, x2=x2, grouping=grouping, exact=selections.exact, present=np.ones(len(selections.marks), dtype=bool)
    )


def _statistics(windows: Floats, total: Floats, grouping: Grouping) -> tuple[Floats | None, Floats | None]:
    """Both statistics of many windows, counted on the first step of the grouping."""
    ad = x2 = None
    if grouping.ordered > 1:
        ad = anderson_of_windows(windows[..., : grouping.ordered], total[: grouping.ordered])
    if grouping.has_chi_square:
        if grouping.degrees < len(total) - 1:
            windows, total = gather(windows, grouping.small), gather(total, grouping.small)
        x2 = chi_square_of_windows(windows, total)
    return ad, x2


def statistics_of(
    reference: Floats, window: Floats, grouping: Grouping
) -> tuple[float | None, float | None, tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Both statistics without permutation, and the block counts of both sides on either step of the grouping."""
    cut = gather(reference, grouping.cells), gather(window, grouping.cells)
    small = gather(cut[0], grouping.small), gather(cut[1], grouping.small)
    right = cut[1].sum(axis=0)
    ad, x2 = _statistics(right, cut[0].sum(axis=0) + right, grouping)
    return None if ad is None else float(ad), None if x2 is None else float(x2), cut, small


def chi_square_p(statistic: float, degrees: int) -> float:
    """The upper tail of the chi-square law."""
    return float(special.chdtrc(degrees, statistic))
