"""A window of one block: each reference block against the others tells what one block alone does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regrove.stats.drift.anderson import anderson_of_windows
from regrove.stats.drift.cells import gather
from regrove.stats.drift.chisquare import chi_square_of_windows
from regrove.stats.drift.counts import Floats, as_blocks
from regrove.stats.drift.permutation import BlockNull, group
from regrove.stats.verdict import InvalidStatistic

__all__ = ["leave_one_out"]


def leave_one_out(
    reference: npt.ArrayLike,
    window: npt.ArrayLike,
    *,
    alike: npt.ArrayLike | None = None,
    ordered: int | None = None,
    at_least: float = 5.0,
    cells: int = 0,
) -> BlockNull:
    """The window's statistics, then those of every reference block against the reference without it.

    Leaving the block out is essential: a block that is compared with a reference that contains it looks too familiar,
    and the level that is learned from such scores is too low. Here the window meets one block more than the reference
    blocks do, which makes the p-value a little conservative.

    Reference blocks without rows in this column are left out of the ranking.

    Args:
        reference: counts, shape (blocks, cells).
        window: counts of one block, shape (cells,) or (1, cells).
        alike: shape (blocks,), True for the reference blocks of the window's stratum, which alone are ranked; all
            when None. All blocks stay in the reference.
        ordered: how many leading cells are ordered by value; all when None, 0 for categories.
        at_least: the least expected count for the chi-square.
        cells: the number of ordered cells; 0 chooses by the window's expected rows.

    >>> rng = np.random.default_rng(3)
    >>> reference = rng.multinomial(300, [0.25] * 4, size=60)
    >>> null = leave_one_out(reference, [150, 50, 50, 50], ordered=4)
    >>> null.p_ad < 0.002, len(null.ad)
    (True, 61)
    """
    left = as_blocks(reference, "reference")
    right = as_blocks(window, "window", left.shape[1])
    if len(right) != 1 or len(left) < 2:
        raise InvalidStatistic(
            "Leaving one block out compares one window block with the reference",
            expected="1 window block and at least 2 reference blocks",
            received=f"{len(right)} and {len(left)} blocks",
        )
    chosen = np.ones(len(left), dtype=bool) if alike is None else np.asarray(alike, dtype=bool)
    if chosen.shape != (len(left),):
        raise InvalidStatistic(
            "The stratum mask does not fit", expected=f"{len(left)} blocks", received=f"shape {chosen.shape}"
        )
    kept = left.shape[1] if ordered is None else ordered
    blocks = left[chosen]
    total = left.sum(axis=0)
    grouping = group(total + right[0], 1.0 / (len(left) + 1), kept, at_least=at_least, cells=cells)
    ad: Floats | None = None
    x2: Floats | None = None
    one, all_of, new = (gather(each, grouping.cells) for each in (blocks, total, right))
    k = grouping.ordered
    if k > 1:
        drawn = anderson_of_windows(one[:, :k], all_of[:k])
        ad = np.concatenate([anderson_of_windows(new[:, :k], all_of[:k] + new[0, :k]), drawn])
    if grouping.has_chi_square:
        one, all_of, new = (gather(each, grouping.small) for each in (one, all_of, new))
        x2 = np.concatenate([chi_square_of_windows(new, all_of + new[0]), chi_square_of_windows(one, all_of)])
    present = np.append(True, blocks[:, : kept or None].sum(axis=1) > 0)
    return BlockNull(ad=ad, x2=x2, grouping=grouping, exact=False, present=present)
