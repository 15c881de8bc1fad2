"""Exchange whole blocks between reference and window, for any statistic of sums that add up."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.drift.counts import Floats
from regrove.stats.drift.selections import select_blocks, strata_numbers
from regrove.stats.drift.tail import refined_p
from regrove.stats.verdict import InvalidStatistic, Tier

__all__ = ["BlockTest", "exchange_blocks", "stacked"]

Statistic = Callable[[Floats, Floats], Floats]
"""From the means of the windows and of the references, each of shape (choices, features), to one number a choice."""


class BlockTest(msgspec.Struct, frozen=True, kw_only=True):
    """A joint statistic of the window, ranked among those of all other choices of blocks."""

    name: str
    p: float | None
    """None where there is nothing to rank among; the reason says what is missing."""
    statistic: float
    effect: float
    """What is left of the difference when that of chance is taken away, in the unit of the test; 0 is none."""
    tier: Tier
    rows_reference: int
    rows_window: int
    blocks_reference: int
    """Blocks with rows."""
    blocks_window: int
    draws: int
    """Choices of blocks besides the observed one."""
    exact: bool
    """Whether those are all there are."""
    seed: int
    reason: str


def exchange_blocks(
    name: str,
    totals: tuple[Floats, Floats],
    rows: tuple[Floats, Floats],
    statistic: Statistic,
    *,
    strata_reference: Sequence[Hashable] | None = None,
    strata_window: Sequence[Hashable] | None = None,
    draws: int = 1999,
    seed: int = 0,
) -> BlockTest:
    """The p-value of ``statistic`` when any of the blocks could have been the window.

    Stated level: P(p <= a) <= a when the blocks of a stratum are exchangeable, whatever the dependence of rows inside a
    block. Blocks without rows add nothing to either side.

    Args:
        name: of the test, for the record.
        totals: sums of reference and window blocks, each of shape (blocks, features).
        rows: their rows, each of shape (blocks,).
        statistic: from mean of window and mean of reference to a number that is large when they differ.
        strata_reference: weekday or hour of each reference block; only blocks of a stratum are exchanged.
        strata_window: of each window block.
        draws: choices of blocks besides the observed one, when there are more than that.
        seed: of the draws.

    Raises:
        InvalidStatistic: a side without a block, or sums that do not fit together.

    >>> blocks = np.arange(12.0)[:, None]
    >>> far = lambda window, reference: np.abs(window - reference)[:, 0]
    >>> test = exchange_blocks("mean", (blocks[:9], blocks[9:]), (np.ones(9), np.ones(3)), far)
    >>> test.exact, round(test.p, 4)                # 2 of the 220 choices of 3 are as far out
    (True, 0.0091)
    """
    _fitting(totals, rows)
    sides = strata_numbers(strata_reference, strata_window, len(totals[0]), len(totals[1]))
    selections = select_blocks(*sides, draws, np.random.default_rng(seed))
    sums, sizes = np.vstack(totals), np.concatenate(rows)
    within = selections.marks @ sizes
    without = sizes.sum() - within
    present = (within > 0) & (without > 0)
    found = {
        "name": name,
        "tier": Tier.LEAVE_ONE_OUT if len(totals[1]) == 1 else Tier.BLOCK,
        "rows_reference": int(rows[0].sum()),
        "rows_window": int(rows[1].sum()),
        "blocks_reference": int(np.count_nonzero(rows[0])),
        "blocks_window": int(np.count_nonzero(rows[1])),
        "exact": selections.exact,
        "seed": seed,
    }
    if not present[0] or present.sum() < 2:
        reason = "window or reference has no rows" if not present[0] else "there is no other choice of blocks"
        return msgspec.convert(
            found | {"p": None, "statistic": 0.0, "effect": 0.0, "draws": 0, "reason": reason}, BlockTest
        )
    window = selections.marks[present] @ sums
    values = statistic(window / within[present, None], (sums.sum(axis=0) - window) / without[present, None])
    p, _ = refined_p(float(values[0]), values[1:], exact=selections.exact)
    more = {
        "p": p,
        "statistic": float(values[0]),
        "effect": max(0.0, float(values[0] - values[1:].mean())),
        "draws": len(values) - 1,
        "reason": f"ranked among {len(values) - 1:,} {'other' if selections.exact else 'drawn'} choices of blocks",
    }
    return msgspec.convert(found | more, BlockTest)


def stacked(
    reference: Sequence[tuple[npt.ArrayLike, int]], window: Sequence[tuple[npt.ArrayLike, int]]
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Sums, shape (blocks, features), and rows, shape (blocks,), of both sides, from a pair of them for each block.

    Raises InvalidStatistic for a side without a block.
    """
    if not reference or not window:
        raise InvalidStatistic(
            "There is nothing to compare",
            expected="at least 1 reference and 1 window block",
            received=f"{len(reference)} and {len(window)}",
        )
    left, right = (
        [np.atleast_1d(np.asarray(total, dtype=np.float64)) for total, _ in side] for side in (reference, window)
    )
    rows = tuple(np.array([count for _, count in side], dtype=np.float64) for side in (reference, window))
    return (np.stack(left), np.stack(right)), (rows[0], rows[1])


def _fitting(totals: tuple[Floats, Floats], rows: tuple[Floats, Floats]) -> None:
    shapes = [each.shape for each in (*totals, *rows)]
    fits = all(
        total.ndim == 2 and size.shape == (len(total),) and len(total) > 0
        for total, size in zip(totals, rows, strict=True)
    )
    if not fits or totals[0].shape[1] != totals[1].shape[1]:
        raise InvalidStatistic(
            "Sums of window and reference do not fit together",
            expected="at least 1 block a side, as many features, and the rows of each block",
            received=f"shapes {shapes}",
        )
    if not all(np.isfinite(each).all() for each in (*totals, *rows)) or min(rows[0].min(), rows[1].min()) < 0:
        raise InvalidStatistic(
            "Sums of blocks cannot be used", expected="finite sums, and rows of 0 or more", received="others"
        )
