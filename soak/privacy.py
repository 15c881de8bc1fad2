"""Privacy: what membership inference says of models that give nothing away, and of models that do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy import special

from regrove.stats.gate import Gate
from regrove.stats.privacy import loss_attack, membership_gate, quantile_attack
from soak.row import Row, at_least, at_most, seen


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _loss(20_000 if full else 2_000)
    yield from _quantile(300 if full else 30)


def _loss(trials: int) -> Iterator[Row]:
    """Members whose score lies higher by a known amount; both sides normal."""
    rng = np.random.default_rng(1)
    limit = float(np.sqrt(2.0) * special.ndtri(0.6))  # the shift at which the AUC is .6
    for members, held_out in ((2_000, 300), (2_000, 2_000)):
        for name, shift in (("none", 0.0), ("AUC .6", limit), ("AUC .64", limit * 1.4)):
            gates: Counter[str] = Counter()
            hits = alarms = 0
            for _ in range(trials):
                found = loss_attack(-rng.normal(shift, 1.0, members), -rng.normal(size=held_out))
                gates[membership_gate(found).gate] += 1
                hits += found.interval.covers(float(special.ndtr(shift / np.sqrt(2.0))))
                alarms += found.hits[1].alarms > 0.01 * held_out
            what = f"{members:,} members, {held_out:,} held out, leak: {name}"
            yield at_least(f"{what}: 95% AUC covers", 0.94, hits, trials)
            if shift == 0.0:
                yield at_most(f"{what}: FAIL", 0.025, gates[Gate.FAIL], trials)
                yield seen(f"{what}: PASS", gates[Gate.PASS], trials)
                yield at_most(f"{what}: more than 1% false alarms at 1%", 0.0, alarms, trials)
            else:
                yield at_most(f"{what}: PASS", 0.03, gates[Gate.PASS], trials)
                yield seen(f"{what}: FAIL", gates[Gate.FAIL], trials)


def _quantile(trials: int) -> Iterator[Row]:
    """Rows that differ in difficulty: the quantile attack without and with a leak, beside the loss attack."""
    rng = np.random.default_rng(2)
    size = 600
    for leak in (0.0, 1.0):
        ours: Counter[str] = Counter()
        plain: Counter[str] = Counter()
        for trial in range(trials):
            features = rng.normal(size=(2 * size, 2))
            scores = 4.0 * features[:, 0] + rng.normal(size=2 * size)
            scores[:size] += leak
            left, right = slice(size), slice(size, None)
            found = quantile_attack(scores[left], features[left], scores[right], features[right], folds=3, seed=trial)
            ours[membership_gate(found).gate] += 1
            plain[membership_gate(loss_attack(-scores[left], -scores[right])).gate] += 1
        what = f"easy and hard rows, leak of {leak:g} sd"
        if leak == 0.0:
            yield at_most(f"{what}: quantile attack FAIL", 0.05, ours[Gate.FAIL], trials)
        else:
            yield seen(f"{what}: quantile attack FAIL", ours[Gate.FAIL], trials)
        yield seen(f"{what}: loss attack FAIL", plain[Gate.FAIL], trials)
