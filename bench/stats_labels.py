"""Performance without labels: how long estimates of a million rows take."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

ROWS = 1_000_000
BUDGET = 1.0


def main() -> None:
    """CBPE (all seven metrics), prediction-powered inference and the delay law, best of three."""
    from regrove.stats.labels import cbpe, delay_law, fit_calibrator, prediction_powered

    rng = np.random.default_rng(0)
    p = rng.beta(1.0, 3.0, ROWS)
    scores = np.clip(p + 0.05 * rng.normal(size=ROWS), 0.0, 1.0)
    truth = rng.random(ROWS) < p
    delay, age = rng.exponential(20.0, ROWS), rng.uniform(0.0, 60.0, ROWS)
    seconds = _best(lambda: cbpe(p, scores))
    print(f"CBPE, {ROWS:,} rows, 7 metrics with intervals: {seconds:.3f} s (budget {BUDGET:g} s)")
    print(f"isotonic calibrator, 200,000 rows, 5 folds: {_best(lambda: fit_calibrator(truth[::5], scores[::5])):.3f} s")
    seconds = _best(lambda: prediction_powered(p, p[:500], truth[:500].astype(float)))
    print(f"prediction-powered inference, {ROWS:,} rows, 500 labels: {seconds:.3f} s")
    print(f"delay law, {ROWS:,} rows: {_best(lambda: delay_law(np.minimum(delay, age), delay <= age)):.3f} s")


def _best(run: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return min(taken)
