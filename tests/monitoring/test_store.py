"""The record of monitors, alike on both databases."""

from __future__ import annotations

import pytest

from regrove.monitoring import DriftConfig, MonitorConfig, PerformanceConfig
from tests.monitoring.world import DAY, START, World

CONFIG = MonitorConfig(
    "late",
    windows=("1d",),
    drift=DriftConfig(references=("train",), page=("train",)),
    performance=PerformanceConfig("brier", label_delay="1d"),
)


@pytest.fixture
def lived(any_database, tmp_path, acting):
    """A week of a deployment whose inputs moved, on each of the databases."""
    world = World(tmp_path, any_database, late=CONFIG)
    world.trained(1)
    world.publish(1)
    world.answer(range(3))
    world.answer(range(3, 7), shift=3.0)
    world.tick(1)
    world.tick(7)
    return world


class TestStore:
    """Rows to nouns and back."""

    def test_a_week_is_there_as_it_was_recorded(self, lived):
        """Blocks, verdicts, losses and an alert, and the last of each."""
        store = lived.monitors._rooms.store
        (progress,) = store.progress("test")
        assert progress == store.progress("test", "late")[0] and store.progress("other") == []
        assert len(store.blocks("test", "late", 1)) == 7
        some = store.blocks("test", "late", 1, since=START + 1, until=START + 2 * DAY)
        assert [each.start_at for each in some] == [START + DAY]
        drift = store.verdicts("test", "late", kind="drift")
        assert len(drift) == 7 and store.latest("test", "late", 1, "drift") == drift[:1]
        assert store.verdicts("test", "late", kind="drift", limit=2, before=drift[0].judged_at) == drift[1:3]
        assert drift[0].verdict == "DRIFT" and drift[0].effects[0].verdict in ("DRIFT", "INCONCLUSIVE", "STABLE")
        losses = store.losses("test", "late")
        assert len(losses) == 6 and store.losses("test", "late", judged=True, last=1) == losses[-1:]
        assert store.last_losses("test", "late") == {1: losses[-1].end_at}
        (alert,) = lived.monitors.alerts()
        assert lived.monitors._rooms.alerts.open("test", "late") == {"drift": alert}
        assert lived.monitors.live_digests() >= {alert.evidence, alert.picture, drift[0].evidence}

    def test_a_resolution_is_recorded_on_each(self, lived):
        """Alert, memory and event."""
        (alert,) = lived.monitors.alerts()
        over = lived.monitors.resolve(alert.ref, "known")
        assert lived.monitors.alert(alert.id) == over
        assert lived.monitors.get("late").progress.rules.drift.muted_at == over.resolved_at
        assert lived.ledger.verify().ok
