"""Do intervals cover as often as they say, also where rows of a day depend on each other?"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import binary, codes, same_rows
from regrove.stats.drift.shares import wilson
from regrove.stats.gate import GateVerdict, keeps
from regrove.stats.verdict import InvalidStatistic

__all__ = ["covered"]


def covered(
    hits: npt.ArrayLike,
    stated: float = 0.9,
    *,
    slack: float = 0.02,
    blocks: npt.ArrayLike | None = None,
    level: float = 0.9,
) -> GateVerdict:
    """Whether the share of rows that were not covered is at most 1 - ``stated`` + ``slack``.

    Wilson's interval, with rows divided by the design effect between blocks where these are given. Too wide intervals
    pass: they are not wrong, only of little use.

    Args:
        hits: 1 where the truth lay inside the interval or set.
        stated: the coverage that was promised.
        slack: how much less is still all right.
        blocks: the day, session or user of each row.
        level: of the interval; each side errs in (1 - level) / 2 of cases.

    >>> covered([1] * 950 + [0] * 50).gate.value
    'pass'
    """
    inside = binary("hits", hits)
    if not (0.0 < stated < 1.0 and 0.0 <= slack < 1.0):
        raise InvalidStatistic(
            "This is no coverage", expected="stated between 0 and 1, slack of 0 to 1", received=f"{stated}, {slack}"
        )
    missed, rows, design = int((~inside).sum()), len(inside), 1.0
    least = 30
    if blocks is not None and rows:
        block = codes(blocks)[1]
        same_rows(hits=inside, blocks=block)
        design = _design(~inside, block)
    interval = wilson(missed, rows, level, design)
    value = missed / rows if rows else None
    return keeps("share not covered", value, interval, 1.0 - stated + slack, rows=rows, least=least)


def _design(missed: npt.NDArray[np.bool_], block: npt.NDArray[np.int64]) -> float:
    """The variance of the share by blocks over that of independent rows, at least 1 (Cochran's ratio estimator)."""
    rows, share = len(missed), float(missed.mean())
    count = int(block.max()) + 1
    if count < 2:
        return float(rows)
    sums = np.bincount(block, weights=missed - share, minlength=count)
    by_block = float((sums**2).sum()) * count / (count - 1) / rows**2
    plain = max(share * (1.0 - share), 1.0 / rows) / rows
    return max(1.0, min(by_block / plain, float(rows))) if math.isfinite(by_block) else float(rows)
