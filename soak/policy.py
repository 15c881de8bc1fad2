"""Policy: does the interval of the period cover, does a retraining pay, is a worse window chosen?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from regrove.stats.comparison import paired_losses
from regrove.stats.policy import Costs, Retrain, choose_window, retraining_gain, retraining_period, staleness
from soak.row import Row, at_least, at_most, seen

_SLOPE, _COST, _VALUE, _ROWS = 0.01, 200.0, 0.1, 1_000.0
_BEST = math.sqrt(2.0 * _COST / (_VALUE * _ROWS * _SLOPE))
_AGES = np.array([7.0, 14.0, 28.0, 56.0])


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _periods(4_000 if full else 300)
    yield from _lasting(4_000 if full else 300)
    yield from _gains(4_000 if full else 400)
    yield from _windows(10_000 if full else 600)


def _skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Noise with mean 0 and a long right tail, as the losses of days have."""
    return rng.gamma(2.0, 1.0, shape) - 2.0


def _periods(trials: int) -> Iterator[Row]:
    """Models of four ages on each block; the level of a block moves all of them."""
    rng = np.random.default_rng(1)
    for blocks, level in ((6, 0.87), (12, 0.87), (30, 0.87), (100, 0.87)):
        age, block = np.tile(_AGES, blocks), np.repeat(np.arange(blocks), 4)
        covered = plain = open_ended = 0
        for _ in range(trials):
            noise = 0.05 * _skewed(rng, (blocks, 4)) + 0.05 * rng.standard_normal((blocks, 4)) * (_AGES / 28.0)
            season = 0.3 * _skewed(rng, (blocks, 1))
            loss = 1.0 + _SLOPE * age + (noise + season).ravel()
            stale = staleness(age, loss, block, within=True, draws=500)
            found = retraining_period(stale, cost=_COST, value=_VALUE, rows=_ROWS)
            covered += found.interval.covers(_BEST)
            open_ended += math.isinf(found.interval.high)
            single = rng.integers(4, size=blocks)
            if len(np.unique(single)) > 2:
                place = np.arange(blocks) * 4 + single
                plain += staleness(age[place], loss[place], draws=500).interval.covers(_SLOPE)
            else:
                plain += 1
        what = f"90% for tau*, 4 ages on each of {blocks} blocks"
        yield at_least(f"{what}: covers", level, covered, trials)
        yield seen(f"{what}: has no upper end", open_ended, trials)
        yield seen(f"90% for the slope, 1 age on each of {blocks} blocks with a season: covers", plain, trials)


def _lasting(trials: int) -> Iterator[Row]:
    """One frozen model over 120 days, with losses that last: by day, and in runs."""
    rng = np.random.default_rng(2)
    age = np.arange(120.0)
    for last in (0.0, 0.7):
        covered = {1: 0, 10: 0, 20: 0}
        ended = 0
        for _ in range(trials):
            noise = 0.1 * rng.standard_normal(120)
            for day in range(1, 120):
                noise[day] = last * noise[day - 1] + math.sqrt(1.0 - last * last) * noise[day]
            for run in covered:
                found = staleness(age, 1.0 + noise, draws=500, run=run)
                covered[run] += found.interval.covers(0.0)
                ended += run == 20 and found.interval.low > 0.0
        what = f"one model over 120 days without a slope, {last} of the noise lasts"
        for run, count in covered.items():
            name = f"{what}: 90% in runs of {run} covers"
            if last and run == 1:
                yield seen(name, count, trials)
            else:
                yield at_least(name, 0.8 if last and run == 10 else 0.87, count, trials)
        yield at_most(f"{what}: tau* has an upper end, in runs of 20", 0.06, ended, trials)


def _gains(trials: int) -> Iterator[Row]:
    """A retraining that is exactly not worth its cost, and one that is twice worth it."""
    rng = np.random.default_rng(3)
    for blocks in (20, 60):
        block = np.repeat(np.arange(blocks), 20)
        wrong = covered = right = waits = 0
        for _ in range(trials):
            stale = rng.gamma(2.0, 0.5, len(block))
            day = 0.03 * _skewed(rng, (blocks,))[block]
            better = stale - 0.05 + day + rng.normal(0, 0.3, len(block))
            gain = paired_losses(stale, better, block, draws=500).gain()
            exact = retraining_gain(gain, value=1.0, rows=100.0, days=30.0, costs=Costs(train=150.0))
            wrong += exact.decision is Retrain.RETRAIN
            waits += exact.decision is Retrain.WAIT
            covered += exact.interval.low <= 150.0
            cheap = retraining_gain(gain, value=1.0, rows=100.0, days=30.0, costs=Costs(train=75.0))
            right += cheap.decision is Retrain.RETRAIN
        what = f"{blocks} dependent blocks"
        yield at_most(f"{what}, gain equals cost: RETRAIN", 0.08, wrong, trials)
        yield at_most(f"{what}, gain equals cost: WAIT", 0.08, waits, trials)
        yield at_least(f"{what}: lower bound of the gain holds", 0.92, covered, trials)
        yield seen(f"{what}, gain is twice the cost: RETRAIN", right, trials)


def _windows(trials: int) -> Iterator[Row]:
    """Candidates that are all alike; a worse one beside them; a better one; and the smallest mean for comparison."""
    rng = np.random.default_rng(4)
    names = ("all", "4 seasons", "2 seasons", "season")
    for origins in (6, 12, 40):
        for shape in ("normal", "skewed"):
            other = naive = worse = least_worse = better = 0
            for _ in range(trials):
                noise = (
                    rng.standard_normal((origins, 4))
                    if shape == "normal"
                    else _skewed(rng, (origins, 4)) / math.sqrt(2)
                )
                losses = 1.0 + 0.3 * rng.standard_normal((origins, 1)) + 0.1 * noise
                other += not choose_window(_named(names, losses), draws=500).tie
                naive += int(losses.mean(axis=0).argmin()) != 0
                moved = losses + np.array([0.0, 0.0, 0.0, 0.05])
                worse += choose_window(_named(names, moved), draws=500).chosen == "season"
                least_worse += int(moved.mean(axis=0).argmin()) == 3
                better += choose_window(_named(names, losses - [0.0, 0.0, 0.0, 0.1]), draws=500).chosen == "season"
            what = f"4 windows, {origins} origins, {shape}"
            yield at_most(f"{what}, all alike: another than the first", 0.05, other, trials)
            yield seen(f"{what}, all alike: another has the smallest mean", naive, trials)
            yield at_most(f"{what}, one worse by half a deviation: it is chosen", 0.02, worse, trials)
            yield seen(f"{what}, one worse by half a deviation: it has the smallest mean", least_worse, trials)
            yield seen(f"{what}, one better by a deviation: it is chosen", better, trials)


def _named(names: tuple[str, ...], losses: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(names, losses.T, strict=True))
