"""How often to train again: the period at which staleness and training together cost least."""

from __future__ import annotations

import math

import msgspec

from regrove.stats.policy.stale import Staleness
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Period", "daily_cost", "retraining_period"]


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """The period between two trainings that costs least."""

    days: float
    """Infinite where the loss does not grow with age."""
    interval: Interval
    """In days; the upper end is infinite where the interval of the slope reaches 0."""
    daily_cost: float
    """Of staleness and training together at ``days``."""
    staleness: Staleness
    cost: float
    value: float
    rows: float
    reason: str


def retraining_period(stale: Staleness, *, cost: float, value: float, rows: float) -> Period:
    """tau* = sqrt(2 C / (v N r)), with the interval of r carried over.

    ``cost`` C is that of one retraining (compute, labels, validation, risk), ``value`` v that of one unit of loss in
    one row, ``rows`` N are predicted a day, and r is ``stale.slope`` with ages in days. A model that is tau days old
    when it is replaced has cost C + v N r tau^2 / 2 since it was new; by day that is least at tau*. The formula falls
    as r grows, so the ends of the interval of r, swapped, are those of tau*, with the same coverage (``staleness``
    states it). C, v and N are taken as known. At tau* training costs as much as staleness, and the cost is flat around
    it: a period wrong by 2 costs 25% more.

    Sources: Harris (1913), Factory 10:135, for the formula; Zliobaite, Budka and Stahl (2015), Neurocomputing 150:240,
    for retraining as an investment; Mahadevan and Mathioudakis (2024), Knowledge-Based Systems 293, who find a schedule
    by cost to be cheaper than triggers of drift.

    >>> from regrove.stats.policy import staleness
    >>> stale = staleness([0, 10, 20, 30], [1.0, 1.2, 1.4, 1.6])
    >>> found = retraining_period(stale, cost=400.0, value=0.01, rows=10_000)
    >>> round(found.days, 3), round(found.daily_cost, 3)
    (20.0, 40.0)
    """
    _check(cost, value, rows)
    low, high = stale.interval.low, stale.interval.high
    days = _period(stale.slope, cost, value, rows)
    interval = Interval(_period(high, cost, value, rows), _period(low, cost, value, rows), stale.interval.level)
    per_day = math.sqrt(2.0 * cost) * math.sqrt(value * rows * max(0.0, stale.slope))
    return Period(
        days=days,
        interval=interval,
        daily_cost=per_day,
        staleness=stale,
        cost=cost,
        value=value,
        rows=rows,
        reason=_reason(stale, days, interval, cost),
    )


def daily_cost(days: float, *, slope: float, cost: float, value: float, rows: float) -> float:
    """What a period of ``days`` costs a day: C / tau for training and v N r tau / 2 for staleness.

    >>> [round(daily_cost(days, slope=0.02, cost=400.0, value=0.01, rows=10_000), 1) for days in (10, 20, 40)]
    [50.0, 40.0, 50.0]
    """
    _check(cost, value, rows)
    if not (0.0 < days < math.inf and math.isfinite(slope)):
        raise InvalidStatistic(
            "This period has no cost a day", expected="days above 0 and a finite slope", received=f"{days}, {slope}"
        )
    return cost / days + value * rows * slope * days / 2.0


def _period(slope: float, cost: float, value: float, rows: float) -> float:
    lost = value * rows * slope
    return math.sqrt(2.0 * cost / lost) if lost > 0.0 else math.inf


def _reason(stale: Staleness, days: float, interval: Interval, cost: float) -> str:
    shown = f"{stale.slope:.3g} more loss a day of age [{stale.interval.low:.3g}, {stale.interval.high:.3g}]"
    if math.isinf(interval.low):
        return f"{shown}: the loss does not grow with age, so no schedule pays"
    if math.isinf(interval.high):
        found = "no schedule pays" if math.isinf(days) else f"every {days:.3g} days would cost least"
        return (
            f"{shown}: that the loss does not grow with age is not excluded, so there is no upper end; by the best "
            f"guess {found}, and more than {stale.blocks} blocks or a wider range of ages would narrow it"
        )
    if cost == 0.0:
        return f"{shown}: training costs nothing, so train as often as there are new data"
    return f"{shown}: every {days:.3g} days costs least [{interval.low:.3g}, {interval.high:.3g}]"


def _check(cost: float, value: float, rows: float) -> None:
    if not (0.0 <= cost < math.inf and 0.0 < value < math.inf and 0.0 < rows < math.inf):
        raise InvalidStatistic(
            "These costs give no period",
            expected="a finite cost of 0 or more, a value and rows a day above 0",
            received=f"cost {cost}, value {value}, {rows} rows",
        )
