"""What ``regrove worker plan`` says of monitors."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from regrove.clock import parse
from regrove.monitoring.config import MonitorConfig
from regrove.worker import Worker
from tests.worker.world import World


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ("2013-03-10T12:00:00Z", "judges its next block at 2013-03-11T06:00:00Z, 2h after its end."),
        (
            "2013-03-11T06:00:00Z",
            "judges the block that ended at 2013-03-11T04:00:00Z: it is due since 2013-03-11T06:00:00Z.",
        ),
    ],
)
def test_it_says_when_the_next_block_is_judged(world: World, now: str, says: str) -> None:
    """In the monitor's own zone, on the day on which the clocks are put forward; with its open alerts."""
    config = MonitorConfig("late", zone="America/New_York", lateness="2h")
    alert = SimpleNamespace(kind="drift", state="firing")
    progress = SimpleNamespace(closed_until=parse("2013-03-10T05:00:00Z"))

    def get(name: str) -> Any:
        return SimpleNamespace(name=name, config=config, progress=progress, alerts=(alert,))

    world.monitors.get = get
    world.clock.turn_to(parse(now))
    plan = Worker(world).plan()
    assert f"monitor late {says} Open alerts: drift (firing)." in plan
