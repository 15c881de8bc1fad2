"""Blocks of hours, over the night in which the clocks are put forward."""

from __future__ import annotations

import pytest

from regrove.monitoring import DriftConfig, MonitorConfig
from regrove.monitoring.evidence import DriftEvidence
from tests.monitoring.world import DAY, START, reference_frame

HOUR = DAY // 24
CONFIG = MonitorConfig(
    "late",
    block="1h",
    zone="America/New_York",
    windows=("1h", "1d"),
    drift=DriftConfig(references=("train",), page=("train",), columns=("x",)),
)


@pytest.fixture
def night(world):
    """From noon of the 9th of March 2013 to noon of the 11th, ten rows an hour."""
    made = world(late=CONFIG)
    made.trained(1, reference_frame(range(-25, 0), rows=240, out_of_sample=25))
    made.clock.turn_to(START + 8 * DAY + 17 * HOUR)
    made.publish(1)
    made.answer(range(8, 11), rows=240, batches=240)
    made.compact()
    made.tick(8.8)
    made.tick(10.7)
    return made


class TestHours:
    """Windows of an hour and of a local day."""

    def test_the_hour_that_was_skipped_is_no_block(self, night):
        """Three o'clock follows one o'clock, and the day has 23 blocks."""
        names = [each.local[:25] for each in night.state()["blocks"]]
        place = names.index("2013-03-10T01:00:00-05:00")
        assert names[place + 1] == "2013-03-10T03:00:00-04:00"
        assert sum(name.startswith("2013-03-10") for name in names) == 23

    def test_each_hour_is_judged_and_each_local_day_that_was_watched_whole(self, night):
        """The first day began at noon."""
        verdicts = night.monitors.verdicts("late", limit=1000)
        days = [each for each in verdicts if each.window == "1d"]
        assert [(each.to_at - each.from_at) // HOUR for each in days] == [23]
        assert len(verdicts) - 1 == len(night.state()["blocks"])

    def test_an_hour_is_compared_with_its_like(self, night):
        """There are 25 of each in the reference."""
        last = next(each for each in night.monitors.verdicts("late") if each.window == "1h")
        evidence = night.vault.read_json(last.evidence, DriftEvidence)
        assert (evidence.strata, evidence.tier) == ("hour", "leave-one-out")
        assert "two of three 1h windows at" in evidence.budget
