"""Groups: any group worse than the limit, from 5 to 170,000 rows; intervals, shrinkage and slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy import special

from regrove.stats.gate import Gate
from regrove.stats.groups import (
    RateKind,
    RateTable,
    clustered_gap,
    group_auc,
    group_calibration,
    group_residuals,
    newcombe,
    search_slices,
    shrunk,
    wilson,
    worse_group,
)
from soak.row import Row, at_least, at_most, seen

SIZES = np.array([5, 40, 137, 900, 6_000, 30_000, 170_000])
"""Rows of the groups, as those of a census question."""


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    many = 20_000 if full else 2_000
    yield from _worse(many)
    yield from _blocks(2_000 if full else 300)
    yield from _intervals(many)
    yield from _scores(4_000 if full else 600)
    yield from _shrinkage(1_000 if full else 60)
    yield from _slices(2_000 if full else 200)


def _table(counts: np.ndarray, sizes: np.ndarray) -> RateTable:
    names = tuple(f"{size}" for size in sizes)
    return RateTable(kind=RateKind.SELECTION, groups=names, counts=counts[None], rows=sizes[None], blocked=False)


def _worse(trials: int) -> Iterator[Row]:
    """Wrong FAIL with every gap on or inside the limit; wrong PASS with one group beyond it."""
    rng = np.random.default_rng(1)
    for share in (0.38, 0.05):
        naive = 0
        for limit in (0.0, 0.05):
            found: Counter[str] = Counter()
            for _ in range(trials):
                counts = rng.binomial(SIZES, share)
                found[worse_group(_table(counts, SIZES), limit).gate] += 1
                rates = counts / SIZES
                naive += limit > 0 and float(rates.max() - rates.min()) > limit
            what = f"7 groups of 5 to 170,000, all at {share}, limit {limit}"
            level = 0.06 if limit == 0.0 and share < 0.1 else 0.05  # rare events, and no limit that forgives them
            yield at_most(f"{what}: FAIL", level, found[Gate.FAIL], trials)
            if limit:
                yield seen(f"{what}: largest minus smallest rate is beyond it", naive, trials)
                kept = SIZES[3:]
                passed = sum(
                    worse_group(_table(rng.binomial(kept, share), kept), limit).gate is Gate.PASS
                    for _ in range(trials // 4)
                )
                yield seen(f"4 groups of 900 to 170,000, all at {share}, limit {limit}: PASS", passed, trials // 4)
    for place, worse in ((1, 40), (3, 900), (5, 30_000)):
        at_limit: Counter[str] = Counter()
        beyond: Counter[str] = Counter()
        for _ in range(trials):
            shares = np.full(len(SIZES), 0.3)
            shares[place] = 0.35
            at_limit[worse_group(_table(rng.binomial(SIZES, shares), SIZES), 0.05, against="170000").gate] += 1
            shares[place] = 0.3501
            kept = SIZES[1:]
            beyond[worse_group(_table(rng.binomial(kept, shares[1:]), kept), 0.05, against="170000").gate] += 1
        yield at_most(f"group of {worse} exactly on the limit .05: FAIL", 0.05, at_limit[Gate.FAIL], trials)
        yield at_most(f"group of {worse} just beyond the limit .05: PASS", 0.05, beyond[Gate.PASS], trials)


def _blocks(trials: int) -> Iterator[Row]:
    """Days of 50 rows a group; the rate of each group moves from day to day by itself."""
    rng = np.random.default_rng(2)
    for blocks in (10, 30, 100):
        for shared in (0.0, 0.4):
            wide = plain = 0
            size = np.full(blocks, 50.0)
            for trial in range(trials):
                common = rng.normal(0, shared, blocks)
                left, right = (
                    rng.binomial(50, special.expit(-1 + common + rng.normal(0, 0.4, blocks))).astype(float)
                    for _ in range(2)
                )
                ours = clustered_gap((left, size), (right, size), draws=300, rng=np.random.default_rng(trial))
                wide += not ours.covers(0.0)
                plain += not newcombe(left.sum(), size.sum(), right.sum(), size.sum(), 0.95).covers(0.0)
            what = f"{blocks} days, each group's rate moves by .4, both together by {shared}"
            yield at_most(f"{what}: 95% by block misses", 0.06, wide, trials)
            yield seen(f"{what}: Newcombe by row misses", plain, trials)


def _intervals(trials: int) -> Iterator[Row]:
    """Coverage of the plain intervals, averaged over shares."""
    rng = np.random.default_rng(3)
    for n, m in ((30, 30), (40, 170_000), (1_000, 1_000)):
        hits = single = 0
        for _ in range(trials):
            p, q = rng.uniform(0.02, 0.98, 2)
            c, d = int(rng.binomial(n, p)), int(rng.binomial(m, q))
            hits += newcombe(c, n, d, m, 0.95).covers(q - p)
            single += wilson(c, n, 0.95).covers(p)
        yield at_least(f"95% Newcombe, {n} and {m} rows, any shares: covers", 0.94, hits, trials)
        yield at_least(f"95% Wilson, {n} rows, any share: covers", 0.94, single, trials)


def _scores(trials: int) -> Iterator[Row]:
    """AUC, observed over expected, and mean residual of one group."""
    rng = np.random.default_rng(4)
    for size in (60, 400):
        auc = ratio = mean = by_day = 0
        true = float(special.ndtr(1.0 / np.sqrt(2.0)))
        groups = np.zeros(size, dtype=int)
        day = np.repeat(np.arange(20), size // 20)
        for _ in range(trials):
            truth = rng.random(size) < 0.3
            truth[:2] = True, False
            auc += group_auc(truth, rng.normal(size=size) + truth, groups)[0].interval.covers(true)
            scores = rng.beta(2, 5, size)
            ratio += group_calibration(rng.random(size) < scores, scores, groups)[0].interval.covers(1.0)
            residual = rng.exponential(1.0, size) - 1.0
            zero = np.zeros(size)
            mean += group_residuals(residual, zero, groups)[0].interval.covers(0.0)
            moved = residual + rng.normal(0, 0.5, 20)[day]
            by_day += group_residuals(moved, zero, groups, blocks=day)[0].interval.covers(0.0)
        yield at_least(f"95% AUC of a group of {size}: covers", 0.95, auc, trials)
        yield at_least(f"95% observed over expected of a group of {size}: covers", 0.95, ratio, trials)
        yield at_least(
            f"95% mean residual of a group of {size}, skewed: covers", 0.95 if size > 100 else 0.92, mean, trials
        )
        yield at_least(f"95% mean residual of a group of {size} over 20 days: covers", 0.95, by_day, trials)


def _shrinkage(trials: int) -> Iterator[Row]:
    """Credible intervals on average over groups, and the error of shrunk and raw rates."""
    rng = np.random.default_rng(5)
    for groups in (8, 50):
        hits = better = 0
        for _ in range(trials):
            sizes = rng.integers(3, 300, groups)
            truth = rng.beta(6, 14, groups)
            counts = rng.binomial(sizes, truth)
            found = shrunk([""] * groups, counts, sizes)
            hits += sum(each.interval.covers(p) for each, p in zip(found.rates, truth, strict=True))
            steady = np.array([each.value for each in found.rates])
            better += float(np.sum((steady - truth) ** 2)) < float(np.sum((counts / sizes - truth) ** 2))
        low = 0.89 if groups > 10 else 0.83
        yield at_least(f"90% credible, {groups} groups of 3 to 300: covers on average", low, hits, trials * groups)
        yield seen(f"{groups} groups of 3 to 300: shrunk rates are nearer to the truth", better, trials)


def _slices(trials: int) -> Iterator[Row]:
    """Searches without a bad slice, by row and by day, and with one."""
    rng = np.random.default_rng(6)
    for day_effect in (0.0, 0.5):
        wrong = naive = 0
        for trial in range(trials):
            day = np.repeat(np.arange(40), 60)
            columns = {name: rng.choice(list("abcd"), 2400) for name in ("one", "two")}
            columns["shop"] = np.array(list("abcde"))[day % 5]
            loss = rng.random(2400) < special.expit(-1.5 + day_effect * rng.normal(size=40)[day])
            wrong += bool(search_slices(loss, columns, blocks=day, seed=trial).worse)
            naive += bool(search_slices(loss, columns, seed=trial).worse)
        what = f"no bad slice, 40 days with effects of {day_effect}"
        yield at_most(f"{what}: one is called worse, by day", 0.05, wrong, trials)
        row = f"{what}: one is called worse, by row"
        yield seen(row, naive, trials) if day_effect else at_most(row, 0.05, naive, trials)
    found = false = called = 0
    for trial in range(trials // 2):
        columns = {name: rng.choice(list("abcd"), 8000) for name in ("one", "two", "three")}
        bad = (columns["one"] == "a") & (columns["three"] == "c")
        result = search_slices(rng.random(8000) < np.where(bad, 0.25, 0.1), columns, seed=trial)
        found += any(each.where == (("one", "a"), ("three", "c")) for each in result.worse)
        called += len(result.worse)
        false += sum(not {("one", "a"), ("three", "c")} & set(each.where) for each in result.worse)
    yield seen("pair with errors .25 and not .1, 8,000 rows: found and confirmed", found, trials // 2)
    yield at_most("slices called worse that share no value with it", 0.05, false, max(1, called))
