"""The gate on real days: promotions of a model against its own twin, of a known better one, and of a known worse one.

Windows roll over the flights of 2013: 60 days to learn from, two left out, fourteen to be judged by. Everything goes
through the check that a gate makes of champion and candidate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from regrove.gates.champion import BETTER, compared
from regrove.gates.config import ChampionConfig
from regrove.gates.scoring import Judged, Question
from regrove.registry.signature import Output, Signature
from regrove.schema import Column, LogicalType, Schema
from soak.flights import flights
from soak.row import Row, at_least, at_most, seen

if TYPE_CHECKING:
    import polars as pl

_TRAIN, _EMBARGO, _HOLDOUT = 60, 2, 14
_KNOWN = ("hour", "minute", "distance", "temp", "humid", "wind_speed", "pressure", "carrier", "origin", "dest")
_SCHEMA = Schema((Column("x", LogicalType.FLOAT64),))
_SIGNATURE = Signature(request=_SCHEMA, features=_SCHEMA, output=Output(task="binary", classes=(False, True)))


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    step, seeds = (7, 8) if full else (28, 4)
    starts = range(0, 365 - _TRAIN - _EMBARGO - 2 * _HOLDOUT + 1, step)
    yield from _twins("log_loss", starts, seeds)
    yield from _twins("roc_auc", starts, seeds)
    yield from _twins("log_loss", starts, seeds, rows_each=5_000)
    yield from _known(starts, 4 if full else 2)


def _twins(metric: str, starts: range, seeds: int, *, rows_each: int = 0) -> Iterator[Row]:
    """Two seeds of one model, each pair once: the recipes are alike, though one fit may be the better one."""
    decided: Counter[str] = Counter()
    by_row = usual = pairs = right = alone = 0
    for start in starts:
        for one, other in combinations(range(seeds), 2):
            before, after = (_answers(start, seed, delay=False, rows_each=rows_each) for seed in (one, other))
            found = _judged(metric, start, before, after)
            decided[_decision(found)] += 1
            if _decision(found) == "promote":
                late = (_answers(start, seed, delay=False, rows_each=rows_each, later=True) for seed in (one, other))
                right += _judged(metric, start, *late, later=True).gain.value > 0.0
            usual += found.paired.gain(level=0.95).interval.low > 0.0
            pairs += 1
            if metric != "roc_auc" and one == 0:  # one block a row takes a hundred times as long, and areas longer
                alone += 1
                by_row += _decision(_judged(metric, start, before, after, by_row=True)) == "promote"
    size = f"{rows_each:,} rows" if rows_each else "all rows"
    what = f"two seeds of one model of {size}, {metric}"
    if rows_each:
        yield seen(f"{what}: PROMOTE", decided["promote"], pairs)
    else:
        yield at_most(f"{what}: PROMOTE", 0.05, decided["promote"], pairs)
    if decided["promote"]:
        yield seen(f"{what}: of those promoted, better on the next fortnight too", right, decided["promote"])
    yield seen(f"{what}: REJECT", decided["reject"], pairs)
    yield seen(f"{what}, by an interval at 95%: PROMOTE", usual, pairs)
    if metric != "roc_auc":
        yield seen(f"{what}, rows taken as independent: PROMOTE", by_row, alone)


def _known(starts: range, seeds: int) -> Iterator[Row]:
    """With the delay at departure, which tells most of that at arrival, and without it."""
    better: Counter[str] = Counter()
    worse: Counter[str] = Counter()
    excused: Counter[str] = Counter()
    for start in starts:
        for seed in range(seeds):
            without = _answers(start, seed, delay=False)
            knowing = _answers(start, seed + 1, delay=True)
            better[_decision(_judged("log_loss", start, without, knowing))] += 1
            back = _judged("log_loss", start, knowing, without)
            worse[_decision(back)] += 1
            excused[_decision(back, ChampionConfig("superior-or-fresh", margin=0.005))] += 1
    trials = len(starts) * seeds
    yield at_least("knows the delay at departure: PROMOTE", 0.98, better["promote"], trials)
    yield at_most("has forgotten it: PROMOTE", 0.01, worse["promote"], trials)
    yield at_most("has forgotten it, fresher, margin .005: PROMOTE", 0.01, excused["promote"], trials)
    yield at_least("has forgotten it: REJECT", 0.98, worse["reject"], trials)


def _decision(found: Judged, asked: ChampionConfig | None = None) -> str:
    config = asked or ChampionConfig()
    return compared(found, config, config.margin or 0.0, fresh=True).decision.value


def _judged(
    metric: str,
    start: int,
    champion: np.ndarray,
    candidate: np.ndarray,
    *,
    by_row: bool = False,
    later: bool = False,
) -> Judged:
    import polars as pl

    _, late, day = _table()
    held = _held(start, later=later)
    days = pl.Series(np.arange(held.sum()) if by_row else day[held])
    question = Question(metric, _SIGNATURE, pl.Series(late[held]), days)
    return question.of_two(pl.DataFrame({"score": champion}), pl.DataFrame({"score": candidate}), level=BETTER)


def _answers(start: int, seed: int, *, delay: bool, rows_each: int = 0, later: bool = False) -> np.ndarray:
    """What the model of a window says of the days that are held out, or of those after them."""
    return _fitted(start, seed, delay, rows_each)[int(later)]


@cache
def _fitted(start: int, seed: int, delay: bool, rows_each: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    table, late, day = _table()
    columns = table if delay else table[:, :-1]
    learnt = np.flatnonzero((day >= start) & (day < start + _TRAIN))
    early: bool | str = "auto"
    if rows_each:
        learnt, early = np.random.default_rng(start).choice(learnt, rows_each, replace=False), True
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.08, early_stopping=early, random_state=seed
    )  # that of examples/flights
    model.fit(columns[learnt], late[learnt])
    said = [model.predict_proba(columns[_held(start, later=later)])[:, 1] for later in (False, True)]
    return said[0], said[1]


def _held(start: int, *, later: bool = False) -> np.ndarray:
    day = _table()[2]
    first = start + _TRAIN + _EMBARGO + (_HOLDOUT if later else 0)
    held: np.ndarray = (day >= first) & (day < first + _HOLDOUT)
    return held


@cache
def _table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns as numbers, the delay at departure last; whether each flight was late; its day."""
    import polars as pl

    flown = flights().filter(pl.col("arr_delay").is_not_null())
    columns = [_number(flown[name]) for name in (*_KNOWN, "dep_delay")]
    late = (flown["arr_delay"] > 15).to_numpy()
    return np.column_stack(columns), late, flown["day_of_year"].to_numpy()


def _number(values: pl.Series) -> np.ndarray:
    import polars as pl

    coded = values.cast(pl.Categorical).to_physical() if values.dtype == pl.String else values
    number: np.ndarray = coded.cast(pl.Float64).to_numpy()
    return number
