"""The answer of a gate: does a number keep its limit, shown by an interval and not by a guess?"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Gate", "GateVerdict", "keeps"]


class Gate(StrEnum):
    """Does the number keep its limit?"""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    """The upper bound is at or below the limit."""
    FAIL = "fail"
    """The lower bound is above the limit."""
    INCONCLUSIVE = "inconclusive"
    """The interval holds the limit, or there are too few rows; the reason says what is missing."""


class GateVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One number against its limit, with all that the answer rests on."""

    name: str
    gate: Gate
    reason: str
    """A sentence for a person; for INCONCLUSIVE with what is missing."""
    value: float | None
    """The estimate; None where it cannot be computed, and the reason says why."""
    interval: Interval
    limit: float
    rows: int
    """Rows (or attempts, or pairs) that the estimate rests on."""
    seed: int | None = None
    """The seed of the draws, where chance was used."""


def keeps(
    name: str,
    value: float | None,
    interval: Interval,
    limit: float,
    *,
    rows: int,
    least: int = 0,
    unit: str = "rows",
    seed: int | None = None,
) -> GateVerdict:
    """PASS when the upper bound is at or below ``limit``, FAIL when the lower bound is above it, else INCONCLUSIVE.

    Below ``least`` rows the answer is INCONCLUSIVE whatever the interval says. How often a wrong PASS or FAIL comes out
    is the error rate of the interval's one side.

    >>> keeps("flips", 0.01, Interval(0.005, 0.018, 0.9), 0.02, rows=900).gate.value
    'pass'
    >>> keeps("flips", 0.01, Interval(0.001, 0.05, 0.9), 0.02, rows=90).reason
    'flips 0.01 [0.001, 0.05]: the interval holds the limit 0.02; needs about 1,350 more rows'
    """
    if not math.isfinite(limit) or (value is not None and math.isnan(value)):
        raise InvalidStatistic(
            f"The gate on {name} has no usable number", expected="a finite limit and a value", received=f"limit {limit}"
        )
    shown = f"{name} {'unknown' if value is None else f'{value:.3g}'} [{interval.low:.3g}, {interval.high:.3g}]"
    if rows < least:
        gate, reason = Gate.INCONCLUSIVE, f"{name}: {rows:,} {unit} are too few; needs {least - rows:,} more {unit}"
    elif interval.high <= limit:
        gate, reason = Gate.PASS, f"{shown} is at or below the limit {limit:.3g}"
    elif interval.low > limit:
        gate, reason = Gate.FAIL, f"{shown} is above the limit {limit:.3g}"
    else:
        gate = Gate.INCONCLUSIVE
        reason = f"{shown}: the interval holds the limit {limit:.3g}; {_missing(value, interval, limit, rows, unit)}"
    return GateVerdict(
        name=name, gate=gate, reason=reason, value=value, interval=interval, limit=limit, rows=rows, seed=seed
    )


def _missing(value: float | None, interval: Interval, limit: float, rows: int, unit: str) -> str:
    """About how many more rows would move the nearer end to the limit, as widths shrink with the root of the rows."""
    if value is None or not rows or not math.isfinite(interval.width):
        return f"more {unit} are needed"
    end = interval.high if value <= limit else interval.low
    gap = abs(limit - value)
    if gap <= 1e-3 * abs(end - value):
        return "the value lies on the limit, no number of rows would decide it"
    more = rows * ((abs(end - value) / gap) ** 2 - 1.0)
    digits = 10.0 ** max(0, math.floor(math.log10(max(more, 1.0))) - 2)
    return f"needs about {max(1, round(math.ceil(more / digits - 1e-6) * digits)):,} more {unit}"
