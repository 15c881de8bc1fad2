"""A value is written in one form for each meaning, and one that has not this meaning is refused."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.render.number import EMPTY, Format, is_numeric, written
from regrove.stats.verdict import Interval


class TestWritten:
    @pytest.mark.parametrize(
        ("value", "form", "digits", "text"),
        [
            (0, "count", None, "0"),
            (np.int64(12_345), "count", None, "12,345"),
            (3.0, "count", None, "3"),
            (0.12345, "number", None, "0.1235"),
            (1234.5, "number", 1, "1,234.5"),
            (np.float64(0.5), "number", 2, "0.50"),
            (0.00001234, "number", 3, "1.2e-05"),
            (-0.00001234, "signed", 3, "-1.2e-05"),
            (0.0, "signed", 2, "+0.00"),
            (float("nan"), "number", None, "nan"),
            (float("-inf"), "number", None, "-inf"),
            (1.0, "share", None, "100.0%"),
            (0.00123, "share", 2, "0.12%"),
            (Interval(0.1, 0.2, 0.95), "interval", 2, "0.10 to 0.20"),
            ((float("-inf"), 0.2), "interval", 2, "-inf to 0.20"),
            (0.0003, "seconds", None, "0.3 ms"),
            (45, "seconds", None, "45.0 s"),
            (600, "seconds", None, "10 min"),
            (86_400, "seconds", None, "24.0 h"),
            (datetime(2013, 3, 1, 5, 15, 7, 999, tzinfo=UTC), "time", None, "2013-03-01 05:15:07Z"),
            (datetime(2013, 3, 1, 5, tzinfo=UTC), "day", None, "2013-03-01"),
            ("<b>", "text", None, "<b>"),
        ],
    )
    def test_each_form(self, value: object, form: Format, digits: int | None, text: str) -> None:
        """What a reader sees."""
        assert written(value, form, digits) == text

    @given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 8))
    @settings(deadline=None)
    def test_no_number_is_written_as_zero_but_zero(self, value: float, digits: int) -> None:
        """A tiny effect must not look like none."""
        assert (float(written(value, "number", digits).replace(",", "")) == 0) == (value == 0)

    @given(st.integers(-(10**15), 10**15))
    @settings(deadline=None)
    def test_a_count_keeps_every_digit(self, value: int) -> None:
        """Thousands are marked and nothing is rounded."""
        assert int(written(value, "count").replace(",", "")) == value

    @pytest.mark.parametrize("form", get_args(Format))
    def test_no_value_is_a_dash_in_every_form(self, form: Format) -> None:
        """Missing is not 0."""
        assert written(None, form) == EMPTY

    @pytest.mark.parametrize(
        ("value", "form"),
        [
            ("1", "number"),
            (True, "count"),
            (1.5, "count"),
            (math.nan, "count"),
            (math.inf, "count"),
            (3, "interval"),
            ((1, 2, 3), "interval"),
            ("2013-03-01", "day"),
            (datetime(2013, 3, 1), "time"),
            (math.inf, "time"),
        ],
    )
    def test_a_value_of_another_meaning_is_refused(self, value: object, form: Format) -> None:
        """The error says what was expected and what came."""
        with pytest.raises(InvalidInput) as caught:
            written(value, form)
        assert caught.value.expected and caught.value.received

    def test_an_unknown_form_names_the_nearest(self) -> None:
        """A slip of the hand is answered with the word that was meant."""
        with pytest.raises(InvalidInput, match="did you mean 'number'"):
            written(1, "numbre")

    def test_numbers_stand_to_the_right(self) -> None:
        """So that digits can be compared."""
        assert is_numeric("number") and not is_numeric("text")
