"""How much worse a model gets with every day of its age."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Codes, Floats, codes, finite, same_rows
from regrove.stats.comparison.percentiles import bca
from regrove.stats.comparison.resampling import block_weights
from regrove.stats.verdict import Interval, InvalidStatistic, Tier

__all__ = ["Staleness", "staleness"]

_LEAST_BLOCKS = 3
_SAME = 1e-12
"""Share of the sum of squared ages below which their spread is rounding."""
_FLAT = 1e-9
"""Share of the spread of all ages below which a resample has no slope."""


class Staleness(msgspec.Struct, frozen=True, kw_only=True):
    """The slope of the loss over the age of the model."""

    slope: float
    """Loss a row, for each unit of age (a day, as a rule)."""
    interval: Interval
    fresh: float
    """The loss at age 0 by the line; with ``within`` that of an average block."""
    within: bool
    """Whether ages were compared inside each block only."""
    points: int
    blocks: int
    draws: int
    tier: Tier
    seed: int


def staleness(
    age: npt.ArrayLike,
    loss: npt.ArrayLike,
    blocks: npt.ArrayLike | None = None,
    *,
    within: bool = False,
    level: float = 0.9,
    draws: int = 2000,
    seed: int = 0,
    run: int = 1,
) -> Staleness:
    """The slope by least squares, with a BCa interval from drawing whole blocks.

    ``age`` and ``loss`` have one entry for each model and each block of time that it was tested on: the age of the
    model then, and its mean loss a row. ``blocks`` names the block of time; without it each entry is its own. With
    ``within`` models of several ages must have been tested on the same blocks, and only differences inside a block
    count: then neither the season nor a hard week can pass for age. Without it a single frozen model is enough, but
    whatever changed over time is taken for age. ``run`` > 1 draws runs of neighbouring blocks (in the order of their
    names), for losses that depend on those of the block before; the interval is widened for as few runs as there are.

    Stated coverage of the default 90%: at least .87 with 6 blocks or more that are independent, skewed or not. Over 120
    days of a loss of which .7 lasts to the next day: at least .8 in runs of 10 and .87 in runs of 20; by single days it
    covers about half of the time.

    Sources: Efron (1987), JASA 82:171, and Hesterberg (2015), The American Statistician 69:371, for the interval;
    Davison and Hinkley (1997), Bootstrap Methods, section 6.2.4, for the drawing of cases.

    >>> found = staleness([0, 10, 20, 30], [1.0, 1.2, 1.4, 1.6])
    >>> round(found.slope, 6), round(found.fresh, 6)
    (0.02, 1.0)
    """
    ages, losses, block, count = _entries(age, loss, blocks)
    middle_age, middle_loss = float(ages.mean()), float(losses.mean())
    sums = _sums(ages - middle_age, losses - middle_loss, block, count, within)
    total = sums.sum(axis=0, keepdims=True)
    spread = float(_spread(total, within)[0])
    if not spread > _SAME * float(np.square(ages).sum()):
        raise InvalidStatistic(
            "The ages do not differ",
            expected="at least 2 ages" + (" in some block" if within else ""),
            received=f"{len(np.unique(ages))} ages in {count} blocks",
            mend="test models of several ages on the same blocks" if within else "test the model on later blocks",
        )
    slope = float(_slopes(total, within, 0.0)[0])
    rng = np.random.default_rng(seed)
    drawn = np.concatenate(
        [_slopes(batch @ sums, within, _FLAT * spread) for batch in block_weights(count, draws, rng, run=run)]
    )
    drawn = drawn[np.isfinite(drawn)]
    if 2 * len(drawn) < draws or len(drawn) < 2:
        raise InvalidStatistic(
            "Most resamples have a single age",
            expected="several ages in most of them",
            received=f"several in {len(drawn)} of {draws} resamples of {count} blocks",
        )
    found = bca(slope, drawn, _slopes(total - sums, within, _FLAT * spread), level, blocks=max(2, count // run))
    return Staleness(
        slope=slope,
        interval=Interval(min(found.low, slope), max(found.high, slope), level),
        fresh=middle_loss - slope * middle_age,
        within=within,
        points=len(ages),
        blocks=count,
        draws=len(drawn),
        tier=Tier.MOVING_BLOCK if run > 1 else Tier.IID if blocks is None else Tier.BLOCK,
        seed=seed,
    )


def _entries(
    age: npt.ArrayLike, loss: npt.ArrayLike, blocks: npt.ArrayLike | None
) -> tuple[Floats, Floats, Codes, int]:
    ages, losses = finite("age", age), finite("loss", loss)
    rows = same_rows(age=ages, loss=losses)
    names, block = codes(np.arange(rows) if blocks is None else blocks)
    same_rows(age=ages, blocks=block)
    if len(names) < _LEAST_BLOCKS:
        raise InvalidStatistic(
            "A slope needs more blocks",
            expected=f"at least {_LEAST_BLOCKS} blocks",
            received=f"{len(names)} blocks, {rows} entries",
        )
    largest = max(float(np.abs(ages).max()), float(np.abs(losses).max()))
    if largest > 1e100 or float(ages.min()) < 0.0:
        raise InvalidStatistic(
            "These are no ages and losses",
            expected="ages of 0 or more, and numbers that can be squared",
            received=f"a smallest age of {ages.min():.3g}, a largest number of {largest:.3g}",
        )
    return ages, losses, block, len(names)


def _sums(age: Floats, loss: Floats, block: Codes, count: int, within: bool) -> Floats:
    """Of each block: entries, age, loss, age squared, age times loss; shape (blocks, 5)."""
    size = np.bincount(block, minlength=count).astype(np.float64)
    if within:
        age = age - (np.bincount(block, age, count) / size)[block]
        loss = loss - (np.bincount(block, loss, count) / size)[block]
    columns = (age, loss, age * age, age * loss)
    return np.stack([size, *(np.bincount(block, each, count) for each in columns)], axis=1)


def _spread(sums: Floats, within: bool) -> Floats:
    """The sum of squared ages about their mean (about the means of the blocks)."""
    size, age = np.maximum(sums[:, 0], 1.0), sums[:, 1]
    made: Floats = sums[:, 3] - (0.0 if within else age * age / size)
    return made


def _slopes(sums: Floats, within: bool, least: float) -> Floats:
    """The slope of each row of sums; nan where the ages do not differ."""
    size = np.maximum(sums[:, 0], 1.0)
    shared = sums[:, 4] - (0.0 if within else sums[:, 1] * sums[:, 2] / size)
    spread = _spread(sums, within)
    made: Floats = np.where(spread > least, shared / np.where(spread > least, spread, 1.0), np.nan)
    return made
