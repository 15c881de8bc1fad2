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


ZONES = ["UTC", "America/New_York", "Australia/Lord_Howe", "America/Havana", "America/Sao_Paulo", "Asia/Kathmandu"]
ZONES += ["Pacific/Apia", "Africa/Casablanca"]


class TestBlocks:
    """Local days and hours, as people in a zone live through them."""

    @given(
        st.integers(clock.parse("1990-01-01T00:00:00Z"), clock.parse("2035-01-01T00:00:00Z")),
        st.sampled_from(["1h", "2h", "6h", "12h", "1d", "7d"]),
        st.sampled_from(ZONES),
    )
    def test_blocks_cover_time_without_a_gap_and_without_overlap(self, at: int, every: str, zone: str) -> None:
        """An instant lies in its block; the block's end begins the next; every instant between lies in the same."""
        start, end = clock.block_start(at, every, zone), clock.block_end(at, every, zone)
        assert start <= at < end
        assert clock.block_start(start, every, zone) == start and clock.block_start(end, every, zone) == end
        assert clock.block_start(end - 1, every, zone) == start

    def test_days_are_as_long_as_the_clocks_make_them(self) -> None:
        """23 hours in March, 25 in November; a day that never was is no block."""

        def hours(day: str, zone: str, every: str = "1d") -> float:
            at = clock.parse(day)
            return (clock.block_end(at, every, zone) - clock.block_start(at, every, zone)) / 3_600e6

        assert [hours(f"2013-{day}T12:00:00Z", "America/New_York") for day in ("03-10", "07-01", "11-03")] == [
            23,
            24,
            25,
        ]
        assert hours("2013-11-03T12:00:00Z", "America/New_York", "7d") == 7 * 24 + 1
        end = clock.block_end(clock.parse("2011-12-30T09:00:00Z"), "1d", "Pacific/Apia")
        assert clock.iso(end) == "2011-12-30T10:00:00Z"  # the 31st: the 30th was skipped

    def test_an_hour_that_is_lived_through_twice_is_two_blocks(self) -> None:
        """One in summer time, one in winter time."""
        twice = [clock.parse(f"2013-11-03T0{hour}:30:00Z") for hour in (5, 6)]
        starts = [clock.iso(clock.block_start(at, "1h", "America/New_York")) for at in twice]
        assert starts == ["2013-11-03T05:00:00Z", "2013-11-03T06:00:00Z"]

    def test_a_week_begins_with_a_monday(self) -> None:
        """Also over the end of a year."""
        start = clock.from_micros(clock.block_start(clock.parse("2014-01-01T00:00:00Z"), "7d", "UTC"))
        assert (start.isoweekday(), start.date().isoformat()) == (1, "2013-12-30")

    @pytest.mark.parametrize("every", ["", "1", "0d", "5h", "25h", "1w", "-1d"])
    def test_what_is_no_length_of_a_block_is_refused(self, every: str) -> None:
        """With what is one."""
        with pytest.raises(InvalidInput, match="hours that divide the day"):
            clock.block_start(0, every, "UTC")

    def test_an_unknown_zone_is_refused(self) -> None:
        """With a name that is known."""
        for name in ("Europe/Gotham", "../x", ""):
            with pytest.raises(InvalidInput, match="America/New_York"):
                clock.zone_of(name)

    def test_durations_have_a_unit(self) -> None:
        """A bare number could be anything."""
        assert clock.duration("36h") == 1.5 * clock.duration("1d")
        with pytest.raises(InvalidInput, match="14d"):
            clock.duration("14")
