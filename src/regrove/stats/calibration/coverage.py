"""Do intervals cover as often as they say, also where rows of a day depend on each other?"""

from __future__ import annotations

import numpy.typing as npt

from regrove.stats.arrays import binary
from regrove.stats.blocked import design_of
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
    missed, rows = int((~inside).sum()), len(inside)
    interval = wilson(missed, rows, level, design_of(~inside, blocks))
    value = missed / rows if rows else None
    return keeps("share not covered", value, interval, 1.0 - stated + slack, rows=rows, least=30)
