"""What a playbook can listen to: the types of events that the rooms below declare, with their fields.

The rooms are found by their ``events.py``, so a new room needs no entry here but its name in `ROOMS`, which fixes what
counts: not whatever a process happens to have imported.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import inspect

from regrove.ledger import Event

__all__ = ["FLAG", "LIST", "ROOMS", "Field", "event_types"]

ROOMS: Final = (
    "ledger",
    "datasets",
    "tracking",
    "features",
    "pipelines",
    "registry",
    "serving",
    "gates",
    "monitoring",
    "governance",
    "rollouts",
    "playbooks",
)
"""The rooms whose facts can be listened to."""


class Field(msgspec.Struct, frozen=True):
    """What a field of an event can hold: ``text``, ``number``, ``flag``, ``null``, ``list`` or ``other``."""

    kinds: frozenset[str]
    values: tuple[object, ...] = ()
    """The only values that it can have, when they are known."""


FLAG: Final = Field(frozenset({"flag"}))
LIST: Final = Field(frozenset({"list"}))


@cache
def event_types() -> MappingProxyType[str, MappingProxyType[str, Field]]:
    """Every type of event with the fields of its newest version."""
    newest: dict[str, type[Event]] = {}
    for room in ROOMS:
        module = f"regrove.{room}.events"
        if find_spec(f"regrove.{room}") is None or find_spec(module) is None:
            continue
        for each in vars(import_module(module)).values():
            if isinstance(each, type) and issubclass(each, Event) and each.TYPE and each.__module__ == module:
                known = newest.get(each.TYPE)
                if known is None or known.VERSION < each.VERSION:
                    newest[each.TYPE] = each
    return MappingProxyType({name: _fields(kind) for name, kind in sorted(newest.items())})


def _fields(kind: type[Event]) -> MappingProxyType[str, Field]:
    told = inspect.type_info(kind)
    assert isinstance(told, inspect.StructType)
    return MappingProxyType({each.encode_name: _field(each.type) for each in told.fields})


def _field(told: Any) -> Field:
    if isinstance(told, inspect.UnionType):
        parts = [_field(each) for each in told.types]
        known = all(each.values or each.kinds == frozenset({"null"}) for each in parts)
        values = [value for each in parts for value in (each.values or (None,))] if known else []
        return Field(frozenset(kind for each in parts for kind in each.kinds), tuple(values))
    if isinstance(told, inspect.LiteralType):
        kinds = {"text" if isinstance(value, str) else "number" for value in told.values}
        return Field(frozenset(kinds), tuple(told.values))
    return Field(frozenset({_KINDS.get(type(told), "other")}))


_KINDS: Final[dict[type, str]] = {
    inspect.StrType: "text",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "flag",
    inspect.NoneType: "null",
    inspect.ListType: "list",
    inspect.VarTupleType: "list",
    inspect.TupleType: "list",
    inspect.SetType: "list",
    inspect.FrozenSetType: "list",
}
