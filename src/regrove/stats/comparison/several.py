"""Several challengers on one holdout: step-down max-T on the shared resamples."""

from __future__ import annotations

import msgspec
import numpy as np

from regrove.stats.comparison.paired import Paired
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

    The largest studentised gain is compared with the largest of the centred resamples, then the next with the rest:
    the draws are shared, so challengers that resemble each other cost little. In the order of the challengers; p is
    one-sided. Source: Romano and Wolf (2005), Econometrica 73:1237.

    Stated error rate with 20 blocks or more and no gain in any: at most .08 at level .05.

    >>> rng = np.random.default_rng(0)
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
    widened = np.sqrt(paired.blocks / (paired.blocks - 1.0))
    error = paired.drawn.std(axis=0, ddof=1) * widened
    sure = error <= 1e-12 * np.maximum(1.0, np.abs(paired.gains))
    error = np.where(sure, 1.0, error)
    distance = paired.gains + margin
    t = np.where(sure, np.where(distance > 1e-12, np.inf, 0.0), distance / error)
    chance = np.where(sure, 0.0, (paired.drawn - paired.gains) * widened / error)
    p, floor = np.ones(len(t)), 0.0
    order = np.argsort(-t, kind="stable")
    for step, place in enumerate(order):
        highest = chance[:, order[step:]].max(axis=1)
        floor = max(floor, (1.0 + float((highest >= t[place]).sum())) / (len(highest) + 1.0))
        p[place] = floor
    return tuple(
        Contender(
            name=name,
            value=float(paired.gains[place]),
            statistic=0.0 if sure[place] else float(t[place]),
            p=float(p[place]),
            better=bool(p[place] <= level),
        )
        for place, name in enumerate(paired.names)
    )
