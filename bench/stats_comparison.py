"""The paired block bootstrap: two models on 100,000 rows in 200 days, 2,000 draws, beside resampled rows.

The peer is what people write by hand: draw days, copy their rows, call scikit-learn's metric. It is run for a few draws
and scaled.
"""

from __future__ import annotations

import time

import numpy as np

ROWS, DAYS, DRAWS = 100_000, 200, 2_000
BY_HAND = 20


def main() -> None:
    """Print the figures."""
    from sklearn.metrics import roc_auc_score

    from regrove.stats.comparison import Metric, paired_bootstrap

    rng = np.random.default_rng(0)
    truth = rng.random(ROWS) < 0.25
    champion = np.clip(0.25 + 0.1 * truth + 0.15 * rng.normal(size=ROWS), 0.001, 0.999)
    challenger = np.clip(0.25 + 0.11 * truth + 0.15 * rng.normal(size=ROWS), 0.001, 0.999)
    day = np.repeat(np.arange(DAYS), ROWS // DAYS)
    for metric, budget in ((Metric.AUC, 5.0), (Metric.LOG_LOSS, 0.0), (Metric.BRIER, 0.0)):
        began = time.perf_counter()
        gain = paired_bootstrap(metric, truth, champion, {"new": challenger}, day, draws=DRAWS).gain("new")
        took = time.perf_counter() - began
        within = f"   (budget {budget:.0f} s)" if budget else ""
        print(f"{metric.value:9} {DRAWS:,} draws of {DAYS} days       {took:7.2f} s{within}   gain {gain.interval}")
    began = time.perf_counter()
    for _ in range(BY_HAND):
        chosen = np.concatenate([np.arange(each * 500, each * 500 + 500) for each in rng.integers(DAYS, size=DAYS)])
        roc_auc_score(truth[chosen], challenger[chosen]) - roc_auc_score(truth[chosen], champion[chosen])
    by_hand = (time.perf_counter() - began) / BY_HAND * DRAWS
    began = time.perf_counter()
    paired_bootstrap(Metric.AUC, truth, champion, {"new": challenger}, day, draws=DRAWS)
    ours = time.perf_counter() - began
    print(f"auc by hand, rows copied, scikit-learn      {by_hand:7.1f} s   {by_hand / ours:.0f} x as long")


if __name__ == "__main__":
    main()
