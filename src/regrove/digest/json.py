"""Canonical JSON: one text for one value."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from regrove.errors import InvalidInput

__all__ = ["canonical"]


def canonical(value: Any) -> bytes:
    """The canonical JSON of ``value``: keys sorted, no spaces, UTF-8, shortest form of each float.

    Structs, dicts with string keys, lists, strings, numbers, booleans and None are accepted. NaN and infinities have
    no JSON form and are refused, so that a digest never stands for "some null".

    >>> canonical({"b": 1, "a": [1.5, None]})
    b'{"a":[1.5,null],"b":1}'
    """
    plain = msgspec.to_builtins(value)
    _refuse_non_finite(plain, "$")
    return msgspec.json.encode(plain, order="sorted")


def _refuse_non_finite(value: Any, where: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput("A number that is not finite has no JSON form", received=f"{value} at {where}")
    if isinstance(value, dict):
        for key, each in value.items():
            _refuse_non_finite(each, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            _refuse_non_finite(each, f"{where}[{index}]")
