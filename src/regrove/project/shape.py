"""What may stand at a place of a declaration, as the types of its Structs say it, for messages."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, get_args, get_origin

import msgspec

__all__ = ["choices_at", "keys_at"]

_Path = Sequence[str | int]


def keys_at(kind: Any, path: _Path) -> list[str]:
    """The keys of the Struct at ``path``, walked from the type ``kind``; empty where no Struct stands.

    >>> inner = msgspec.defstruct("Inner", [("size", int)])
    >>> keys_at(msgspec.defstruct("Outer", [("inner", list[inner])]), ("inner", 0))
    ['size']
    """
    for found in _walked(kind, path):
        for each in _alternatives(found):
            if _is_struct(each):
                return [field.encode_name for field in msgspec.structs.fields(each)]
    return []


def choices_at(kind: Any, path: _Path) -> list[str]:
    """The values that may stand at ``path`` or, where a table or a list stands, in it; empty where any may.

    >>> rule = msgspec.defstruct("Rule", [("severity", typing.Literal["error", "warn"] | None)])
    >>> choices_at(dict[str, rule], ("first", "severity"))
    ['error', 'warn']
    """
    return list(dict.fromkeys(str(value) for found in _walked(kind, path) for value in _values(found)))


def _walked(kind: Any, path: _Path) -> list[Any]:
    """The types that may stand at ``path``."""
    found = [kind]
    for part in path:
        found = [inner for each in found for inner in _inside(each, part)]
    return found


def _inside(kind: Any, part: str | int) -> Iterator[Any]:
    for each in _alternatives(kind):
        if _is_struct(each):
            hints = typing.get_type_hints(each)
            yield from (hints[field.name] for field in msgspec.structs.fields(each) if field.encode_name == part)
        elif arguments := get_args(each):
            if get_origin(each) is tuple and arguments[-1] is not ... and isinstance(part, int):
                yield from arguments[part : part + 1]
            else:
                yield _element(each)


def _element(kind: Any) -> Any:
    """The type of a table's values or of a list's items."""
    arguments = [each for each in get_args(kind) if each is not ...]
    return arguments[-1]


def _alternatives(kind: Any) -> Iterator[Any]:
    """The members of a union; the type itself when it is none."""
    origin = get_origin(kind)
    if origin is typing.Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif origin in (typing.Union, types.UnionType):
        for each in get_args(kind):
            yield from _alternatives(each)
    else:
        yield kind


def _values(kind: Any) -> Iterator[Any]:
    for each in _alternatives(kind):
        if get_origin(each) is typing.Literal:
            yield from get_args(each)
        elif isinstance(each, type) and issubclass(each, Enum):
            yield from (member.value for member in each)
        elif get_args(each):
            yield from _values(_element(each))


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
