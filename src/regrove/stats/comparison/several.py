"""Several challengers on one holdout: step-down on the shared resamples, by min-p or by max-T."""

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


def step_down(
    paired: Paired, *, level: float = 0.05, margin: float = 0.0, max_t: bool = False
) -> tuple[Contender, ...]:
    """Which challengers beat the champion (by more than -``margin``), with the chance of any wrong one below ``level``.

    By min-p: the smallest p-value of all, each by the BCa interval of its gain, is compared with the smallest of every
    resample, then the next with the rest. With ``max_t`` by max-T: the largest gain over its standard error, with the
    largest of every resample. Either way the draws are shared, so challengers that resemble each other cost little. In
    the order of the challengers; p is one-sided and cannot be below 1 / (1 + draws), so many challengers need many
    draws. Sources: Westfall and Young (1993), Resampling-Based Multiple Testing, algorithm 2.8, for min-p; Romano and
    Wolf (2005), Econometrica 73:1237, for max-T.

    Stated error rate of min-p with 20 blocks or more and no gain in any, skewed or not: at most .08 at level .05. Max-T
    takes chance to reach as far above the gain as below it. With skewed days it does not, and max-T named a wrong
    challenger in .13 of cases with 20 blocks and .11 with 60 (``python -m soak comparison``). It is there for gains
    without skew and to compare with other tools; let decisions rest on min-p.

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
    spread = paired.drawn.std(axis=0, ddof=1)
    error = spread * np.sqrt(paired.blocks / (paired.blocks - 1.0))
    sure = error <= 1e-12 * np.maximum(1.0, np.abs(paired.gains))
    distance = paired.gains + margin
    t = np.where(sure, 0.0, distance / np.where(sure, 1.0, error))
    if max_t:
        alone = np.zeros(len(t))  # only the draws say how much a t is worth
        evidence = np.where(sure, np.where(distance > 1e-12, np.inf, -np.inf), t)
        chance = np.where(sure, -np.inf, (paired.drawn - paired.gains) / np.where(sure, 1.0, spread))
    else:
        alone = _alone(paired, margin, sure, distance)
        evidence, chance = -alone, -_tails(paired.drawn, sure)
    p, floor = np.ones(len(t)), 0.0
    order = np.lexsort((-t, -evidence))
    for step, place in enumerate(order):
        highest = chance[:, order[step:]].max(axis=1)
        by_draws = (1.0 + float((highest >= evidence[place]).sum())) / (len(highest) + 1.0)
        floor = max(floor, float(alone[place]), by_draws)
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
