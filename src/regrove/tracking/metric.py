"""Points of metrics, and how a number that is not finite is kept."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from regrove.errors import InvalidInput

__all__ = ["MetricPoint", "from_stored", "to_stored"]

_KINDS: Final = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class MetricPoint(msgspec.Struct, frozen=True):
    """One value of a metric, taken at ``at``; ``step`` orders the values of one metric, as an epoch does."""

    key: str
    value: float
    step: int = 0
    at: int = 0


def to_stored(value: float) -> tuple[str, float | None]:
    """A value as kind and number: a database that turns NaN into NULL keeps the kind.

    >>> to_stored(0.5), to_stored(float("nan"))
    (('number', 0.5), ('nan', None))
    """
    if math.isfinite(value):
        return "number", value
    return ("nan" if math.isnan(value) else "inf" if value > 0 else "-inf"), None


def from_stored(kind: str, number: float | None) -> float:
    """The value of a stored kind and number.

    >>> from_stored("-inf", None)
    -inf
    """
    return number if kind == "number" and number is not None else _KINDS[kind]


def check_key(key: str) -> str:
    """Return ``key`` if it can name a metric, a param or an artifact; otherwise raise InvalidInput."""
    if not key or len(key) > 250 or not key.isprintable():
        raise InvalidInput(
            "This cannot name a metric or a param", expected="1 to 250 printable characters", received=repr(key)
        )
    return key
