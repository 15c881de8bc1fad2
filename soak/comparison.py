"""Comparison: promotions without a gain, coverage of the gain, cross-checks, several challengers, and power."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy import special

from regrove.stats.comparison import (
    Metric,
    delong,
    judge,
    mcnemar,
    needed_rows,
    needed_units,
    paired_bootstrap,
    paired_losses,
    resampled_t,
    step_down,
)
from regrove.stats.verdict import Decision
from soak.row import Row, at_least, at_most, seen

_ROWS = 20
"""Of a block."""
_DRAWS = 500


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _promotions(4_000 if full else 400)
    yield from _coverage(4_000 if full else 400)
    yield from _areas(2_000 if full else 150)
    yield from _crosschecks(20_000 if full else 1_000)
    yield from _folds(4_000 if full else 400)
    yield from _several(4_000 if full else 400)
    yield from _power(4_000 if full else 400)


def _losses(
    rng: np.random.Generator, blocks: int, gain: float = 0.0, *, skewed: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Skewed losses of two models; what separates them has a part that all rows of a block share."""
    block = np.repeat(np.arange(blocks), _ROWS)
    champion = rng.gamma(2.0, 0.5, len(block)) * rng.gamma(4.0, 0.25, blocks)[block]
    lean = (rng.gamma(2.0, 1.0, blocks) - 2.0) / np.sqrt(2.0) if skewed else rng.standard_normal(blocks)
    shared = 0.3 * lean[block]
    return champion, champion - gain + shared + 0.5 * rng.standard_normal(len(block)), block


def _promotions(trials: int) -> Iterator[Row]:
    """A/A: neither model is better, but they differ by day."""
    rng = np.random.default_rng(1)
    for blocks in (5, 20, 60):
        by_block: Counter[str] = Counter()
        by_row: Counter[str] = Counter()
        within: Counter[str] = Counter()
        for _ in range(trials):
            champion, challenger, block = _losses(rng, blocks)
            gain = paired_losses(champion, challenger, block, draws=_DRAWS).gain()
            by_block[judge(gain).decision] += 1
            by_row[judge(paired_losses(champion, challenger, draws=_DRAWS).gain()).decision] += 1
            champion, challenger, block = _losses(rng, blocks, gain=-0.1)
            beyond = paired_losses(champion, challenger, block, draws=_DRAWS).gain()
            within[judge(beyond, margin=0.1, benefit="cheaper").decision] += 1
        what = f"A/A, {blocks} blocks of {_ROWS} dependent rows"
        level = 0.08 if blocks >= 20 else 0.12
        yield at_most(f"{what}: PROMOTE", level, by_block[Decision.PROMOTE], trials)
        yield seen(f"{what}: REJECT", by_block[Decision.REJECT], trials)
        yield seen(f"{what}, taken as independent rows: PROMOTE", by_row[Decision.PROMOTE], trials)
        yield at_most(f"{what}, worse by the margin, cheaper: PROMOTE", level, within[Decision.PROMOTE], trials)


def _coverage(trials: int) -> Iterator[Row]:
    """The 90% interval of the gain in a mean loss, and both its ends."""
    rng = np.random.default_rng(2)
    for blocks in (6, 20, 40, 100):
        covered = low = high = 0
        for _ in range(trials):
            champion, challenger, block = _losses(rng, blocks, gain=0.05)
            found = paired_losses(champion, challenger, block, draws=_DRAWS).gain().interval
            covered += found.covers(0.05)
            low += found.low <= 0.05
            high += found.high >= 0.05
        what = f"90% for the gain, {blocks} blocks, skewed"
        if blocks >= 20:
            yield at_least(f"{what}: covers", 0.86, covered, trials)
            yield at_least(f"{what}: its lower end holds", 0.92, low, trials)
            yield at_least(f"{what}: its upper end holds", 0.92, high, trials)
        else:
            yield seen(f"{what}: covers", covered, trials)
            yield seen(f"{what}: its lower end holds", low, trials)
            yield seen(f"{what}: its upper end holds", high, trials)


def _scores(rng: np.random.Generator, blocks: int, day: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes and two scores that are equally good; with ``day`` one of them is better on some days."""
    block = np.repeat(np.arange(blocks), _ROWS)
    truth = rng.random(len(block)) < 0.3
    truth[:2] = [False, True]
    common = rng.standard_normal(len(block))
    lean = (day * rng.standard_normal(blocks))[block]
    left = common + 0.7 * rng.standard_normal(len(block)) + (1.0 + lean) * truth
    right = common + 0.7 * rng.standard_normal(len(block)) + (1.0 - lean) * truth
    return truth, left, right, block


def _areas(trials: int) -> Iterator[Row]:
    """The interval of a gain in AUC, by block and by DeLong."""
    rng = np.random.default_rng(3)
    for blocks in (20, 60):
        low = promoted = alarms = 0
        for _ in range(trials):
            truth, left, right, block = _scores(rng, blocks, 0.5)
            gain = paired_bootstrap(Metric.AUC, truth, left, right, block, draws=300).gain()
            low += gain.interval.low <= 0.0
            promoted += judge(gain).decision is Decision.PROMOTE
            alarms += delong(truth, left, right).p <= 0.05
        what = f"AUC alike, differs by day, {blocks} days"
        yield at_least(f"{what}: lower end of the 90% holds", 0.92, low, trials)
        yield at_most(f"{what}: PROMOTE", 0.08, promoted, trials)
        yield seen(f"{what}: DeLong at .05, which takes rows as independent", alarms, trials)


def _crosschecks(trials: int) -> Iterator[Row]:
    """DeLong and McNemar on independent rows."""
    rng = np.random.default_rng(4)
    for count in (30, 100, 500):
        alarms = 0
        for _ in range(trials):
            truth = np.arange(2 * count) < count
            common = rng.standard_normal(2 * count) + truth
            left, right = common + 0.7 * rng.standard_normal((2, 2 * count))
            alarms += delong(truth, left, right).p <= 0.05
        what = f"DeLong, {count} independent rows of each class, AUC alike"
        yield at_most(what, 0.05, alarms, trials) if count >= 100 else seen(what, alarms, trials)
    for count, wrong in ((50, 0.1), (200, 0.1), (1_000, 0.3)):
        alarms = 0
        truth = np.zeros(count)
        for _ in range(trials):
            left, right = rng.random((2, count)) < wrong
            alarms += mcnemar(truth, left.astype(float), right.astype(float)).p <= 0.05
        yield at_most(f"McNemar mid-p, {count} independent rows, errors {wrong}", 0.05, alarms, trials)


def _folds(trials: int) -> Iterator[Row]:
    """Two learners that are equally good on average: least squares on one half of the columns or on the other."""
    rng = np.random.default_rng(5)
    for folds, repeats in ((10, 1), (5, 5), (10, 10)):
        alarms = plain = 0
        tried = trials if repeats < 10 else trials // 4
        for _ in range(tried):
            columns = rng.standard_normal((100, 8))
            target = columns @ np.ones(8) * 0.3 + rng.standard_normal(100)
            gains = np.concatenate([_fold_gains(rng, columns, target, folds) for _ in range(repeats)])
            alarms += resampled_t(gains, train=100 - 100 // folds, test=100 // folds).p <= 0.05
            t = gains.mean() / (gains.std(ddof=1) / np.sqrt(len(gains)))
            plain += 2.0 * float(special.stdtr(len(gains) - 1, -abs(t))) <= 0.05
        what = f"{repeats} x {folds} folds of 100 rows, learners alike"
        yield at_most(f"{what}: resampled t at .05", 0.06, alarms, tried)
        yield seen(f"{what}: plain t at .05", plain, tried)


def _fold_gains(rng: np.random.Generator, columns: np.ndarray, target: np.ndarray, folds: int) -> np.ndarray:
    gains = []
    for test in np.array_split(rng.permutation(len(target)), folds):
        train = np.setdiff1d(np.arange(len(target)), test)
        errors = []
        for part in (slice(0, 4), slice(4, 8)):
            weights = np.linalg.lstsq(columns[train, part], target[train], rcond=None)[0]
            errors.append(np.mean((target[test] - columns[test, part] @ weights) ** 2))
        gains.append(errors[0] - errors[1])
    return np.array(gains)


def _several(trials: int) -> Iterator[Row]:
    """Five challengers: none better, and one better beside four that are not."""
    rng = np.random.default_rng(6)
    names = [f"challenger {place}" for place in range(5)]
    for blocks in (20, 60):
        wrong = by_t = single = beside = found = 0
        for _ in range(trials):
            champion, first, block = _losses(rng, blocks)
            moved = first - champion
            day = 0.3 * (rng.gamma(2.0, 1.0, (blocks, 5)) - 2.0)[block] / np.sqrt(2.0)
            others = champion[:, None] + moved[:, None] + day + 0.3 * rng.standard_normal((len(block), 5))
            paired = paired_losses(champion, dict(zip(names, others.T, strict=True)), block, draws=_DRAWS)
            wrong += any(each.better for each in step_down(paired))
            by_t += any(each.better for each in step_down(paired, max_t=True))
            single += any(paired.gain(name).interval.low > 0.0 for name in names)
            others[:, 0] -= 0.4
            shifted = paired_losses(champion, dict(zip(names, others.T, strict=True)), block, draws=_DRAWS)
            contenders = step_down(shifted)
            found += contenders[0].better
            beside += any(each.better for each in contenders[1:])
        what = f"5 challengers that resemble each other, {blocks} blocks"
        yield at_most(f"{what}, none better: step_down names one", 0.08, wrong, trials)
        yield seen(f"{what}, none better: step_down by max-T names one", by_t, trials)
        yield seen(f"{what}, none better: one by its own 90% interval", single, trials)
        yield at_most(f"{what}, one better: step_down names another", 0.08, beside, trials)
        yield seen(f"{what}, one better: step_down names it", found, trials)


def _power(trials: int) -> Iterator[Row]:
    """Promotions with as many blocks or rows as were said to give a chance of .8."""
    rng = np.random.default_rng(7)
    error = float(np.hypot(0.3, 0.5 / np.sqrt(_ROWS)))  # of a block: what its rows share, and the mean of the rest
    for gain, skewed, least in ((0.1, False, 0.77), (0.1, True, 0.72), (0.15, False, 0.77), (0.15, True, 0.68)):
        blocks = int(needed_units(gain, error, 1))
        promoted = 0
        for _ in range(trials):
            champion, challenger, block = _losses(rng, blocks, gain=gain, skewed=skewed)
            found = paired_losses(champion, challenger, block, draws=_DRAWS).gain()
            promoted += judge(found).decision is Decision.PROMOTE
        shape = "skewed" if skewed else "normal"
        yield at_least(f"{shape} gain {gain}, needed_units says {blocks} blocks: PROMOTE", least, promoted, trials)
    count = int(needed_rows(0.05, 0.2))
    shares = np.array([0.125, 0.075, 0.8])
    alarms = 0
    for _ in range(trials):
        better, worse, _alike = rng.multinomial(count, shares)
        right = np.zeros(count)
        right[: better + worse] = 1.0
        left = np.zeros(count)
        left[:better] = 1.0
        test = mcnemar(np.zeros(count), left, np.where(right == left, 0.0, 1.0))
        alarms += test.value > 0.0 and test.p <= 0.1
    yield at_least(
        f"accuracy better by .05, needed_rows says {count} rows: one-sided McNemar finds it", 0.77, alarms, trials
    )
