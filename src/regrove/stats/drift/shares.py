"""Shares of rows (nulls, new values, one category) on two sides, with intervals."""

from __future__ import annotations

import math

from scipy import special

from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["clopper_pearson", "newcombe", "share_exceeds", "wilson"]


def wilson(count: float, rows: float, level: float = 0.9, design: float = 1.0) -> Interval:
    """Wilson's score interval for a share; ``design`` is the design effect, by which rows are divided.

    The interval of no rows is 0 to 1. Source: Wilson (1927), JASA 22:209.

    >>> str(wilson(0, 30, 0.95))
    '0 to 0.1135 (95%)'
    """
    _check(count, rows, design)
    if rows == 0:
        return Interval(0.0, 1.0, level)
    z = float(special.ndtri(0.5 + level / 2.0))
    n, p = rows / design, count / rows
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Interval(0.0 if count == 0 else min(low, p), 1.0 if count == rows else max(high, p), level)


def newcombe(
    reference: float, rows_reference: float, window: float, rows_window: float, level: float = 0.9, design: float = 1.0
) -> Interval:
    """Newcombe's hybrid score interval for window share minus reference share.

    Source: Newcombe (1998), Statistics in Medicine 17:873, method 10. Stated coverage: about ``level``, also for
    shares near 0 and 1; with ``design`` also for rows that depend on each other, as far as that number is known.

    >>> str(newcombe(10, 100, 30, 100, 0.95))
    '0.09 to 0.3058 (95%)'
    """
    left, right = wilson(reference, rows_reference, level, design), wilson(window, rows_window, level, design)
    p = reference / rows_reference if rows_reference else 0.5
    q = window / rows_window if rows_window else 0.5
    low = q - p - math.hypot(q - right.low, left.high - p)
    high = q - p + math.hypot(right.high - q, p - left.low)
    return Interval(max(-1.0, low), min(1.0, high), level)


def clopper_pearson(count: float, rows: float, level: float = 0.9) -> Interval:
    """The exact interval for a share of independent rows (Clopper and Pearson, 1934, Biometrika 26:404).

    >>> str(clopper_pearson(0, 30, 0.95))
    '0 to 0.1157 (95%)'
    """
    _check(count, rows, 1.0)
    tail = (1.0 - level) / 2.0
    low = float(special.betaincinv(count, rows - count + 1, tail)) if count > 0 else 0.0
    high = float(special.betaincinv(count + 1, rows - count, 1.0 - tail)) if count < rows else 1.0
    return Interval(low, high, level)


def share_exceeds(
    reference: float, rows_reference: float, window: float, rows_window: float, level: float = 0.95
) -> float:
    """The exact binomial p-value that a window's share is above the reference's upper ``level`` bound.

    For nulls, schema faults and values out of range, where the reference often holds none at all: the bound keeps "none
    in 1,000" from being read as "never". Independent rows are assumed.

    >>> share_exceeds(0, 1000, 1, 100) > 0.05, share_exceeds(0, 100_000, 5, 100) < 1e-6
    (True, True)
    """
    _check(window, rows_window, 1.0)
    if window == 0:
        return 1.0
    bound = clopper_pearson(reference, rows_reference, 2.0 * level - 1.0).high
    return float(special.betainc(window, rows_window - window + 1.0, bound))


def _check(count: float, rows: float, design: float) -> None:
    if not (0 <= count <= rows and design > 0 and math.isfinite(rows)):
        raise InvalidStatistic(
            "These numbers are no share",
            expected="0 <= count <= rows and a design effect above 0",
            received=f"{count} of {rows} rows, design effect {design}",
        )
