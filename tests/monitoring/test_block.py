"""Blocks and the windows that end with them."""

from __future__ import annotations

import pytest

from regrove.clock import iso, parse
from regrove.errors import InvalidInput
from regrove.monitoring.block import block_at, blocks_from, opens_window
from regrove.monitoring.config import DriftConfig, MonitorConfig, PerformanceConfig, ScheduleConfig


class TestBlock:
    """A local day or hour, named by its zone and local start."""

    def test_the_name_of_a_block_is_its_local_start_in_its_zone(self):
        """Two hours of one local name are two blocks, apart by their offset."""
        first, second = (block_at(parse(f"2013-11-03T0{hour}:10:00Z"), "1h", "America/New_York") for hour in (5, 6))
        assert first.local == "2013-11-03T01:00:00-04:00[America/New_York]"
        assert second.local == "2013-11-03T01:00:00-05:00[America/New_York]"
        assert (first.hour, first.weekday, first.end_at) == (1, 6, second.start_at)

    def test_days_follow_each_other_over_the_change_of_clocks(self):
        """23 hours, then 24."""
        config = MonitorConfig("late", zone="America/New_York")
        days = blocks_from(parse("2013-03-10T05:00:00Z"), config)
        spans = [(each.end_at - each.start_at) // 3_600_000_000 for each, _ in zip(days, range(3), strict=False)]
        assert spans == [23, 24, 24]


class TestWindows:
    """Windows lie end to end."""

    @pytest.mark.parametrize(
        ("day", "opens"),
        [("2013-03-10", "2013-03-04T00:00:00Z"), ("2013-03-09", None), ("2013-03-11", None)],
    )
    def test_a_week_ends_with_its_sunday(self, day, opens):
        """And with no other day."""
        found = opens_window(block_at(parse(f"{day}T12:00:00Z"), "1d", "UTC"), "7d", "UTC")
        assert (found and iso(found)) == opens

    def test_a_day_ends_with_every_day_and_with_its_last_hour(self):
        """Also where the clocks are changed."""
        day = block_at(parse("2013-03-10T12:00:00Z"), "1d", "America/New_York")
        assert opens_window(day, "1d", "America/New_York") == day.start_at
        hours = [block_at(day.start_at + hour * 3_600_000_000, "1h", "America/New_York") for hour in range(23)]
        ends = [opens_window(each, "1d", "America/New_York") for each in hours]
        assert ends == [None] * 22 + [day.start_at]


class TestConfig:
    """What makes no sense is refused when it is read."""

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            (lambda: MonitorConfig("late", block="5d"), "1d or 1h"),
            (lambda: MonitorConfig("late", zone="Mars/Olympus"), "IANA"),
            (lambda: MonitorConfig("late", windows=("6h",)), 'block = "1h"'),
            (lambda: MonitorConfig("late", windows=("1d", "1d")), "twice"),
            (lambda: MonitorConfig("late", windows=()), "no window"),
            (lambda: MonitorConfig("late", lateness="soon"), "14d"),
            (lambda: MonitorConfig("late", repeat="0d"), "no time"),
            (lambda: MonitorConfig("no such name!"), "deployment"),
            (
                lambda: DriftConfig(references=("previous",), page=("train",)),
                r"references = \[\"previous\",\"train\"\]",
            ),
            (lambda: DriftConfig(pages_per_quarter=0), "budget"),
            (lambda: DriftConfig(columns=()), "Nothing"),
            (lambda: DriftConfig(previous="8 weeks"), "14d"),
            (lambda: PerformanceConfig("log_loss", label_delay="5"), "14d"),
            (lambda: ScheduleConfig("0d"), "no time"),
        ],
    )
    def test_it_says_what_would_be_right(self, wrong, says):
        """Each with what was expected."""
        with pytest.raises(InvalidInput, match=says):
            wrong()

    def test_the_budget_is_shared_by_all_comparisons(self):
        """Two windows and two references; ninety days and not quite thirteen weeks in a quarter."""
        config = MonitorConfig("late")
        assert config.families == 4
        assert config.in_a_quarter("1d") == 90.0 and round(config.in_a_quarter("7d"), 2) == 12.86
