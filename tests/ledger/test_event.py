"""Events: their types, their bytes, and what has no place in them."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.errors import Corrupt, InvalidInput
from regrove.ledger import Event
from regrove.ledger.event import PAYLOAD_LIMIT, decode, encode


class Measured(Event, frozen=True, kw_only=True):
    """A fact with a field of any JSON value."""

    TYPE: ClassVar[str] = "test_event.measured"

    value: Any
    unit: str = "1"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


class TestEncode:
    """The payload of an event."""

    @given(json_values)
    def test_round_trip(self, value):
        """What was recorded comes back typed and equal, and its bytes are the same each time."""
        event = Measured(value=value)
        assert decode("test_event.measured", 1, encode(event)) == event
        assert encode(event) == encode(Measured(value=value))

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_not_finite(self, value):
        """A number that JSON does not have is refused wherever it stands."""
        for holder in (value, [value], {"a": {"b": (1, value)}}):
            with pytest.raises(InvalidInput, match="not finite"):
                encode(Measured(value=holder))

    @pytest.mark.parametrize("value", [object(), {1: {2, 3}, "x": object()}, "\ud800", 1j])
    def test_no_json_form(self, value):
        """Objects, sets of them and broken text are refused with the name of the event."""
        with pytest.raises(InvalidInput, match=r"test_event\.measured"):
            encode(Measured(value=value))

    def test_wrong_type(self):
        """A field of another type than declared is refused when it is recorded, not when it is read."""
        with pytest.raises(InvalidInput, match="unit"):
            encode(Measured(value=1, unit=5))

    def test_too_large(self):
        """Data is not a fact: a payload above the limit is refused with the way out."""
        with pytest.raises(InvalidInput, match="object"):
            encode(Measured(value="x" * PAYLOAD_LIMIT))

    def test_undeclared(self):
        """Neither the base, nor a plain value, nor a class that only inherits a type can be recorded."""

        class Heir(Measured, frozen=True, kw_only=True):
            pass

        for event in (Event(), {"value": 1}, Heir(value=1)):
            with pytest.raises(InvalidInput, match="declared"):
                encode(event)


class TestTypes:
    """The register of event classes."""

    def test_unknown_stays_raw(self):
        """A type, or a version of it, that no imported room declares is not decoded."""
        assert decode("nobody.knows", 1, b"{}") is None
        assert decode("test_event.measured", 9, b"{}") is None

    def test_wrong_fields(self):
        """A payload that lacks a field of its type, or has one too many, is called corrupt."""
        for payload in (b"{}", b'{"value":1,"other":2}', b"\xff"):
            with pytest.raises(Corrupt, match=r"test_event\.measured"):
                decode("test_event.measured", 1, payload)

    def test_two_versions(self):
        """A new version stands beside the old one, and each payload becomes its own."""

        class Measured2(Event, frozen=True, kw_only=True):
            TYPE: ClassVar[str] = "test_event.measured"
            VERSION: ClassVar[int] = 2

            amount: float

        assert decode("test_event.measured", 2, b'{"amount":1.5}') == Measured2(amount=1.5)
        assert decode("test_event.measured", 1, b'{"value":1}') == Measured(value=1)

    def test_same_type_twice(self):
        """Two classes cannot claim one type and version."""
        with pytest.raises(InvalidInput, match="share"):

            class Other(Event, frozen=True, kw_only=True):
                TYPE: ClassVar[str] = "test_event.measured"

    @pytest.mark.parametrize("kind", ["", "measured", "Test.measured", "test.", "test measured.x", "test.measured\n"])
    def test_unusable_type(self, kind):
        """A type is subject.verb in lower case."""
        with pytest.raises(InvalidInput, match="type"):
            type("Bad", (Event,), {"TYPE": kind, "__annotations__": {}}, frozen=True, kw_only=True)
