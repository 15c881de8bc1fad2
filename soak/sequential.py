"""Tests that are looked at all the time: false stops of canaries, null years of detectors, coverage at all times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from regrove.stats.sequential import (
    asymptotic_radius,
    begin,
    best_rho,
    beta_binomial,
    betting_sequence,
    calibrate_cusum,
    ceiling,
    count,
    detect,
    detector,
    judge_all,
    look,
    mixture_boundary,
    plan_acceptance,
    ratio_interval,
    unit_design,
    watch,
)
from regrove.stats.sequential.suspicion import CusumPlan
from regrove.stats.verdict import Decision
from soak.row import Row, at_least, at_most, seen

REQUESTS = 20_000
RATE = 0.01
RAMP = np.repeat([0.05, 0.2, 0.5], [4_000, 6_000, 10_000])
YEAR = 365


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _peeking(4000 if full else 400)
    yield from _grid(20_000 if full else 2000)
    yield from _bunches(10_000 if full else 1000)
    yield from _guards(10_000 if full else 1000)
    yield from _split(10_000 if full else 1000)
    yield from _acceptance(10_000 if full else 1000)
    yield from _years(4000 if full else 400, 2000 if full else 500)
    yield from _delays(2000 if full else 200)
    yield from _ranges(3000 if full else 300)


def _peeking(trials: int) -> Iterator[Row]:
    """No difference, 20,000 requests with 1% errors, looked at every 100; each test at .05."""
    rng = np.random.default_rng(1)
    looks = np.arange(100, REQUESTS + 1, 100)
    for share in (0.5, 0.1):
        found: Counter[str] = Counter()
        for _ in range(trials):
            arms, errors = rng.random(REQUESTS) < share, rng.random(REQUESTS) < RATE
            found["z"] += bool((_z(arms, errors, looks) > 1.959964).any())
            hits = np.cumsum(arms & errors)[looks - 1], np.cumsum(~arms & errors)[looks - 1]
            found["beta"] += bool((beta_binomial(*hits, share) >= math.log(20)).any())
            found["limit"] += _limit(arms, errors, share, looks)
        name = f"no difference, canary {share:.0%}, 200 looks"
        yield seen(f"{name}: z-test that peeks", found["z"], trials)
        yield at_most(f"{name}: beta-binomial", 0.05, found["beta"], trials)
        if share == 0.5:
            yield at_most(f"{name}: asymptotic", 0.05, found["limit"], trials)
        else:
            yield seen(f"{name}: asymptotic (refused by the function)", found["limit"], trials)


def _z(arms: np.ndarray, errors: np.ndarray, looks: np.ndarray) -> np.ndarray:
    canary, all_ = np.cumsum(arms)[looks - 1], looks
    left, total = np.cumsum(arms & errors)[looks - 1], np.cumsum(errors)[looks - 1]
    pooled = total / all_
    error = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / canary + 1 / (all_ - canary)), 1e-12))
    return np.abs(left / canary - (total - left) / (all_ - canary)) / error


def _limit(arms: np.ndarray, errors: np.ndarray, share: float, looks: np.ndarray) -> bool:
    rows_ = np.arange(len(arms))
    before = np.concatenate([[0.0], np.cumsum(errors)[:-1]]) / np.maximum(rows_, 1)
    effects = (errors - before) * np.where(arms, 1 / share, -1 / (1 - share))
    means = np.cumsum(effects)[looks - 1] / looks
    deviations = np.sqrt(np.maximum(np.cumsum(effects**2)[looks - 1] / looks - means**2, 0.0))
    enough = np.minimum(np.cumsum(arms)[looks - 1], looks - np.cumsum(arms)[looks - 1]) >= 100
    radii = [asymptotic_radius(float(d), int(n), best_at=REQUESTS) for d, n in zip(deviations, looks, strict=True)]
    return bool((enough & (np.abs(means) > radii)).any())


def _stream(rng: np.random.Generator, ratio: float, rate: float = RATE) -> tuple[np.ndarray, np.ndarray]:
    """Arms and shares of the events among 20,000 requests on the ramp."""
    arms = rng.random(REQUESTS) < RAMP
    events = rng.random(REQUESTS) < np.where(arms, rate * ratio, rate)
    return arms[events], RAMP[events]


def _grid(trials: int) -> Iterator[Row]:
    """On a ramp of 5, 20 and 50%, looked at after every event, at .05."""
    rng = np.random.default_rng(2)
    for rate in (0.001, 0.01, 0.05):
        stopped = sum(count(begin(), *_stream(rng, 1.0, rate)).p <= 0.05 for _ in range(trials))
        yield at_most(f"no difference, ramp, errors {rate:.1%}: grid, every event", 0.05, stopped, trials)
    stopped = sum(count(begin(two_sided=True), *_stream(rng, 1.0)).p <= 0.05 for _ in range(trials))
    yield at_most("no difference, ramp, errors 1.0%: two-sided grid", 0.05, stopped, trials)
    few = trials // 5
    for ratio, claim in ((1.5, None), (2.0, 0.95), (3.0, 0.99)):
        stopped = sum(count(begin(), *_stream(rng, ratio)).p <= 0.05 for _ in range(few))
        name = f"{ratio:g} times the errors, ramp: grid, stopped within 20,000"
        yield seen(name, stopped, few) if claim is None else at_least(name, claim, stopped, few)
    for ratio in (1.0, 2.5):
        missed = 0
        for _ in range(few):
            arms, shares = _stream(rng, ratio)
            grid, bad = begin(two_sided=True), False
            for part in np.array_split(np.arange(len(arms)), 20):
                grid = count(grid, arms[part], shares[part])
                bad = bad or not ratio_interval(grid).covers(ratio)
            missed += bad
        yield at_most(f"range of a rate ratio of {ratio:g}, 20 looks: ever missed", 0.05, missed, few)


def _bunches(trials: int) -> Iterator[Row]:
    """No difference, but users have 1 to 30 events, one in ten has most of them."""
    rng = np.random.default_rng(3)
    found: Counter[str] = Counter()
    for _ in range(trials):
        sizes = np.where(rng.random(150) < 0.1, rng.integers(10, 31, 150), rng.integers(1, 3, 150))
        arms = np.repeat(rng.random(150) < 0.2, sizes)
        for name, design in (("", 1.0), ("design", unit_design(sizes)), ("largest", float(sizes.max()))):
            found[name] += count(begin(), arms, 0.2, design=design).p <= 0.05
    yield seen("no difference, events in bunches: counted as single", found[""], trials)
    yield at_most("no difference, events in bunches: divided by the design effect", 0.05, found["design"], trials)
    yield at_most("no difference, events in bunches: divided by the largest", 0.05, found["largest"], trials)


def _guards(trials: int) -> Iterator[Row]:
    """No difference, three guards on overlapping events, looked at 20 times, at .05 for all."""
    rng = np.random.default_rng(4)
    stopped = 0
    for _ in range(trials):
        arms = rng.random(600) < 0.2
        kinds = [rng.random(600) < part for part in (0.9, 0.8, 0.3)]
        guards = {name: begin() for name in "abc"}
        for part in np.array_split(np.arange(600), 20):
            guards = {
                name: count(grid, arms[part][kind[part]], 0.2)
                for (name, grid), kind in zip(guards.items(), kinds, strict=True)
            }
            if judge_all(guards, alpha=0.05).decision is Decision.REJECT:
                stopped += 1
                break
    yield at_most("no difference, three guards together", 0.05, stopped, trials)


def _split(trials: int) -> Iterator[Row]:
    """A right split of 20,000 units, looked at after every unit; at .05, since .001 would need a million trials."""
    rng = np.random.default_rng(5)
    broken = lost = 0
    after = np.arange(1, REQUESTS + 1)
    for _ in range(trials):
        hits = np.cumsum(rng.random(REQUESTS) < 0.5)
        broken += bool(beta_binomial(hits, after - hits, 0.5).max() >= math.log(20))
        hits = int(rng.binomial(REQUESTS, 0.48))
        lost += bool(beta_binomial(hits, REQUESTS - hits, 0.5) >= math.log(1000))
    yield at_most("right split, every unit: e-value of 20", 0.05, broken, trials)
    yield at_least("4% of the canary's units lost, 20,000 units: e-value of 1,000", 0.8, lost, trials)


def _acceptance(trials: int) -> Iterator[Row]:
    """Five planned looks at a margin of 2 points on 5%, at .05 and a power of .9."""
    rng = np.random.default_rng(6)
    plan = plan_acceptance(0.05, 0.02)
    ends = [round(each * plan.most / 2) for each in plan.fractions]
    steps = np.diff([0, *ends])
    for ratio, name in ((1.4, "worse by the margin"), (1.0, "as good as the control")):
        promoted = 0
        for _ in range(trials):
            canary, control = np.cumsum(rng.binomial(steps, 0.05 * ratio)), np.cumsum(rng.binomial(steps, 0.05))
            promoted += any(
                look(plan, k + 1, canary=(canary[k], ends[k]), control=(control[k], ends[k])).decision
                is Decision.PROMOTE
                for k in range(5)
            )
        row = f"canary {name}, 5 planned looks: promoted"
        yield at_most(row, 0.05, promoted, trials) if ratio > 1 else at_least(row, 0.9, promoted, trials)


def _days(rng: np.random.Generator, mean: float, days: int) -> np.ndarray:
    """Mean errors of days: 1,000 rows each, with a day effect of .35 on the logit."""
    logit = math.log(mean / (1 - mean)) + rng.normal(0, 0.35, days)
    return rng.binomial(1000, 1 / (1 + np.exp(-logit))) / 1000


def _years(trials: int, draws: int) -> Iterator[Row]:
    """60 reference days, a year without a change."""
    rng = np.random.default_rng(7)
    found: Counter[str] = Counter()
    for trial in range(trials):
        reference, year = _days(rng, 0.2, 60), _days(rng, 0.2, YEAR)
        plan = calibrate_cusum(reference, draws=draws, seed=trial)
        found["cusum"] += watch(plan, year).alarm_at is not None
        found["book"] += watch(_textbook(reference), year).alarm_at is not None
        found["detector"] += detect(detector(ceiling(reference)), year).alarm_at is not None
        found["bare"] += detect(detector(ceiling(reference, tolerance=0.0)), year).alarm_at is not None
    yield seen("null years: CUSUM of the textbook, k = .5, h = 5", found["book"], trials)
    yield at_most("null years: CUSUM at a rate of .05", 0.08, found["cusum"], trials)
    yield at_most("null years: e-detector, run length 10,000", 0.037, found["detector"], trials)
    yield seen("null years: e-detector without a tolerance", found["bare"], trials)
    tight = 0
    for _ in range(trials):
        tight += detect(detector(0.2), _days_at(rng, 0.2, YEAR)).alarm_at is not None
    yield at_most("null years: e-detector, m0 the true mean", 0.037, tight, trials)


def _days_at(rng: np.random.Generator, mean: float, days: int) -> np.ndarray:
    return rng.beta(25 * mean, 25 * (1 - mean), days)


def _textbook(reference: np.ndarray) -> CusumPlan:
    return CusumPlan(
        center=float(reference.mean()),
        spread=float(reference.std(ddof=1)),
        slack=0.5,
        threshold=5.0,
        rate=0.05,
        year=YEAR,
        simulated=0.0,
        draws=0,
        blocks=len(reference),
        seed=0,
    )  # fmt: skip - one line of settings


def _delays(trials: int) -> Iterator[Row]:
    """An error that grows from .2 on the first day after the reference."""
    rng = np.random.default_rng(8)
    for mean, days in ((0.3, (14, 60)), (0.25, (60, 180))):
        cusum = confirmed = 0
        for trial in range(trials):
            reference, after = _days(rng, 0.2, 60), _days(rng, mean, days[1])
            plan = calibrate_cusum(reference, draws=300, seed=trial)
            cusum += watch(plan, after[: days[0]]).alarm_at is not None
            confirmed += detect(detector(ceiling(reference)), after).alarm_at is not None
        grown = f"error grows from .2 to {mean:g}"
        yield seen(f"{grown}: CUSUM alarms within {days[0]} days", cusum, trials)
        yield seen(f"{grown}: e-detector confirms within {days[1]} days", confirmed, trials)


def _ranges(trials: int) -> Iterator[Row]:
    """Ranges of 95% for a mean, looked at after each of 365 values: how often they ever miss it."""
    rng = np.random.default_rng(9)
    laws = {
        "day means about .2": (lambda: _days_at(rng, 0.2, YEAR), 0.2),
        "coins of .05": (lambda: rng.binomial(1, 0.05, YEAR).astype(float), 0.05),
        "uniform": (lambda: rng.random(YEAR), 0.5),
    }
    boundary = mixture_boundary(np.arange(1, YEAR + 1) / 4.0, rho=best_rho(50.0))
    for name, (draw, mean) in laws.items():
        missed = left = 0
        for _ in range(trials):
            values = draw()
            low, high = betting_sequence(values, candidates=501)
            missed += bool((low > mean).any() or (high < mean).any())
            left += bool((np.abs(np.cumsum(values - mean)) > boundary).any())
        yield at_most(f"range by betting, {name}: ever missed", 0.05, missed, trials)
        yield at_most(f"normal mixture, {name}: ever left", 0.05, left, trials)
