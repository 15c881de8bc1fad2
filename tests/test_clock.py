"""Time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove import clock
from regrove.errors import InvalidInput

MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))


class TestTime:
    """Microseconds in UTC."""

    @given(MOMENTS)
    def test_a_moment_survives_the_way_there_and_back(self, moment: datetime) -> None:
        """To the microsecond, before 1970 too."""
        assert clock.from_micros(clock.to_micros(moment)) == moment
        assert clock.parse(clock.iso(clock.to_micros(moment))) == clock.to_micros(moment)

    def test_a_zone_moves_the_clock_and_not_the_instant(self) -> None:
        """The same instant in New York and in UTC is one number."""
        winter = timezone(timedelta(hours=-5))
        assert clock.to_micros(datetime(2013, 1, 1, 5, 15, tzinfo=winter)) == clock.parse("2013-01-01T10:15:00Z")

    def test_a_naive_datetime_is_refused_with_the_mend(self) -> None:
        """It names no instant."""
        with pytest.raises(InvalidInput, match="replace"):
            clock.to_micros(datetime(2013, 1, 1))
        with pytest.raises(InvalidInput, match="without a time zone"):
            clock.parse("2013-01-01T00:00:00")

    def test_a_text_that_is_no_time_is_refused(self) -> None:
        """The message shows what a time looks like."""
        with pytest.raises(InvalidInput, match="2013-01-01T05:15:00Z"):
            clock.parse("yesterday")


class TestHandClock:
    """A clock for tests and for replaying the past."""

    def test_it_stands_still_until_it_is_turned(self) -> None:
        """And then stands where it was turned to."""
        hand = clock.HandClock(10)
        assert hand.now() == hand.now() == 10
        hand.turn_to(25)
        assert hand.now() == 25

    def test_it_never_runs_backwards(self) -> None:
        """The past cannot be changed by turning a clock."""
        hand = clock.HandClock(10)
        with pytest.raises(InvalidInput, match="backwards"):
            hand.advance(-1)
        assert hand.now() == 10
