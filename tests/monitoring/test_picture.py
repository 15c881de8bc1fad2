"""The picture of an alert."""

from __future__ import annotations

import msgspec
import pytest

from regrove.monitoring import DriftConfig, MonitorConfig, PerformanceConfig
from regrove.render import Picture

DRIFT = MonitorConfig("late", windows=("1d",), drift=DriftConfig(references=("train",), page=("train",)))


@pytest.fixture
def alarmed(world):
    """Makes a world with an alert."""

    def make(config, **drawn):
        made = world(late=config)
        made.trained(1)
        made.publish(1)
        made.answer(range(8), **drawn)
        made.tick(1)
        made.tick(8)
        return made

    return make


class TestPictures:
    """Stored as an object, and safe to stand on a page."""

    def test_drift_is_the_column_that_moved_before_and_in_the_window(self, alarmed):
        """With both sides in words."""
        made = alarmed(DRIFT, shift=3.0)
        alert = made.monitors.alerts()[-1]
        picture = Picture.read(made.vault.read(alert.picture))
        assert picture.title == "request.x: the last 1d against train"
        assert "in the window" in picture.description
        assert alert.picture in made.monitors.live_digests()

    def test_a_category_is_told_by_its_names(self, alarmed, monkeypatch):
        """Those that grew first."""
        from tests.monitoring import world as module

        original = module.day_rows
        made = alarmed(msgspec.structs.replace(DRIFT, drift=DriftConfig(references=("train",), page=("train",))))
        monkeypatch.setattr(module, "day_rows", lambda *args, **more: {**original(*args, **more), "kind": ["c"] * 40})
        made.answer(range(8, 10))
        made.tick(10)
        picture = Picture.read(made.vault.read(made.monitors.alerts()[0].picture))
        assert picture.title.startswith("request.kind") and "c 10." in picture.description

    def test_performance_is_the_line_of_losses(self, alarmed):
        """In units of the metric."""
        config = MonitorConfig("late", drift=None, performance=PerformanceConfig("brier", label_delay="1d"))
        made = alarmed(config, wrong=1.0)
        alert = next(each for each in made.monitors.alerts() if each.kind == "performance")
        picture = Picture.read(made.vault.read(alert.picture))
        assert picture.title.startswith("brier of model:late@1, the last ") and "values from" in picture.description

    def test_a_run_that_was_split_at_random_gives_cells_and_no_days(self, world):
        """Its rows have no time, and the verdict says so."""
        import polars as pl

        from tests.monitoring.world import reference_frame

        made = world(late=DRIFT)
        timeless = pl.lit(None, pl.Datetime("us", "UTC")).alias("event_time")
        made.trained(1, reference_frame().with_columns(timeless))
        made.publish(1)
        made.answer(range(1))
        made.tick(1)
        verdict = made.monitors.verdicts("late")[0]
        assert verdict.verdict == "INCONCLUSIVE" and "its split was made at random" in verdict.reason
        frozen = made.monitors.frozen(made.monitors.references("late")[0])
        assert len(frozen.cells["request.x"].edges) > 60
