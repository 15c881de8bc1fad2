"""SUSPECT: a CUSUM over the mean losses of blocks, with a threshold that was simulated for a stated rate of alarms.

Fast, and not proven: the threshold rests on the reference's blocks being what blocks are like. An alarm opens an
incident; whether the loss has grown is for the detector in ``growth`` to confirm.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats
from regrove.stats.sequential.blocks import block_losses
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Cusum", "CusumPlan", "calibrate_cusum", "watch"]

_LEAST = 20
_FLOOR = 1e-6
_CAUTION = 1.2
"""The simulated threshold is raised by a fifth: worlds drawn from a few dozen blocks vary less than the world does, and
without it three times as many null years alarm as were allowed."""


class CusumPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream of blocks is compared with."""

    center: float
    """The reference's mean loss and one standard error."""
    spread: float
    """Standard deviation of its blocks."""
    slack: float
    """k: as many standard deviations above the center count as unchanged."""
    threshold: float
    """h: the sum at which the alarm is raised."""
    rate: float
    """Null years with an alarm that were allowed."""
    year: int
    """Blocks of a year."""
    simulated: float
    """Share of simulated null years with an alarm at this threshold, which is a fifth above the one for ``rate``."""
    draws: int
    blocks: int
    """Of the reference."""
    seed: int


class Cusum(msgspec.Struct, frozen=True, kw_only=True):
    """The state: one sum."""

    sum: float = 0.0
    blocks: int = 0
    """Seen so far."""
    alarm_at: int | None = None
    """The block, counted from 1, at which the sum first reached the threshold."""
    began_at: int = 0
    """Blocks seen when the sum last left 0: the likely start of the change."""


def calibrate_cusum(
    reference: npt.ArrayLike,
    *,
    slack: float = 0.75,
    rate: float = 0.05,
    year: int = 365,
    run: int = 1,
    draws: int = 2000,
    seed: int = 0,
) -> CusumPlan:
    """Find the threshold at which ``rate`` of all years without a change see an alarm.

    Each simulated world takes a new reference from the reference's blocks, estimates center and spread from it as we
    do, and then runs a year of blocks; so the threshold knows that center and spread are estimates. Blocks are drawn
    about the reference's mean with their deviations enlarged by n / (n - 1) in variance, and a normal part of a fifth
    of their standard deviation, because a few dozen blocks do not show their tail; the threshold is then raised by a
    fifth, which was found by simulation: without it three times ``rate`` of null years saw an alarm.

    Stated rate, for independent blocks whose means are logit-normal and 60 of them in the reference: at most 1.6 times
    ``rate`` of null years see an alarm (``python -m soak sequential``); with 20 blocks up to twice ``rate``.

    Args:
        reference: shape (blocks,), mean losses from 0 to 1 in order of time; at least 20.
        slack: k, in standard deviations.
        rate: share of null years that may see an alarm.
        year: blocks of a year.
        run: neighbouring blocks that are drawn together, where they depend on each other.
        draws: simulated years.
        seed: of the draws.

    >>> plan = calibrate_cusum(np.random.default_rng(0).normal(0.2, 0.02, 60), draws=500)
    >>> 3 < plan.threshold < 12, plan.simulated <= 0.05
    (True, True)
    """
    values = block_losses("reference", reference, _LEAST)
    fine = 0.0 <= slack < math.inf and 0.0 < rate < 1.0 and year >= 1 and draws >= 100
    if not fine or not 1 <= run <= len(values) // 2:
        raise InvalidStatistic(
            "There is no such plan",
            expected="slack >= 0, a rate between 0 and 1, year >= 1, draws >= 100, runs of at most half the reference",
            received=f"slack {slack}, rate {rate}, year {year}, draws {draws}, run {run}",
        )
    count = len(values)
    spread = max(float(values.std(ddof=1)), _FLOOR)
    rng = np.random.default_rng(seed)
    deviations = (values - values.mean()) / spread * math.sqrt(count / (count - 1.0))
    samples = _drawn(deviations, (draws, count), run, rng)
    deviation = np.maximum(samples.std(axis=1, ddof=1), 0.05)
    center = samples.mean(axis=1) + deviation / math.sqrt(count)
    top = _highest(deviations, center, deviation, slack, year, run, rng)
    threshold = float(np.sort(top)[min(draws - 1, math.ceil((1.0 - rate) * (draws + 1)) - 1)])
    threshold = max(_CAUTION * math.nextafter(threshold, math.inf), 1e-9)
    return CusumPlan(
        center=float(values.mean()) + spread / math.sqrt(count),
        spread=spread,
        slack=slack,
        threshold=threshold,
        rate=rate,
        year=year,
        simulated=float(np.mean(top >= threshold)),
        draws=draws,
        blocks=count,
        seed=seed,
    )


def watch(plan: CusumPlan, losses: npt.ArrayLike, state: Cusum | None = None) -> Cusum:
    """Take in the mean losses of new blocks, in order of time.

    >>> plan = calibrate_cusum(np.random.default_rng(0).normal(0.2, 0.02, 60), draws=500)
    >>> watch(plan, [0.2] * 30).alarm_at, watch(plan, [0.2] * 30 + [0.27] * 9).alarm_at > 30
    (None, True)
    """
    now = state or Cusum()
    total, seen, alarm, began = now.sum, now.blocks, now.alarm_at, now.began_at
    for loss in block_losses("losses", losses).tolist():
        if total <= 0.0:
            began = seen
        total = max(0.0, total + (loss - plan.center) / plan.spread - plan.slack)
        seen += 1
        if alarm is None and total >= plan.threshold:
            alarm = seen
    return Cusum(sum=total, blocks=seen, alarm_at=alarm, began_at=began)


def _drawn(deviations: Floats, shape: tuple[int, int], run: int, rng: np.random.Generator) -> Floats:
    """Deviations drawn in runs of neighbours (the series taken as a ring), each with its normal part."""
    rows, columns = shape
    starts = rng.integers(len(deviations), size=(rows, -(-columns // run)))
    places = (starts[:, :, None] + np.arange(run)).reshape(rows, -1)[:, :columns] % len(deviations)
    part = 0.2
    mixed: Floats = deviations[places] * math.sqrt(1.0 - part**2) + part * rng.standard_normal(shape)
    return mixed


def _highest(
    deviations: Floats, center: Floats, deviation: Floats, slack: float, year: int, run: int, rng: np.random.Generator
) -> Floats:
    """The largest sum of each simulated year."""
    total = np.zeros(len(center))
    top = np.zeros(len(center))
    for start in range(0, year, 64 * run):
        part = _drawn(deviations, (len(center), min(64 * run, year - start)), run, rng)
        steps = (part - center[:, None]) / deviation[:, None] - slack
        for step in steps.T:
            np.maximum(total + step, 0.0, out=total)
            np.maximum(top, total, out=top)
    return top
