"""The loss under another mix of rows, from labelled rows that are weighted."""

from __future__ import annotations

import math

import msgspec
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import finite, same_rows
from regrove.stats.labels.magnitude import measurable
from regrove.stats.verdict import Interval, InvalidStatistic, needs

__all__ = ["WeightedLoss", "effective_rows", "importance_weighted"]


class WeightedLoss(msgspec.Struct, frozen=True, kw_only=True):
    """A weighted mean, or the reason why there is none."""

    value: float | None
    """None where the effective rows are fewer than ``least``."""
    interval: Interval
    """Without end where there is no value."""
    effective: float
    """(sum w)^2 / sum w^2: as many equally weighted rows would be as sure."""
    least: float
    rows: int
    reason: str


def effective_rows(weights: npt.ArrayLike) -> float:
    """How many equally weighted rows the weighted ones are worth: (sum w)^2 / sum w^2; 0 when all weights are 0.

    Source: Kish (1965), Survey Sampling, section 11.7.

    >>> effective_rows([1, 1, 1]), effective_rows([1, 0, 0])
    (3.0, 1.0)
    """
    w = finite("weights", weights)
    if len(w) and w.min() < 0.0:
        raise InvalidStatistic("A weight is negative", expected="0 or more", received=f"{w.min():.6g}")
    largest = float(w.max()) if len(w) else 0.0
    if largest <= 0.0:
        return 0.0
    w = w / largest
    return float(w.sum()) ** 2 / float(w @ w)


def importance_weighted(
    losses: npt.ArrayLike, weights: npt.ArrayLike, *, least: float = 100.0, level: float = 0.95
) -> WeightedLoss:
    """The mean loss that labelled rows would have if they came as often as their like does in the window.

    sum w loss / sum w, with the interval by linearisation. Refused below ``least`` effective rows: then a few rows
    carry the mean and neither value nor interval mean anything.

    Args:
        losses: of labelled reference rows.
        weights: how much more often rows like it come in the window, from ``domain_weights``.
        least: effective rows below which there is no value.
        level: of the interval.

    >>> round(importance_weighted([0.0, 1.0] * 100, [1.0, 3.0] * 100).value, 6)
    0.75
    >>> importance_weighted([0.0, 1.0], [1.0, 3.0]).reason
    'the weighted rows are worth 1.6 equal ones; needs 99 more effective rows'
    """
    loss, w = measurable("losses", losses), finite("weights", weights)
    rows = same_rows(losses=loss, weights=w)
    if not 0.0 < level < 1.0 or not least >= 2.0:
        raise InvalidStatistic(
            "This cannot be weighted", expected="a level of 0 to 1, least of 2 or more", received=f"{level}, {least}"
        )
    effective = effective_rows(w)
    if effective < least:
        return WeightedLoss(
            value=None,
            interval=Interval(-math.inf, math.inf, level),
            effective=effective,
            least=least,
            rows=rows,
            reason=f"the weighted rows are worth {effective:.2g} equal ones; "
            f"{needs(least - effective, 'effective rows')}",
        )
    w = w / w.max()
    total = float(w.sum())
    value = float(w @ loss) / total
    deviation = math.sqrt(float((w * (loss - value)) @ (w * (loss - value))) * rows / (rows - 1)) / total
    half = float(special.ndtri(0.5 + level / 2.0)) * deviation
    return WeightedLoss(
        value=value,
        interval=Interval(value - half, value + half, level),
        effective=effective,
        least=least,
        rows=rows,
        reason=f"{rows:,} weighted rows are worth {effective:,.0f} equal ones",
    )
