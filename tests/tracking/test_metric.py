"""Points of metrics."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.tracking.metric import check_key, from_stored, to_stored


class TestStored:
    """How a number is kept."""

    @given(st.floats(allow_nan=True, allow_infinity=True))
    def test_every_float_comes_back(self, value):
        """Kind and number give back the float, NaN and infinities too."""
        again = from_stored(*to_stored(value))
        assert again == value or (math.isnan(again) and math.isnan(value))

    @given(st.floats(allow_nan=True, allow_infinity=True))
    def test_what_is_not_finite_has_no_number(self, value):
        """A database that turns NaN into NULL loses nothing."""
        kind, number = to_stored(value)
        assert (number is None) == (not math.isfinite(value)) == (kind != "number")


class TestKey:
    """What can name a metric."""

    @pytest.mark.parametrize("key", ["", "a\nb", "x" * 251])
    def test_an_unusable_key_is_refused(self, key):
        """Empty, unprintable and endless names are refused."""
        with pytest.raises(InvalidInput):
            check_key(key)
