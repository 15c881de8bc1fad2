"""Rows of JSON into typed columns, strictly."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.schema import Column, LogicalType, Schema, decode_rows

SCHEMA = Schema(
    (
        Column("origin", LogicalType.STRING, nullable=False),
        Column("hour", LogicalType.INT8, nullable=False),
        Column("temp", LogicalType.FLOAT64),
        Column("at", LogicalType.TIMESTAMP, nullable=False),
        Column("new", LogicalType.BOOLEAN, nullable=False),
    )
)
GOOD: dict[str, Any] = {"origin": "JFK", "hour": 7, "temp": 3.5, "at": "2013-03-01T05:15:00Z", "new": False}


class TestDecode:
    """A request is data from outside."""

    def test_good_rows_become_columns(self) -> None:
        """In the order of the schema; a null where one may be, a whole number for a float."""
        columns = decode_rows([GOOD, GOOD | {"temp": None}, GOOD | {"temp": 4}], SCHEMA)
        assert list(columns) == list(SCHEMA.names)
        assert columns["temp"] == [3.5, None, 4.0]

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"origin": None}, "'origin' is null"),
            ({"hour": "7"}, "'hour' has the wrong type"),
            ({"hour": 7.0}, "'hour' has the wrong type"),
            ({"hour": True}, "'hour' has the wrong type"),
            ({"hour": 128}, "'hour' is out of range"),
            ({"temp": float("nan")}, "'temp' is not finite"),
            ({"temp": float("-inf")}, "'temp' is not finite"),
            ({"temp": 10**400}, "'temp' is not finite"),
            ({"temp": "3.5"}, "'temp' has the wrong type"),
            ({"at": "2013-03-01T05:15:00"}, "without a zone"),
            ({"at": "soon"}, "'at' has the wrong type"),
            ({"new": 0}, "'new' has the wrong type"),
            ({"colour": "red"}, "'colour' is not part of the request"),
        ],
    )
    def test_a_bad_field_is_named_with_its_row(self, change: dict[str, Any], says: str) -> None:
        """Nothing is guessed or converted."""
        with pytest.raises(InvalidInput, match=says) as caught:
            decode_rows([GOOD, GOOD | change], SCHEMA)
        assert "Row 1" in str(caught.value) and caught.value.expected and caught.value.mend

    def test_a_missing_field_is_named(self) -> None:
        """Also one that may be null: leaving it out is not saying null."""
        for name in ("origin", "temp"):
            row = {key: value for key, value in GOOD.items() if key != name}
            with pytest.raises(InvalidInput, match=f"'{name}' is missing"):
                decode_rows([row], SCHEMA)

    def test_a_misspelt_field_is_met_with_its_name(self) -> None:
        """The mend says which field was meant."""
        row = {("orign" if key == "origin" else key): value for key, value in GOOD.items()}
        with pytest.raises(InvalidInput, match="rename the field: 'orign'"):
            decode_rows([row], SCHEMA)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=8,
        )
    )
    def test_any_json_is_decoded_or_refused(self, row: Any) -> None:
        """No other error can come of a request."""
        with pytest.raises(InvalidInput):
            decode_rows([row], SCHEMA)
