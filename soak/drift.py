"""Drift tests: levels without drift, power for named shifts, coverage of effects, and errors of the three verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
from scipy import special

from regrove.stats.drift import ColumnCounts, anderson_p, compare, decide, homogeneity
from regrove.stats.drift.distance import js_of, transport_of, transport_weights
from regrove.stats.verdict import Drift, Tier
from soak.row import Row, at_least, at_most, seen

CELLS = 64
EDGES = special.ndtri(np.linspace(0, 1, CELLS + 1)[1:-1])


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _independent(4000 if full else 400)
    yield from _power(2000 if full else 300)
    yield from _blocks(3000 if full else 400, 1999 if full else 499)
    yield from _few_blocks(3000 if full else 500)
    yield from _neighbours(2000 if full else 250)
    yield from _effects(2000 if full else 400)
    yield from _floor(2000 if full else 200)


def _shares(shift: np.ndarray, spread: np.ndarray | float = 1.0) -> np.ndarray:
    """Shares of 64 cells with normal quantiles as edges, for normal values with these means; shape (blocks, 64)."""
    below = special.ndtr((EDGES - np.atleast_1d(shift)[:, None]) / spread)
    ends = np.zeros((len(below), 1)), np.ones((len(below), 1))
    return np.diff(np.concatenate([ends[0], below, ends[1]], axis=1), axis=1)


def _days(rng: np.random.Generator, blocks: int, size: int, spread: float, shift: float = 0.0) -> np.ndarray:
    """Blocks whose rows share a normal shift with this standard deviation: rows inside depend on each other."""
    return rng.multinomial(size, _shares(shift + spread * rng.normal(size=blocks)))


def _column(reference: np.ndarray, window: np.ndarray) -> ColumnCounts:
    return ColumnCounts(
        name="x", reference=np.atleast_2d(reference), window=np.atleast_2d(window), ordered=CELLS, edges=EDGES
    )


def _independent(trials: int) -> Iterator[Row]:
    """No drift, independent rows, four window sizes with ten times as many reference rows; 20 columns a trial."""
    rng = np.random.default_rng(1)
    categories = [2, 5, 20, 100]
    for size in (100, 1_000, 10_000, 100_000):
        numeric = kinds = table = 0
        for trial in range(trials):
            left, right = (rng.multinomial(n, np.full(CELLS, 1 / CELLS)) for n in (10 * size, size))
            numeric += (compare([_column(left, right)], seed=trial, effects=False).columns[0].p or 1.0) <= 0.05
            k = categories[trial % 4]
            shares = rng.dirichlet(np.ones(k))
            left, right = rng.multinomial(10 * size, shares), rng.multinomial(size, shares)
            column = ColumnCounts(name="k", reference=left[None], window=right[None])
            kinds += (compare([column], seed=trial, effects=False).columns[0].p or 1.0) <= 0.05
            table += homogeneity(left, right)[2] <= 0.05
        yield at_most(f"no drift, independent rows, {size} in the window: numeric, p <= .05", 0.05, numeric, trials)
        yield at_most(f"no drift, independent rows, {size} in the window: categories, p <= .05", 0.05, kinds, trials)
        yield at_most(f"no drift, independent rows, {size} in the window: homogeneity, p <= .05", 0.05, table, trials)


def _power(trials: int) -> Iterator[Row]:
    """At 1,000 rows and the level of one of 40 columns: a shift of .15 sd, a spike of 5% at one value."""
    rng = np.random.default_rng(2)
    level = 0.05 / 40
    even = np.full(CELLS, 1 / CELLS)
    spike = even * 0.95
    spike[30] += 0.05
    for name, shares, claim in (("shift of .15 sd", _shares(np.array([0.15]))[0], 0.8), ("spike of 5%", spike, 0.95)):
        ad = x2 = both = 0
        for _ in range(trials):
            left, right = rng.multinomial(100_000, even), rng.multinomial(1_000, shares)
            p = anderson_p(left, right)[1], homogeneity(left, right)[2]
            ad, x2, both = ad + (p[0] <= level), x2 + (p[1] <= level), both + (2 * min(p) <= level)
        yield seen(f"power, {name}, 1,000 rows, level .05/40: Anderson-Darling alone", ad, trials)
        yield seen(f"power, {name}, 1,000 rows, level .05/40: chi-square alone", x2, trials)
        yield at_least(f"power, {name}, 1,000 rows, level .05/40: both", claim, both, trials)


def _blocks(trials: int, draws: int) -> Iterator[Row]:
    """No drift, days with a shift of .2 sd of their own: 60 reference days, windows of 7 days and of one."""
    rng = np.random.default_rng(3)
    for window, tier in ((7, Tier.BLOCK), (1, Tier.LEAVE_ONE_OUT)):
        found = Counter()
        for trial in range(trials):
            column = _column(_days(rng, 60, 500, 0.2), _days(rng, window, 500, 0.2))
            p = compare([column], draws=draws, seed=trial, tier=tier, effects=False).columns[0].p or 1.0
            found.update(level for level in (0.05, 0.01, 0.001) if p <= level)
            found["iid"] += compare([column], seed=trial, tier=Tier.IID, effects=False).columns[0].p <= 0.05
        name = f"no drift, dependent rows, {window} of {60 + window} days"
        yield seen(f"{name}: as independent rows, p <= .05", found["iid"], trials)
        for level in (0.05, 0.01, 0.001):
            yield at_most(f"{name}: {tier.value}, p <= {level:g}", level, found[level], trials)


def _few_blocks(trials: int) -> Iterator[Row]:
    """The same with 5, 8 and 15 reference days, where Rao and Scott take over."""
    rng = np.random.default_rng(4)
    for blocks in (5, 8, 15):
        alarms = 0
        for trial in range(trials):
            column = _column(_days(rng, blocks, 500, 0.2), _days(rng, 3, 500, 0.2))
            alarms += (compare([column], seed=trial, effects=False).columns[0].p or 1.0) <= 0.05
        yield at_most(
            f"no drift, dependent rows, 3 window and {blocks} reference days: rao-scott", 0.05, alarms, trials
        )


def _neighbours(trials: int) -> Iterator[Row]:
    """Days that follow each other with autocorrelation .6: 120 reference days, a window of 7 right after."""
    rng = np.random.default_rng(5)
    found: Counter[str] = Counter()
    for trial in range(trials):
        level = np.zeros(127)
        level[0] = rng.normal()
        for day in range(1, 127):
            level[day] = 0.6 * level[day - 1] + 0.8 * rng.normal()
        counts = rng.multinomial(500, _shares(0.2 * level))
        column = _column(counts[:120], counts[120:])
        for tier in (Tier.BLOCK, None):
            result = compare([column], draws=499, seed=trial, tier=tier, effects=False)
            found[str(tier)] += (result.columns[0].p or 1.0) <= 0.05
        found[result.tier.value] += 1
    name = "no drift, autocorrelation .6 between days, 7 of 127 days"
    yield seen(f"{name}: single blocks, p <= .05", found["Tier.BLOCK"] or found["block"], trials)
    yield at_most(f"{name}: the tier chosen by itself, p <= .05", 0.08, found["None"], trials)
    yield seen(f"{name}: moving blocks were chosen", found["moving-block"], trials)


def _mixed(shift: float, spread: float) -> np.ndarray:
    """The shares of all rows when days shift by a normal amount."""
    grid = np.linspace(-5, 5, 501)
    weights = np.exp(-grid * grid / 2)
    mixed: np.ndarray = weights @ _shares(shift + spread * grid) / weights.sum()
    return mixed


def _sides(shift: float) -> dict[str, tuple[float, Tier, Callable[[np.random.Generator], ColumnCounts]]]:
    def independent(rng: np.random.Generator) -> ColumnCounts:
        return _column(
            rng.multinomial(50_000, _shares(np.zeros(1))[0]), rng.multinomial(5_000, _shares(np.array([shift]))[0])
        )

    def dependent(rng: np.random.Generator, window: int = 7) -> ColumnCounts:
        return _column(_days(rng, 60, 500, 0.1), _days(rng, window, 500, 0.1, shift))

    return {
        "5,000 independent rows": (0.0, Tier.IID, independent),
        "7 days": (0.1, Tier.BLOCK, dependent),
        "1 day": (0.1, Tier.LEAVE_ONE_OUT, lambda rng: dependent(rng, 1)),
    }


def _effects(trials: int) -> Iterator[Row]:
    """How often the 95% bounds of an effect fail, with the truth known."""
    for shift in (0.0, 0.12, 0.3):
        for name, (spread, tier, make) in _sides(shift).items():
            rng = np.random.default_rng(6)
            before, after = _mixed(0.0, spread), _mixed(shift, spread)
            truth = {
                "js": float(np.sqrt(js_of(before * 1e9, after * 1e9) / np.log(2))),
                "transport": float(transport_of(before, after, transport_weights(EDGES, 1.0))),
            }
            low, high = Counter(), Counter()
            for trial in range(trials):
                test = compare([make(rng)], draws=299, seed=trial, tier=tier).columns[0]
                for effect, true in truth.items():
                    interval = test.effect(effect).interval
                    high[effect] += interval.high < true
                    low[effect] += interval.low > true + 1e-12
            for effect in truth:
                what = f"effect {effect}, shift {shift} sd, {name}"
                yield at_most(f"{what}: upper bound fails", 0.08 if name == "1 day" else 0.05, high[effect], trials)
                yield at_most(f"{what}: lower bound fails", 0.1, low[effect], trials)


def _floor(trials: int) -> Iterator[Row]:
    """The verdicts: STABLE when the effect lies on the floor, DRIFT without any, and how often each is right."""
    for name, shift in (("no drift", 0.0), ("js on its floor", 0.1205), ("a shift of .5 sd", 0.5)):
        for side, (_, tier, make) in _sides(shift).items():
            rng = np.random.default_rng(7)
            verdicts = Counter(
                decide(compare([make(rng)], draws=499, seed=trial, tier=tier).columns[0]).verdict
                for trial in range(trials)
            )
            if shift == 0.0:
                yield at_most(f"{name}, {side}: DRIFT", 0.05, verdicts[Drift.DRIFT], trials)
                yield seen(f"{name}, {side}: STABLE", verdicts[Drift.STABLE], trials)
            elif shift < 0.2:
                yield at_most(f"{name}, {side}: STABLE", 0.05, verdicts[Drift.STABLE], trials)
            else:
                yield seen(f"{name}, {side}: DRIFT", verdicts[Drift.DRIFT], trials)
