"""What an event is: a typed, versioned fact with a closed set of fields.

A room subclasses `Event` in its ``events.py``. The class registers itself under its type and version, so that entries
read back from the ledger become typed again; an entry whose type no imported room knows stays raw.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

import msgspec

from regrove.digest import canonical
from regrove.errors import Corrupt, InvalidInput

__all__ = ["PAYLOAD_LIMIT", "Event", "decode", "encode", "known"]

PAYLOAD_LIMIT: Final = 1 << 20
"""The largest payload in bytes. What is larger is data: it is stored as an object, and the event names its digest."""

_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")
_KNOWN: dict[tuple[str, int], type[Event]] = {}


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every fact. Fields hold no personal values: name a person in the attribution, data by its digest.

    ``TYPE`` is *subject.verb* with the verb in the past tense; a changed meaning or field is a new ``VERSION`` in a
    new class, and the old class stays, because old events stay.

    >>> class FlightCounted(Event, frozen=True, kw_only=True):
    ...     TYPE: ClassVar[str] = "flight.counted"
    ...     flights: int
    >>> encode(FlightCounted(flights=3))
    b'{"flights":3}'
    """

    TYPE: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1

    def __init_subclass__(cls, **options: Any) -> None:
        """Register the class under its type and version; two different classes cannot share them."""
        super().__init_subclass__(**options)
        if "TYPE" not in cls.__dict__ and "VERSION" not in cls.__dict__:
            return  # an abstract base between Event and the facts of a room
        if not _TYPE.match(cls.TYPE) or cls.VERSION < 1:
            raise InvalidInput(
                f"The event class {cls.__qualname__} has no usable type",
                expected="TYPE such as 'dataset.registered' and VERSION from 1 on",
                received=f"{cls.TYPE!r}, version {cls.VERSION!r}",
            )
        other = _KNOWN.get((cls.TYPE, cls.VERSION))
        # The same class arrives twice when a module is loaded again; msgspec also builds a class twice for weakrefs.
        if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise InvalidInput(
                "Two event classes share a type and version",
                received=f"{cls.__module__}.{cls.__qualname__} and {other.__module__}.{other.__qualname__} "
                f"are both {cls.TYPE} version {cls.VERSION}",
                mend="give the newer one the next VERSION",
            )
        _KNOWN[cls.TYPE, cls.VERSION] = cls


def known(kind: str, version: int) -> type[Event] | None:
    """The class of events of this type and version, or None when no imported room declares it."""
    return _KNOWN.get((kind, version))


def encode(event: Event) -> bytes:
    """The exact bytes of an event's payload: its canonical JSON.

    Raises InvalidInput for a class without a type, a value that has no JSON form (NaN, infinities, objects) or that is
    not of its field's type, so that it could never be read back, and for a payload above `PAYLOAD_LIMIT`.
    """
    kind = type(event)
    if not isinstance(event, Event) or _KNOWN.get((kind.TYPE, kind.VERSION)) is not kind:
        raise InvalidInput(
            "Only a declared event can be recorded",
            expected="a subclass of regrove.ledger.Event with its own TYPE",
            received=kind.__qualname__,
        )
    try:
        payload = canonical(event)
        msgspec.json.decode(payload, type=kind)  # a Struct does not check the types of its fields; its decoder does
    except InvalidInput as error:
        raise InvalidInput(
            f"The event {kind.TYPE} cannot be recorded: {error.happened}", received=error.received
        ) from None
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInput(
            f"The event {kind.TYPE} does not have the fields of its type, or no JSON form", received=str(error)
        ) from error
    if len(payload) > PAYLOAD_LIMIT:
        raise InvalidInput(
            f"The event {kind.TYPE} is too large",
            expected=f"at most {PAYLOAD_LIMIT} bytes",
            received=f"{len(payload)} bytes",
            mend="store the value as an object and let the event name its digest",
        )
    return payload


def decode(kind: str, version: int, payload: bytes) -> Event | None:
    """The typed event of ``payload``, or None when no imported room declares this type and version.

    Raises Corrupt when the class is known and the payload is not one of its.
    """
    declared = _KNOWN.get((kind, version))
    if declared is None:
        return None
    try:
        return msgspec.json.decode(payload, type=declared)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt(
            f"A payload of {kind} version {version} does not have the fields of its type",
            expected=", ".join(declared.__struct_fields__),
            received=str(error),
            mend="regrove audit verify",
        ) from error
