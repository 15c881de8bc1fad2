"""All guards of a rollout together, looked at after every request of a ramp: false stops, voided splits, power."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from regrove.rollouts.guard import ERRORS, SLOW_95, SLOW_99, SPLIT, cell_names, look, weights_of
from regrove.serving import RolloutConfig
from regrove.serving.edges import GuardEdges
from regrove.serving.tally import Tally
from regrove.stats.sequential.grid import RATIO_MISMATCH, RATIOS
from soak.row import Row, at_least, at_most, seen

SHARES = (0.05, 0.2, 0.5)
STAYS = (4_000, 6_000, 10_000)
POLICY = RolloutConfig()
EDGES = GuardEdges(p95_s=0.1, p99_s=0.2, scores=tuple(place / 10 for place in range(1, 10)))
CELLS = cell_names(EDGES)
TENTHS = np.full(10, 0.1)
SHIFTED = np.array([0.2, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05])
"""A model that was trained again after its base rate moved."""
ALIKE = np.array([0.64, *[0.04] * 9])
"""A model whose inputs are broken: nearly two thirds of all answers fall into one tenth."""


class Side(NamedTuple):
    """What the candidate does; the control fails 1% and is slow in 5% and 1% of its requests, by definition."""

    errors: float = 1.0
    """Times the control's rate."""
    slow: float = 1.0
    scores: np.ndarray = TENTHS
    lost: float = 0.0
    """Share of its requests of which nothing reaches the log."""
    callers: int = 0
    """So many callers with a key send all requests, a tenth of them most; 0: each request is a caller's only one."""
    by_caller: bool = True
    """Whether a caller counts once, as the product has it."""


class Life(NamedTuple):
    """The requests of one rollout in their order: shape (requests,) each."""

    share: np.ndarray
    generation: np.ndarray
    arm: np.ndarray
    kinds: dict[str, np.ndarray]
    """For each guard, which requests are its events."""


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    trials, few = (10_000, 2_000) if full else (400, 60)
    for errors in (0.001, 0.01, 0.05):
        found = _run(trials, Side(), errors)
        yield at_most(f"no worse, errors {errors:.1%}: stopped by any guard", POLICY.abort_alpha, found["harm"], trials)
        yield at_most(f"no worse, errors {errors:.1%}: split voided", 0.001, found["void"], trials)
    found = _run(trials, Side(scores=SHIFTED))
    yield at_most("no worse, scores shifted within what is let: stopped", POLICY.abort_alpha, found["harm"], trials)
    callers = Side(callers=3_000)
    found = _run(trials, callers)
    yield at_most("no worse, 3,000 callers: stopped by any guard", POLICY.abort_alpha, found["harm"], trials)
    yield at_most("no worse, 3,000 callers: split voided", 0.001, found["void"], trials)
    found = _run(few, callers._replace(by_caller=False))
    yield seen("no worse, 3,000 callers, if each request counted: stopped", found["harm"], few)
    yield seen("no worse, 3,000 callers, if each request counted: split voided", found["void"], few)
    for name, side, claim in (
        ("2 times the errors", Side(errors=2.0), 0.9),
        ("5 times the errors", Side(errors=5.0), 0.99),
        ("3 times as often slow", Side(slow=3.0), 0.99),
        ("scores of broken inputs", Side(scores=ALIKE), 0.99),
    ):
        found = _run(few, side)
        yield at_least(f"{name}: stopped within 20,000 requests", claim, found["harm"], few)
        yield seen(f"{name}: stopped at a share of 5%", found["first"], few)
    found = _run(few, Side(lost=0.1))
    yield at_least("a tenth of the candidate's requests lost: split voided", 0.9, found["void"], few)


def _run(trials: int, side: Side, errors: float = 0.01) -> Counter[str]:
    rng = np.random.default_rng(11)
    found: Counter[str] = Counter()
    for trial in range(trials):
        life = _life(rng, side, errors)
        stopped, voided = _paths(life)
        if trial == 0:
            _check(life)
        found["harm"] += stopped < len(life.arm)
        found["first"] += stopped < STAYS[0]
        found["void"] += voided
    return found


def _life(rng: np.random.Generator, side: Side, errors: float) -> Life:
    share, generation = np.repeat(SHARES, STAYS), np.repeat(np.arange(2, 5), STAYS)
    caller = np.arange(len(share))
    if side.callers:
        sizes = np.where(rng.random(side.callers) < 0.1, 30.0, 1.5)
        caller = rng.choice(side.callers, len(share), p=sizes / sizes.sum())
    arm = rng.random(len(share))[caller] < share
    kept = ~(arm & (rng.random(len(share)) < side.lost))
    share, generation, arm, caller = share[kept], generation[kept], arm[kept], caller[kept]
    failed = rng.random(len(arm)) < np.where(arm, errors * side.errors, errors)
    drawn = rng.random(len(arm)) / np.where(arm, side.slow, 1.0)  # its slow part is as much larger
    cell = np.where(
        arm,
        np.searchsorted(np.cumsum(side.scores)[:-1], rng.random(len(arm)), side="right"),
        np.searchsorted(np.cumsum(TENTHS)[:-1], rng.random(len(arm)), side="right"),
    )
    kinds = {SPLIT: np.ones(len(arm), dtype=bool), ERRORS: failed}
    kinds |= {SLOW_95: ~failed & (drawn < 0.05), SLOW_99: ~failed & (drawn < 0.01)}
    kinds |= {name: ~failed & (cell == place) for place, name in enumerate(CELLS)}
    if side.callers and side.by_caller:
        kinds = {name: _firsts(of, caller) for name, of in kinds.items()}
    return Life(share, generation, arm, kinds)


def _firsts(of: np.ndarray, caller: np.ndarray) -> np.ndarray:
    """Of the events, the first of each caller."""
    places = np.flatnonzero(of)
    first = np.zeros(len(of), dtype=bool)
    first[places[np.unique(caller[places], return_index=True)[1]]] = True
    return first


def _paths(life: Life) -> tuple[int, bool]:
    """The request at which the candidate is stopped (their number when it never is), and whether the split is voided.

    Every guard after every request, as `regrove.rollouts.guard` would have it if it were asked so often.
    """
    guards = [name for name in life.kinds if name != SPLIT]
    weights = weights_of(guards)
    total = math.fsum(weights.values())
    mean = np.zeros(len(life.arm))
    stopped = len(life.arm)
    for name in guards:
        share = life.share
        if name in CELLS:
            share = share * POLICY.score_ratio / (share * POLICY.score_ratio + 1.0 - share)
        path = _path(life, name, share, RATIOS)
        part = weights[name] / total
        mean += part * np.exp(np.minimum(path, 700.0))
        stopped = min(stopped, _first(path >= -math.log(POLICY.abort_alpha * part)))
    stopped = min(stopped, _first(mean >= 1.0 / POLICY.abort_alpha))
    ratios = (*RATIO_MISMATCH, *(1.0 / each for each in RATIO_MISMATCH))
    return stopped, bool((_path(life, SPLIT, life.share, ratios) >= math.log(1000.0)).any())


def _path(life: Life, name: str, share: np.ndarray, ratios: tuple[float, ...]) -> np.ndarray:
    """The logarithm of a guard's e-value after each request; it moves with the guard's events alone."""
    of = life.kinds[name]
    arm, at = life.arm[of], share[of]
    wealth = np.stack([np.cumsum(arm * math.log(ratio) - np.log1p(at * (ratio - 1.0))) for ratio in ratios])
    most = wealth.max(axis=0)
    moves = most + np.log(np.exp(wealth - most).mean(axis=0))
    path: np.ndarray = np.concatenate([[0.0], moves])[np.cumsum(of)]
    return path


def _first(crossed: np.ndarray) -> int:
    return int(np.argmax(crossed)) if crossed.any() else len(crossed)


def _check(life: Life) -> None:
    """The paths end where the product's own look at the counts is."""
    tallies = [_tally(life, generation, side) for generation in (2, 3, 4) for side in (False, True)]
    judged = {each.name: each for each in look(tallies, EDGES, POLICY, {}).guards}
    for name in life.kinds:
        tilted = life.share * POLICY.score_ratio / (life.share * POLICY.score_ratio + 1.0 - life.share)
        ratios = (*RATIO_MISMATCH, *(1.0 / each for each in RATIO_MISMATCH)) if name == SPLIT else RATIOS
        end = float(_path(life, name, tilted if name in CELLS else life.share, ratios)[-1])
        # a look keeps the largest e-value, which is 1 before the first event
        if not math.isclose(math.log(judged[name].e), max(0.0, end), abs_tol=1e-6):
            raise AssertionError(f"{name}: {math.log(judged[name].e)} is not {end}")


def _tally(life: Life, generation: int, candidate: bool) -> Tally:
    mine = (life.generation == generation) & (life.arm == candidate)
    counts = {name: int((of & mine).sum()) for name, of in life.kinds.items()}
    return Tally(
        generation=generation,
        revision=2 if candidate else 1,
        candidate=candidate,
        share=SHARES[generation - 2],
        requests=counts[SPLIT],
        failed=counts[ERRORS],
        slow_p95=counts[SLOW_95],
        slow_p99=counts[SLOW_99],
        scores=tuple(counts[name] for name in CELLS),
        first_at=0,
        last_at=0,
    )
