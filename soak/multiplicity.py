"""Many tests: the chance of any false alarm, the share of false ones, and pages over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy import special

from regrove.stats.drift import ColumnCounts, compare
from regrove.stats.multiplicity import (
    Budget,
    benjamini_hochberg,
    e_bh,
    holm,
    judge_page,
    lord_levels,
    persistent,
    saffron_levels,
)
from soak.row import Row, at_least, at_most, seen


def rows(full: bool) -> Iterator[Row]:
    """The rows of this topic."""
    yield from _lists(20_000 if full else 3_000)
    yield from _streams(5_000 if full else 800)
    yield from _pages(4_000 if full else 400)
    yield from _persistence(2_000_000 if full else 200_000)


def _normal_p(rng: np.random.Generator, columns: int, shared: float, moved: int = 0, by: float = 3.5) -> np.ndarray:
    """One-sided p-values of normal scores that share a part; the first ``moved`` are off."""
    scores = np.sqrt(shared) * rng.normal() + np.sqrt(1 - shared) * rng.normal(size=columns)
    scores[:moved] += by
    return special.ndtr(-scores)


def _lists(trials: int) -> Iterator[Row]:
    rng = np.random.default_rng(1)
    for shared in (0.0, 0.6):
        found: Counter[str] = Counter()
        for _ in range(trials):
            p = _normal_p(rng, 40, shared)
            found["plain"] += bool((p <= 0.05).any())
            found["holm"] += holm(p.tolist(), 0.05).count > 0
            found["bh"] += benjamini_hochberg(p.tolist(), 0.1).count > 0
            # e-values calibrated from p: 1 / (2 sqrt p) integrates to 1
            found["e"] += e_bh((0.5 / np.sqrt(p)).tolist(), 0.1).count > 0
        name = f"40 columns without drift, correlation {shared:g}"
        yield seen(f"{name}: any p <= .05", found["plain"], trials)
        yield at_most(f"{name}: Holm at .05 finds any", 0.05, found["holm"], trials)
        yield at_most(f"{name}: BH at .10 finds any", 0.1, found["bh"], trials)
        yield at_most(f"{name}: e-BH at .10 finds any", 0.1, found["e"], trials)
    wrong = right = 0
    for _ in range(trials):
        rejected = benjamini_hochberg(_normal_p(rng, 40, 0.0, moved=8).tolist(), 0.1).rejected
        wrong += sum(rejected[8:])
        right += sum(rejected[:8])
    yield at_most("8 of 40 columns moved: BH at .10, false among those found", 0.1, wrong, wrong + right)
    yield at_least("8 of 40 columns moved by 3.5 sd: BH finds them", 0.9, right, 8 * trials)


def _streams(trials: int) -> Iterator[Row]:
    """200 windows one after the other."""
    rng = np.random.default_rng(2)
    found: Counter[str] = Counter()
    false: Counter[str] = Counter()
    for _ in range(trials):
        p = rng.random(200)
        mixed = p.copy()
        moved = rng.random(200) < 0.2
        mixed[moved] = special.ndtr(-(rng.normal(size=int(moved.sum())) + 3.5))
        for name, rule in (("LORD++", lord_levels), ("SAFFRON", saffron_levels)):
            found[name] += bool((p <= rule(p, 0.05)).any())
            rejected = mixed <= rule(mixed, 0.05)
            false[name] += int((rejected & ~moved).sum())
            false[name + " all"] += int(rejected.sum())
            false[name + " right"] += int((rejected & moved).sum())
        false["moved"] += int(moved.sum())
        found["plain"] += bool((p <= 0.05).any())
    yield seen("200 windows without drift: any p <= .05", found["plain"], trials)
    for name in ("LORD++", "SAFFRON"):
        yield at_most(f"200 windows without drift: {name} at .05 alarms", 0.05, found[name], trials)
        yield at_most(
            f"a fifth of 200 windows moved: {name}, false among alarms", 0.05, false[name], false[name + " all"]
        )
        yield seen(f"a fifth of 200 windows moved by 3.5 sd: {name} finds them", false[name + " right"], false["moved"])


def _pages(trials: int) -> Iterator[Row]:
    """Ten columns that move together with the day; 5 of 65 days, and one day."""
    rng = np.random.default_rng(3)
    levels = np.linspace(-1, 1, 8)
    for window in (1, 5):
        pages = budget = 0
        for trial in range(trials):
            tilt = 0.3 * rng.normal(size=(60 + window, 1)) + 0.15 * rng.normal(size=(10, 60 + window, 1))
            shares = np.exp(tilt * levels)
            shares /= shares.sum(axis=-1, keepdims=True)
            counts = rng.multinomial(400, shares)
            columns = [
                ColumnCounts(name=f"c{place}", reference=each[:60], window=each[60:], ordered=8)
                for place, each in enumerate(counts)
            ]
            comparison = compare(columns, draws=999, seed=trial, effects=False)
            pages += judge_page(comparison, level=0.05).verdict.value == "drift"
            budget += judge_page(comparison).verdict.value == "drift"
        name = f"10 columns that move together, {window} of {60 + window} days, no drift"
        yield at_most(f"{name}: page at .05", 0.05, pages, trials)
        yield at_most(f"{name}: page at 1 in 90 windows", 1 / 90, budget, trials)


def _persistence(windows: int) -> Iterator[Row]:
    rng = np.random.default_rng(4)
    budget = Budget(least=2, last=3)
    rings = int(persistent(rng.random(windows) <= budget.level, 2, 3).sum())
    yield at_most("2 of 3 windows, independent: pages at a budget of 1 in 90", 1 / 90, rings, windows)
