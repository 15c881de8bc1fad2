"""From a model version to the rows that a run left behind."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from regrove.monitoring.artifact import find
from regrove.tracking import Runs

ROWS = f"b3-1:{7:064}"


@pytest.fixture
def runs(database, vault, ledger, clock, acting):
    """The room on SQLite."""
    return Runs(database, vault, ledger, clock)


def ended(runs: Runs, *, rows: str = "") -> str:
    """A run that made the version, and left these rows behind."""
    run = runs.start("late", kind="pipeline")
    runs.add_artifact(run.ref, "model", f"b3-1:{1:064}", "model", artifact_ref="model:late@1")
    if rows:
        runs.add_artifact(run.ref, "reference", rows, "reference")
    return runs.finish(run.ref).ref


class TestFind:
    """The version's own run first."""

    def test_another_run_that_made_the_same_version_helps_out(self, runs):
        """The first one was made before runs left anything behind."""
        version = SimpleNamespace(ref="model:late@1", run=ended(runs))
        assert find(runs, version).why == f"{version.run} left no reference behind"
        ended(runs, rows=ROWS)
        assert (find(runs, version).digest, find(runs, version).why) == (ROWS, "")

    def test_its_own_run_comes_first(self, runs):
        """Whatever others left."""
        ended(runs, rows=f"b3-1:{8:064}")
        version = SimpleNamespace(ref="model:late@1", run=ended(runs, rows=ROWS))
        assert find(runs, version).digest == ROWS

    def test_without_a_run_there_is_none(self, runs):
        """And it says why."""
        assert "without a run" in find(runs, SimpleNamespace(ref="model:late@1", run="")).why
        gone = SimpleNamespace(ref="model:late@1", run="run:0190a1b2c3d4e5f60718293a4b5c6d7e")
        assert "is not in this workspace" in find(runs, gone).why
