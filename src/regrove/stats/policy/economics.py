"""Is training now worth its cost?"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from regrove.stats.comparison.metrics import Metric
from regrove.stats.comparison.paired import Gain
from regrove.stats.comparison.sizes import needed_units
from regrove.stats.verdict import Interval, InvalidStatistic, needs

__all__ = ["Costs", "Retrain", "RetrainingGain", "retraining_gain"]

_LEAST_BLOCKS = 5
_NO_MEANS = (Metric.AUC, Metric.RMSE)


class Retrain(StrEnum):
    """What the money says."""

    RETRAIN = "retrain"
    """Even the lower bound of the gain is above the costs."""
    WAIT = "wait"
    """Even the upper bound is not."""
    INCONCLUSIVE = "inconclusive"
    """The interval holds the costs; the reason says how many blocks would decide."""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What one retraining costs, in the unit of the value of a loss.

    >>> Costs(train=40.0, validate=10.0).total
    50.0
    """

    train: float = 0.0
    """Compute and labels."""
    validate: float = 0.0
    """Tests, review and canary."""
    risk: float = 0.0
    """The chance that the new model does harm, times the harm."""

    def __post_init__(self) -> None:
        """Refuse what is no cost."""
        for name in self.__struct_fields__:
            each = getattr(self, name)
            if not 0.0 <= each < math.inf:
                raise InvalidStatistic(f"The cost {name} is none", expected="0 or more, finite", received=str(each))

    @property
    def total(self) -> float:
        """All three."""
        return self.train + self.validate + self.risk


class RetrainingGain(msgspec.Struct, frozen=True, kw_only=True):
    """One retraining as an investment."""

    decision: Retrain
    reason: str
    value: float
    """The expected gain over the horizon, before costs."""
    interval: Interval
    """Of ``value``; the lower end of the default 90% is a 95% bound."""
    net: float
    """``value`` less all costs."""
    payback_days: float
    """Until the gain has paid the costs; infinite where there is no gain."""
    payback: Interval
    """Of ``payback_days``."""
    days: float
    rows: float
    unit_value: float
    costs: Costs
    gain: Gain


def retraining_gain(gain: Gain, *, value: float, rows: float, days: float, costs: Costs) -> RetrainingGain:
    """E[gain] = N H v (L_stale - L_new) with its bounds, against the costs, and the days until it pays.

    ``gain`` is that of the new model over the stale one (``paired_bootstrap(...).gain()``): the mean over rows of a
    loss or of right answers, not an AUC or a root. ``rows`` N are predicted a day, ``days`` H is the horizon: until the
    next training at the latest. ``value`` v is what one unit of the loss in one row costs. The difference of the two
    models is taken to stay as it is over the horizon, which it does when both age alike. RETRAIN when the lower end is
    above the costs, WAIT when the upper end is not, and INCONCLUSIVE between them or with fewer than 5 blocks.

    Source: Zliobaite, Budka and Stahl (2015), Neurocomputing 150:240. Stated error rate with intervals at 90% and 20
    blocks or more: a retraining that is just not worth its cost is called worth it in at most .08.

    >>> from regrove.stats.comparison import paired_losses
    >>> new_is_better = paired_losses([1.0, 1.2, 0.8, 1.1, 0.9, 1.0], [0.5, 0.6, 0.4, 0.5, 0.5, 0.5], range(6)).gain()
    >>> found = retraining_gain(new_is_better, value=0.1, rows=100, days=30, costs=Costs(train=40.0))
    >>> found.decision.value, round(found.value), round(found.payback_days)
    ('retrain', 150, 8)
    """
    if gain.metric in _NO_MEANS:
        raise InvalidStatistic(
            f"A gain in {gain.metric} has no value a row",
            expected="a mean over rows: losses, Brier, log loss, absolute or squared error, accuracy",
            received=str(gain.metric),
        )
    if not all(0.0 < each < math.inf for each in (value, rows, days)):
        raise InvalidStatistic(
            "These numbers give no gain",
            expected="a value, rows a day and days above 0, finite",
            received=f"value {value}, {rows} rows, {days} days",
        )
    each_day = value * rows
    scale = each_day * days
    interval = Interval(scale * gain.interval.low, scale * gain.interval.high, gain.interval.level)
    total = costs.total
    decision, end = _decided(gain, interval, total, scale)
    payback_days = _payback(total, each_day * gain.value)
    payback = Interval(
        _payback(total, each_day * gain.interval.high), _payback(total, each_day * gain.interval.low), interval.level
    )
    pays = f"pays back in {payback_days:.3g} days" if math.isfinite(payback_days) else "never pays back"
    return RetrainingGain(
        decision=decision,
        reason=(
            f"in {days:g} days it brings {scale * gain.value:.4g} [{interval.low:.4g}, {interval.high:.4g}] and costs "
            f"{total:.4g}, {pays}; {end}"
        ),
        value=scale * gain.value,
        interval=interval,
        net=scale * gain.value - total,
        payback_days=payback_days,
        payback=payback,
        days=days,
        rows=rows,
        unit_value=value,
        costs=costs,
        gain=gain,
    )


def _decided(gain: Gain, interval: Interval, total: float, scale: float) -> tuple[Retrain, str]:
    units, unit = gain.units
    if gain.blocks < _LEAST_BLOCKS:
        return Retrain.INCONCLUSIVE, f"{units} {unit} are too few: {needs(_LEAST_BLOCKS - gain.blocks, unit)}"
    if interval.low > total:
        return Retrain.RETRAIN, "even the lower bound is above the costs"
    if interval.high <= total:
        return Retrain.WAIT, "even the upper bound is not above the costs"
    level = 0.5 + gain.interval.level / 2.0
    wanted = needed_units(gain.value - total / scale, gain.error, units, level=level)
    if math.isinf(wanted):
        return Retrain.INCONCLUSIVE, f"the gain seen is not above the costs, so more {unit} are not likely to show one"
    return Retrain.INCONCLUSIVE, f"if the truth is what was seen, it {needs(max(1.0, wanted - units), unit)}"


def _payback(total: float, each_day: float) -> float:
    return total / each_day if each_day > 0.0 else math.inf
