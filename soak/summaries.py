"""Summaries: how near edges of a sample are to the quantiles of all rows, and the errors of the sketches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regrove.stats.summaries import edges_of, sketch_categories, sketch_numbers
from soak.row import Row, at_most

_RANKS = np.arange(1, 64) / 64


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _edges(600 if full else 60)
    yield from _quantiles(1000 if full else 200)
    yield from _texts(1000 if full else 200)


def _edges(trials: int) -> Iterator[Row]:
    """Columns of 400,000 rows, of which 100,000 are looked at; one value has 1% of the rows, another just misses it."""
    rng = np.random.default_rng(1)
    for order in ("drawn", "ascending", "in rounds of 7"):
        far = wrong = 0
        for _ in range(trials):
            values = rng.normal(size=400_000)
            if order == "ascending":
                values.sort()
            elif order == "in rounds of 7":
                values[::7] += 5.0
            layout = edges_of(values)
            ranks = np.sort(values).searchsorted(layout.edges[1:-1], "right") / len(values)
            far += int(np.count_nonzero(np.abs(ranks - _RANKS) > 0.007))
            values[rng.permutation(400_000)[:7999]] = np.repeat([9.0, 8.0], [4000, 3999])
            wrong += edges_of(values).atoms != (9.0,)
        name = f"edges of 400,000 rows, {order}"
        yield at_most(f"{name}: an edge off its rank by more than .7 points", 0.0001, far, trials * len(_RANKS))
        yield at_most(f"{name}: other atoms than those of all rows", 0.001, wrong, trials)


def _quantiles(trials: int) -> Iterator[Row]:
    """Quantile sketches of 200,000 values, a tenth of them one value."""
    rng = np.random.default_rng(2)
    ranks = np.linspace(0.05, 0.95, 19)
    far = off = 0
    for _ in range(trials):
        values = rng.normal(size=200_000)
        values[:20_000] = 0.5
        rng.shuffle(values)
        sketch = sketch_numbers([values])
        ordered = np.sort(values)
        found = sketch.quantiles(ranks)
        below, upto = ordered.searchsorted(found) / 200_000, ordered.searchsorted(found, "right") / 200_000
        far += int(np.count_nonzero(np.maximum(below - ranks, ranks - upto) > 0.0027))
        off += abs(sketch.share_at(0.5) - 0.1) > 0.0035
    yield at_most("quantile sketch of 200,000 values: a rank off by more than .27%", 0.01, far, trials * len(ranks))
    yield at_most("quantile sketch of 200,000 values: a share off by more than .35%", 0.01, off, trials)


def _texts(trials: int) -> Iterator[Row]:
    """Sketches of 4,000 texts of which few are frequent."""
    rng = np.random.default_rng(3)
    far = off = 0
    for trial in range(trials):
        counts = 1 + rng.geometric(0.001, size=4000)
        distinct, frequent = sketch_categories({f"{trial} {place}": int(each) for place, each in enumerate(counts)})
        far += abs(distinct.distinct / 4000 - 1.0) > 0.0255
        total, error = int(counts.sum()), 0
        for name, estimate in frequent.top(1000):
            error = max(error, abs(estimate - int(counts[int(name.split()[1])])))
        off += error > 3.5 / 1024 * total
    yield at_most("distinct sketch, 4,000 texts: off by more than 1.96 standard errors of 1.3%", 0.05, far, trials)
    yield at_most(
        "frequent sketch, 4,000 texts: an estimate off by more than 3.5 / 1024 of all rows", 0.001, off, trials
    )
