"""The grid e-process: events a second in batches at a constant and at a changing share, one by one, and by hand."""

from __future__ import annotations

import time

import numpy as np

from regrove.stats.sequential import begin, bet, calibrate_cusum, count, observe, open_bets, plan_acceptance

EVENTS = 1_000_000
BUDGET = 1_000_000
"""Events a second."""


def main() -> None:
    """Print the figures."""
    rng = np.random.default_rng(0)
    shares = np.repeat([0.05, 0.2, 0.5], [EVENTS // 5, 3 * EVENTS // 10, EVENTS // 2])
    arms = rng.random(EVENTS) < shares
    grid = begin(two_sided=False)
    for name, share, part in (
        ("constant share, one batch", 0.2, EVENTS),
        ("changing share, one batch", shares, EVENTS),
        ("changing share, batches of 1,000", shares, 1000),
    ):
        rate = EVENTS / _best(lambda share=share, part=part: _batches(grid, arms, share, part))
        print(f"grid e-process, {name}: {rate / 1e6:.1f}M events/s ({_verdict(rate)} of 1M)")
    few = arms[:100_000].tolist()
    took = _best(lambda: _one_by_one(few)) / len(few)
    print(f"grid e-process, event by event: {1e-6 / took:.2f}M events/s, {took * 1e6:.2f} us an event")
    took = _best(lambda: _by_hand(arms, shares))
    print(f"the same in four lines of numpy, without state or batches: {EVENTS / took / 1e6:.1f}M events/s")
    blocks = rng.beta(20, 80, 60)
    print(f"CUSUM threshold, 60 blocks, 2,000 years: {_best(lambda: calibrate_cusum(blocks)) * 1e3:.0f} ms")
    print(f"plan of 5 looks with its power: {_best(lambda: plan_acceptance(0.01, 0.002)) * 1e3:.0f} ms")
    state, year = open_bets(), rng.beta(20, 80, 365)
    print(f"betting range, a block: {_best(lambda: bet(state, year)) / 365 * 1e6:.0f} us")


def _batches(grid, arms, share, part):
    for start in range(0, len(arms), part):
        stop = start + part
        grid = count(grid, arms[start:stop], share if isinstance(share, float) else share[start:stop])
    return grid


def _one_by_one(arms):
    grid = begin()
    for arm in arms:
        grid = observe(grid, arm, 0.2)


def _by_hand(arms, shares):
    ratios = np.array(begin().ratios)[:, None]
    paths = np.cumsum(np.where(arms, np.log(ratios), 0.0) - np.log1p(shares * (ratios - 1.0)), axis=1)
    return np.logaddexp.reduce(paths, axis=0).max()


def _best(run):
    times = []
    for _ in range(3):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def _verdict(rate):
    return "within the budget" if rate >= BUDGET else "SHORT"


if __name__ == "__main__":
    main()
