"""What is wrong with a body: the slow and exact look at one that the fast reader refused, or that says a thing twice.

The fast reader takes the last of two fields of one name and stops at the first byte that is no JSON. Nobody is helped
by either: here the row and the field are found and named.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

from regrove.errors import InvalidInput

__all__ = ["fault", "may_repeat"]

_TEXT: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_DIGITS: Final = 400
"""A whole number of more digits is beyond every type that a field can have."""

_PLACES: Final = {"rows": "Row", "labels": "Label"}
_Path = tuple[str | int, ...]


class _NotFinite(str):
    """A number of the body that no float holds, as it was written."""

    __slots__ = ()


class _Twice:
    """The value of a name that stands twice in its object."""


def may_repeat(body: bytes, names: int) -> bool:
    """Whether ``body`` holds another number of names than the ``names`` that were read of it.

    It costs a search for a few bytes. Objects inside rows, which are refused anyway, count as more.

    >>> may_repeat(b'{"rows":[{"hour":7}]}', 2), may_repeat(b'{"rows":[{"hour":7,"hour":8}]}', 2)
    (False, True)
    >>> may_repeat(b'{"rows" : [{"note":"a : b"}]}', 2)
    False
    """
    if body.count(b":") == names:  # so no text holds one, and each belongs to a name
        return False
    gaps = b" :" in body or b"\t" in body or b"\r" in body or (b"\n" in body and b"\n:" in body)
    if body.count(b'":') == names and not gaps:  # a name is hidden from the count by a gap before its colon
        return False
    return _TEXT.sub(b"", body).count(b":") != names


def fault(body: bytes) -> InvalidInput | None:
    """The first number that is not finite, or name that stands twice; None when there is neither, or no JSON at all.

    >>> print(fault(b'{"rows":[{"wind":3},{"wind":NaN}]}'))
    Row 1: field 'wind' is not finite.
      expected: a finite number
      received: NaN
      mend:     send null where a value is missing, if the field may be null; JSON has no NaN and no Infinity
    """
    try:
        value = json.loads(
            body.decode(), parse_constant=_NotFinite, parse_float=_float, parse_int=_int, object_pairs_hook=_object
        )
        found = next(_marks(value, ()), None)
    except (ValueError, RecursionError):
        return None
    if found is None:
        return None
    path, mark = found
    if isinstance(mark, _NotFinite):
        return InvalidInput(
            f"{_place(path)} is not finite",
            expected="a finite number",
            received=str(mark) if len(mark) <= 80 else mark[:77] + "...",
            mend="send null where a value is missing, if the field may be null; JSON has no NaN and no Infinity",
        )
    return InvalidInput(
        f"{_place(path)} stands twice",
        expected="each field once",
        received=f"{str(path[-1])[:80]!r} twice in one object",
        mend="send the one that is meant",
    )


def _float(text: str) -> Any:
    value = float(text)
    return value if math.isfinite(value) else _NotFinite(text)


def _int(text: str) -> Any:
    return int(text) if len(text) <= _DIGITS else _NotFinite(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        made[name] = _Twice() if name in made else value
    return made


def _marks(value: Any, path: _Path) -> Iterator[tuple[_Path, Any]]:
    """Each mark with the way to it, in the order of the body."""
    if isinstance(value, (_NotFinite, _Twice)):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _marks(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _marks(inner, (*path, index))


def _place(path: _Path) -> str:
    """Where a path leads, in the words of the other refusals.

    >>> _place(("rows", 3, "wind")), _place(("labels", 0)), _place(("key",))
    ("Row 3: field 'wind'", 'Label 0', "The body: field 'key'")
    """
    what = _PLACES.get(str(path[0])) if path else None
    if what is None or len(path) < 2 or not isinstance(path[1], int):
        return f"The body: field {str(path[0])[:80]!r}" if path else "The body"
    return f"{what} {path[1]}" + (f": field {str(path[2])[:80]!r}" if len(path) > 2 else "")
