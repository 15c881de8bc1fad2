"""The shared words of verdicts."""

from __future__ import annotations

import math
import pickle

import pytest

from regrove.errors import InvalidInput
from regrove.stats import Interval, InvalidStatistic
from regrove.stats.verdict import needs


class TestInterval:
    """A range that is never nan."""

    @pytest.mark.parametrize(
        ("low", "high", "level"),
        [(math.nan, 1, 0.95), (0, math.nan, 0.95), (2, 1, 0.95), (0, 1, 0), (0, 1, 1), (0, 1, math.nan)],
    )
    def test_what_is_no_range_is_refused(self, low: float, high: float, level: float) -> None:
        """A verdict cannot rest on it."""
        with pytest.raises(ValueError, match="no interval"):
            Interval(low, high, level)

    def test_an_open_end_is_infinite(self) -> None:
        """One-sided statements keep the same record."""
        assert Interval(-math.inf, 0.2, 0.95).covers(-1e300)

    def test_ends_are_covered(self) -> None:
        """The range is closed."""
        assert Interval(0.1, 0.2, 0.5).covers(0.1)
        assert Interval(0.1, 0.2, 0.5).width == pytest.approx(0.1)


class TestInvalidStatistic:
    """The error of the ground floor."""

    def test_it_is_caught_as_either_kind(self) -> None:
        """Callers of numpy catch ValueError; the faces catch the house's tree."""
        error = InvalidStatistic("x", expected="y", received="z")
        assert isinstance(error, ValueError)
        assert isinstance(error, InvalidInput)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


class TestNeeds:
    """How much is missing, as words."""

    def test_it_counts_up(self) -> None:
        """A fraction of a row is a row."""
        assert needs(0.2, "rows") == "needs 1 more row"
        assert needs(12.0, "blocks") == "needs 12 more blocks"

    def test_nan_is_refused(self) -> None:
        """It would be a silent lie."""
        with pytest.raises(InvalidStatistic):
            needs(math.nan, "rows")
