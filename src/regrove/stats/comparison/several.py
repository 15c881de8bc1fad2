"""Several challengers on one holdout: step-down min-p on the shared resamples."""

from __future__ import annotations

import msgspec
import numpy as np

from regrove.stats.arrays import Bools, Floats
from regrove.stats.comparison.paired import Paired
from regrove.stats.comparison.percentiles import bootstrap_p
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Contender", "step_down"]


class Contender(msgspec.Struct, frozen=True, kw_only=True):
    """One of several challengers."""

    name: str
    value: float
    """Its gain over the champion."""
    statistic: float
    """The gain, less -margin, over its standard error; 0 where it has none."""
    p: float
    """Corrected for having tried them all."""
    better: bool
    """Whether p is at or below the level."""


def step_down(paired: Paired, *, level: float = 0.05, margin: float = 0.0) -> tuple[Contender, ...]:
    """Which challengers beat the champion (by more than -``margin``), with the chance of any wrong one below ``level``.

    The smallest p-value of all, each by the BCa interval of its gain, is compared with the smallest of every resample,
    then the next with the rest: the draws are shared, so challengers that resemble each other cost little. In the order
    of the challengers; p is one-sided. Sources: Westfall and Young (1993), Resampling-Based Multiple Testing, algorithm
    2.8; Romano and Wolf (2005), Econometrica 73:1237. p cannot be below 1 / (1 + draws), so many challengers need many
    draws.

    Stated error rate with 20 blocks or more and no gain in any, skewed or not: at most .08 at level .05.

    >>> rng = np.random.default_rng(1)
    >>> from regrove.stats.comparison import paired_losses
    >>> champion = rng.normal(1, 1, 500)
    >>> found = step_down(paired_losses(champion, {"a": champion + rng.normal(0, 1, 500),
    ...                                            "b": champion - 0.2 + rng.normal(0, 1, 500)}))
    >>> [(each.name, each.better) for each in found]
    [('a', False), ('b', True)]
    """
    if not (0.0 < level < 1.0 and 0.0 <= margin < np.inf):
        raise InvalidStatistic(
            "These are no limits",
            expected="a level between 0 and 1 and a margin of at least 0",
            received=f"level {level}, margin {margin}",
        )
    error = paired.drawn.std(axis=0, ddof=1) * np.sqrt(paired.blocks / (paired.blocks - 1.0))
    sure = error <= 1e-12 * np.maximum(1.0, np.abs(paired.gains))
    distance = paired.gains + margin
    t = np.where(sure, 0.0, distance / np.where(sure, 1.0, error))
    alone = _alone(paired, margin, sure, distance)
    chance = _tails(paired.drawn, sure)
    p, floor = np.ones(len(t)), 0.0
    order = np.lexsort((-t, alone))
    for step, place in enumerate(order):
        smallest = chance[:, order[step:]].min(axis=1)
        floor = max(floor, alone[place], (1.0 + float((smallest <= alone[place]).sum())) / (len(smallest) + 1.0))
        p[place] = floor
    return tuple(
        Contender(
            name=name,
            value=float(paired.gains[place]),
            statistic=float(t[place]),
            p=float(p[place]),
            better=bool(p[place] <= level),
        )
        for place, name in enumerate(paired.names)
    )


def _alone(paired: Paired, margin: float, sure: Bools, distance: Floats) -> Floats:
    """The p-value of each challenger as if it were the only one."""
    least = 1.0 / (len(paired.drawn) + 1.0)
    return np.array(
        [
            (least if distance[place] > 1e-12 else 1.0)
            if sure[place]
            else bootstrap_p(
                float(value), paired.drawn[:, place], paired.without[:, place], -margin, blocks=paired.blocks
            )
            for place, value in enumerate(paired.gains)
        ]
    )


def _tails(drawn: Floats, sure: Bools) -> Floats:
    """Of each draw the share of draws that are as large, shape (draws, challengers); 1 where nothing varies."""
    ordered = np.sort(drawn, axis=0)
    made = np.ones_like(drawn)
    for place in np.flatnonzero(~sure):
        made[:, place] = 1.0 - np.searchsorted(ordered[:, place], drawn[:, place], side="left") / len(drawn)
    return made
