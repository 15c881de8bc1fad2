"""A random split that looks much better than a split by time: rows tell of their neighbours, or of the future."""

from __future__ import annotations

import math

from scipy import special

from regrove.stats.gate import Gate, GateVerdict
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["split_gap"]


def split_gap(
    random: float,
    random_error: float,
    later: float,
    later_error: float,
    *,
    limit: float = 0.02,
    errors: float = 3.0,
    rows: int = 0,
) -> GateVerdict:
    """FAIL when the random split's metric is above the time split's by more than ``limit`` and ``errors`` errors.

    Higher must be better (AUC, accuracy, R2, or a negative loss). Drift makes a gap too: the gap says that the random
    split flatters, not why. PASS when the gap plus ``errors`` errors is at or below the limit. The two splits share
    rows, so that the error of their difference, taken as if they did not, is too large rather than too small.

    Args:
        random: the metric on a random hold-out.
        random_error: its standard error, by block.
        later: the metric on the last stretch of time.
        later_error: its standard error, by block.
        limit: the gap that is allowed.
        errors: how many standard errors a gap must have.
        rows: hold-out rows, for the record.

    >>> split_gap(0.970, 0.002, 0.876, 0.006).gate.value
    'fail'
    """
    numbers = (random, random_error, later, later_error, limit, errors)
    if not all(math.isfinite(each) for each in numbers) or min(random_error, later_error, limit) < 0.0 or errors <= 0.0:
        raise InvalidStatistic(
            "The two splits cannot be compared",
            expected="finite metrics, errors and a limit of 0 or more",
            received=", ".join(f"{each:g}" for each in numbers),
        )
    gap, half = random - later, errors * math.hypot(random_error, later_error)
    interval = Interval(gap - half, gap + half, min(2.0 * float(special.ndtr(errors)) - 1.0, 1.0 - 1e-12))
    shown = f"random split minus time split {gap:.3g} [{interval.low:.3g}, {interval.high:.3g}]"
    if gap > limit and interval.low > 0.0:
        gate, reason = Gate.FAIL, f"{shown} is above the limit {limit:.3g} and more than chance"
    elif interval.high <= limit:
        gate, reason = Gate.PASS, f"{shown} is at or below the limit {limit:.3g}"
    else:
        gate, reason = Gate.INCONCLUSIVE, f"{shown}: neither within the limit {limit:.3g} nor shown to be beyond it"
    return GateVerdict(
        name="random minus time split", gate=gate, reason=reason, value=gap, interval=interval, limit=limit, rows=rows
    )
