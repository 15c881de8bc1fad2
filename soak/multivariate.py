"""Joint tests on days whose rows depend on each other: false alarms, and what they see."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from regrove.stats.multivariate import (
    fit_projection,
    kernel_test,
    reconstruction_sums,
    reconstruction_test,
    tell_apart,
)
from regrove.stats.summaries import fourier_map, fourier_sums
from soak.row import Row, at_least, at_most, seen


def rows(full: bool) -> Iterator[Row]:
    """The rows of this topic."""
    yield from _sums(4_000 if full else 250)
    yield from _classifier(300 if full else 24)


def _day(rng: np.random.Generator, correlation: float) -> np.ndarray:
    """150 rows of three columns around a mean of the day's own."""
    covariance = np.full((3, 3), correlation) + (1.0 - correlation) * np.eye(3)
    return rng.multivariate_normal(rng.normal(0, 0.3, 3), covariance, 150)


def _sums(trials: int) -> Iterator[Row]:
    rng = np.random.default_rng(1)
    sample = np.vstack([_day(rng, 0.3) for _ in range(10)])
    through, projection = fourier_map(sample, features=128), fit_projection(sample)
    for window in (1, 7):
        kernel = error = kernel_power = error_power = 0
        for trial in range(trials):
            days = [_day(rng, 0.3) for _ in range(60 + window)]
            moved = [_day(rng, 0.8) for _ in range(window)]
            old, new = [fourier_sums(each, through) for each in days], [fourier_sums(each, through) for each in moved]
            kernel += kernel_test(old[:60], old[60:], draws=999, seed=trial).p <= 0.05
            kernel_power += kernel_test(old[:60], new, draws=999, seed=trial).p <= 0.05
            left, right = ([reconstruction_sums(each, projection) for each in side] for side in (days, moved))
            error += reconstruction_test(left[:60], left[60:], draws=999, seed=trial).p <= 0.05
            error_power += reconstruction_test(left[:60], right, draws=999, seed=trial).p <= 0.05
        yield at_most(
            f"no drift, dependent rows, {window} of {60 + window} days: rff-mmd, p <= .05", 0.05, kernel, trials
        )
        yield at_most(f"no drift, {window} of {60 + window} days: reconstruction error, p <= .05", 0.05, error, trials)
        claim = partial(at_least, level=0.9) if window > 1 else seen  # a single day is one of 61: little can be stated
        yield claim(f"correlation .3 to .8, {window} days: rff-mmd", events=kernel_power, trials=trials)
        yield claim(f"correlation .3 to .8, {window} days: reconstruction error", events=error_power, trials=trials)


def _classifier(trials: int) -> Iterator[Row]:
    rng = np.random.default_rng(2)
    alarms = 0
    for trial in range(trials):
        days = np.vstack([_day(rng, 0.3)[:40] for _ in range(27)])
        block = np.repeat(np.arange(27), 40)
        old = block < 20
        found = tell_apart(
            days[old], days[~old], blocks_reference=block[old], blocks_window=block[~old], draws=9, folds=3, seed=trial
        )
        alarms += found.p <= 0.05
    yield at_most(
        "no drift, dependent rows, 7 of 27 days: classifier with blocks held out, p <= .05", 0.05, alarms, trials
    )
