"""How values are written: one form for each meaning, the same in a page and in a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from numbers import Real
from typing import Any, Final, Literal

from regrove.clock import iso, to_micros
from regrove.errors import InvalidInput, nearest

__all__ = ["EMPTY", "Format", "is_numeric", "written"]

Format = Literal[
    "text", "code", "verdict", "count", "number", "signed", "share", "interval", "seconds", "time", "day", "picture"
]
"""What a value means: ``count`` a whole number, ``share`` a part of 1 in percent, ``signed`` a difference, ``interval``
a pair, ``time`` microseconds UTC or an aware datetime, ``day`` a date, ``picture`` a `Picture`."""

EMPTY: Final = "–"
"""What stands where there is no value."""

_NUMERIC: Final = frozenset({"count", "number", "signed", "share", "interval", "seconds"})


def is_numeric(form: Format) -> bool:
    """Whether values of this form are compared digit under digit, hence stand to the right."""
    return form in _NUMERIC


def written(value: Any, form: Format, digits: int | None = None) -> str:
    """``value`` in the given form; None is an en dash. Raises InvalidInput for a value that the form cannot take.

    >>> written(1234567, "count"), written(0.31, "share"), written(-0.01234, "signed", 3)
    ('1,234,567', '31.0%', '-0.012')
    >>> written((0.012, 0.034), "interval", 3), written(0.0042, "seconds"), written(None, "number")
    ('0.012 to 0.034', '4.2 ms', '–')
    >>> written(1356998400000000, "time"), written(date(2013, 3, 1), "day")
    ('2013-01-01 00:00:00Z', '2013-03-01')
    """
    if value is None:
        return EMPTY
    if form not in _WRITERS:
        raise InvalidInput(
            "There is no such form of a value",
            expected=", ".join(_WRITERS),
            received=repr(form),
            mend=nearest(form, _WRITERS),
        )
    try:
        return _WRITERS[form](value, digits)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(
            f"A value cannot be written as {form}", expected=_EXPECTED.get(form, form), received=_seen(value)
        ) from None


def _seen(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:59] + '…'}"


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError
    return float(value)


def _fixed(value: float, digits: int, sign: str = "") -> str:
    """Fixed digits; a number that they would turn into 0 keeps its first digits instead."""
    if not math.isfinite(value):
        return str(value)
    text = f"{value:{sign},.{digits}f}"
    lost = value != 0 and not any(each in "123456789" for each in text)
    return f"{value:{sign}.1e}" if lost else text


def _count(value: Any, _: int | None) -> str:
    number = _real(value)
    if number != int(number):
        raise ValueError
    return f"{int(value):,}"


def _number(value: Any, digits: int | None) -> str:
    return _fixed(_real(value), 4 if digits is None else digits)


def _signed(value: Any, digits: int | None) -> str:
    return _fixed(_real(value), 4 if digits is None else digits, "+")


def _share(value: Any, digits: int | None) -> str:
    return f"{100 * _real(value):.{1 if digits is None else digits}f}%"


def _interval(value: Any, digits: int | None) -> str:
    low, high = (value.low, value.high) if hasattr(value, "low") else value
    return f"{_number(low, digits)} to {_number(high, digits)}"


def _seconds(value: Any, digits: int | None) -> str:
    seconds = _real(value)
    if abs(seconds) < 1:
        return f"{seconds * 1_000:.{1 if digits is None else digits}f} ms"
    if abs(seconds) < 120:
        return f"{seconds:.{1 if digits is None else digits}f} s"
    return f"{seconds / 60:,.0f} min" if abs(seconds) < 7_200 else f"{seconds / 3_600:,.1f} h"


def _time(value: Any, _: int | None) -> str:
    micros = to_micros(value) if isinstance(value, datetime) else int(_real(value))
    return iso(micros // 1_000_000 * 1_000_000).replace("T", " ")


def _day(value: Any, _: int | None) -> str:
    if not isinstance(value, date):
        raise TypeError
    return value.isoformat()[:10]


def _text(value: Any, _: int | None) -> str:
    return str(value)


def _picture(value: Any, _: int | None) -> str:
    return str(value.title)


_WRITERS: Final[dict[str, Callable[[Any, int | None], str]]] = {
    "text": _text,
    "code": _text,
    "verdict": _text,
    "count": _count,
    "number": _number,
    "signed": _signed,
    "share": _share,
    "interval": _interval,
    "seconds": _seconds,
    "time": _time,
    "day": _day,
    "picture": _picture,
}
_EXPECTED: Final = {
    "count": "a whole number",
    "number": "a number",
    "signed": "a number",
    "share": "a number, 1 for all",
    "interval": "a pair of numbers, or something with low and high",
    "seconds": "a number of seconds",
    "time": "microseconds UTC, or an aware datetime",
    "day": "a date",
}
