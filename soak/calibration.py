"""Calibration: bounds of the miscalibration, the binned error, conformal coverage, and coverage over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy import special

from regrove.stats.calibration import adapted, conformal_margin, corp, covered, miscalibration_gate, squared_error
from regrove.stats.gate import Gate
from regrove.stats.robustness import flip_rate
from soak.row import Row, at_least, at_most, seen


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _corp(600 if full else 80, 200 if full else 100)
    yield from _binned(4_000 if full else 500)
    yield from _conformal(20_000 if full else 3_000)
    yield from _covered(4_000 if full else 600)
    yield from _moving(200 if full else 20)
    yield from _flips(20_000 if full else 2_000)


def _corp(trials: int, draws: int) -> Iterator[Row]:
    """A score that is right, and one that is too sure: the truth is (a + b x) and the score x, uniform."""
    rng = np.random.default_rng(1)
    for name, slope in (("right", 1.0), ("too sure by half", 0.5)):
        true = (1.0 - slope) ** 2 / 12.0
        for size, blocks in ((500, 0), (5_000, 0), (2_000, 40)):
            low = high = small = 0
            gates: Counter[str] = Counter()
            for trial in range(trials):
                scores = rng.random(size)
                share = (1.0 - slope) / 2.0 + slope * scores
                day = None
                if blocks:
                    # outcomes of a day lean together; on average over days the share is as it was
                    day = np.arange(size) % blocks
                    lean = rng.uniform(-1.0, 1.0, blocks)[day]
                    share = share + lean * np.minimum(share, 1.0 - share) * 0.5
                found = corp(rng.random(size) < share, scores, blocks=day, draws=draws, seed=trial)
                low += found.interval.low > true
                high += found.interval.high < true
                small += found.p <= 0.05
                gates[miscalibration_gate(found, 0.01).gate] += 1
            what = f"score that is {name}, {size} rows" + (f", {blocks} days" if blocks else "")
            yield at_most(f"{what}: upper 95% bound below the miscalibration", 0.05, high, trials)
            yield at_most(f"{what}: lower 95% bound above it", 0.05, low, trials)
            if slope == 1.0:
                row = f"{what}: p <= .05"
                yield seen(row, small, trials) if blocks else at_most(row, 0.05, small, trials)
                yield at_most(f"{what}: FAIL at .01", 0.05, gates[Gate.FAIL], trials)
                yield seen(f"{what}: PASS at .01", gates[Gate.PASS], trials)
            else:
                yield at_most(f"{what}: PASS at .01", 0.05, gates[Gate.PASS], trials)


def _binned(trials: int) -> Iterator[Row]:
    """The interval of the debiased error, and the plain error of a score that is right."""
    rng = np.random.default_rng(2)
    for size in (300, 3_000):
        for shift in (0.0, 0.05, 0.1):
            hits = plain = 0
            for _ in range(trials):
                scores = rng.uniform(0.15, 0.85, size)
                found = squared_error(rng.random(size) < scores + shift, scores)
                hits += found.interval.covers(shift**2)
                plain += found.plain > 0.02
            yield at_least(f"{size} rows off by {shift}: 95% squared error covers", 0.94, hits, trials)
            if not shift:
                yield seen(f"{size} rows, score is right: the plain binned error is above .02", plain, trials)


def _conformal(trials: int) -> Iterator[Row]:
    """A new row below the margin of 9 to 1,000 calibration rows, with heavy tails."""
    rng = np.random.default_rng(3)
    for size in (9, 50, 1_000):
        hits = 0
        for _ in range(trials):
            scores = np.abs(rng.standard_t(2, size + 1))
            hits += scores[-1] <= conformal_margin(scores[:-1], 0.9).margin
        yield at_least(f"90% conformal margin of {size} rows: covers", 0.9, hits, trials)


def _covered(trials: int) -> Iterator[Row]:
    """The verdict on coverage, exactly on its limit of 12% missed."""
    rng = np.random.default_rng(4)
    for name, spread in (("independent rows", 0.0), ("30 days that differ", 1.0)):
        gates: Counter[str] = Counter()
        by_row = 0
        for _ in range(trials):
            day = np.repeat(np.arange(30), 50)
            common = special.expit(-2.2 + spread * rng.normal(size=30))
            missed = rng.random(1500) < common[day] * 0.12 / _mean(spread)
            gates[covered(~missed, 0.9, slack=0.02, blocks=day if spread else None).gate] += 1
            by_row += covered(~missed, 0.9, slack=0.02).gate is not Gate.INCONCLUSIVE
        yield at_most(f"coverage exactly on its limit, {name}: FAIL", 0.07, gates[Gate.FAIL], trials)
        yield at_most(f"coverage exactly on its limit, {name}: PASS", 0.07, gates[Gate.PASS], trials)
        if spread:
            yield seen("coverage exactly on its limit, 30 days that differ, by row: FAIL or PASS", by_row, trials)


def _mean(spread: float) -> float:
    """The mean share over days."""
    grid = np.linspace(-6, 6, 2001)
    weights = np.exp(-grid * grid / 2)
    return float(weights @ special.expit(-2.2 + spread * grid) / weights.sum())


def _moving(trials: int) -> Iterator[Row]:
    """Residuals that double half-way: rows missed in the last thousand."""
    rng = np.random.default_rng(5)
    fixed = moving = total = 0
    for _ in range(trials):
        start = np.abs(rng.normal(size=500))
        stream = np.abs(rng.normal(size=3_000)) * np.where(np.arange(3_000) < 1_000, 1.0, 2.0)
        fixed += int((stream[-1_000:] > conformal_margin(start, 0.9).margin).sum())
        moving += int((~adapted(start, stream, window=500).hits[-1_000:]).sum())
        total += 1_000
    yield seen("residuals double: rows missed with the first margin, 10% promised", fixed, total)
    yield at_most("residuals double: rows missed with adaptive coverage, 1,000 rows later", 0.11, moving, total)


def _flips(trials: int) -> Iterator[Row]:
    """The flip rate exactly on its limit of 2%."""
    rng = np.random.default_rng(6)
    for size in (200, 2_000):
        gates: Counter[str] = Counter()
        for _ in range(trials):
            after = rng.random(size) < 0.02
            gates[flip_rate(np.zeros(size), after).gate] += 1
        yield at_most(f"flips exactly on the limit .02, {size} rows: PASS", 0.05, gates[Gate.PASS], trials)
        yield at_most(f"flips exactly on the limit .02, {size} rows: FAIL", 0.08, gates[Gate.FAIL], trials)
