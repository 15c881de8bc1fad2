"""Killed at any commit edge, a gate leaves one report and one event."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import crash
from tests.gates.acts import begun

ACT = "tests.gates.acts:judge"
PRELOAD = ("regrove.gates.service", "regrove.tracking.service", "tests.gates.world")
EXPECTED = {
    "same": True,
    "reports": [True],
    "events": [True],
    "verdict": "PROMOTE",
    "whole": True,
    "verified": True,
}


@pytest.fixture
def fresh(tmp_path: Path, sqlite_template: Path) -> Any:
    """A folder with a world whose candidate was not judged yet, by name."""
    first = tmp_path / "first"
    first.mkdir()
    shutil.copyfile(sqlite_template, first / "regrove.db")
    begun(first)

    def make(name: str) -> dict[str, str]:
        shutil.copytree(first, tmp_path / name)
        return {"folder": str(tmp_path / name)}

    return make


def test_killed_at_each_edge(fresh: Any) -> None:
    """The object first, row and event after it and together."""
    labels = crash.edges(ACT, fresh("counted"), preload=PRELOAD)
    assert sum(label == "after COMMIT" for label in labels) >= 3  # lease, report, release
    assert any("objects" in label or "link" in label for label in labels)
    for n, label in enumerate(labels):
        at = fresh(f"edge{n}")
        crash.kill_at(ACT, at, n, preload=PRELOAD)
        assert crash.run(ACT, at, preload=PRELOAD) == EXPECTED, label


def test_killed_at_random_moments(fresh: Any) -> None:
    """Each process is killed, and the next one goes on."""
    assert crash.run(ACT, fresh("whole"), preload=PRELOAD) == EXPECTED
    for seed in crash.SEEDS:
        at = fresh(f"seed{seed}")
        crash.kill_randomly(ACT, at, seed, preload=PRELOAD)
        assert crash.run(ACT, at, preload=PRELOAD) == EXPECTED
