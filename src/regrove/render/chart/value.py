"""Values as a figure takes them: finite numbers or gaps, days as text, words without markup."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from regrove.errors import InvalidInput

__all__ = ["day", "days", "number", "numbers", "same_length"]


def number(value: Any) -> float | None:
    """A number to six digits, which is more than an eye can tell; None for a gap, which nan and infinities are too.

    >>> number(0.123456789), number(float("nan")), number(None)
    (0.123457, None, None)
    """
    if value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(
            "A chart cannot show this value", expected="a number or None", received=repr(value)
        ) from None
    return float(f"{found:.6g}") if math.isfinite(found) else None


def numbers(values: Iterable[Any]) -> list[float | None]:
    """Every value as `number` gives it."""
    return [number(each) for each in values]


def day(value: date) -> str:
    """A date, or a datetime, as Plotly's axis of time reads it.

    >>> day(date(2013, 3, 1))
    '2013-03-01'
    """
    if not isinstance(value, date):
        raise InvalidInput("This is no day", expected="a date or a datetime", received=repr(value))
    return value.isoformat()


def days(values: Iterable[date]) -> list[str]:
    """Every value as `day` gives it."""
    return [day(each) for each in values]


def same_length(what: str, **sequences: Sequence[Any] | None) -> None:
    """Refuse sequences that belong together and differ in length."""
    lengths = {name: len(each) for name, each in sequences.items() if each is not None}
    if len(set(lengths.values())) > 1:
        raise InvalidInput(
            f"The values of {what} do not belong together",
            expected="as many of each",
            received=", ".join(f"{count} {name}" for name, count in lengths.items()),
        )
