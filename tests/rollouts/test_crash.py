"""Killed at any commit edge, a rollout goes on: one promotion or one abort, and nobody left in a split."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import crash

ACT = "tests.rollouts.acts:live"
PRELOAD = ("regrove.rollouts.service", "regrove.serving.service", "regrove.registry.service", "tests.rollouts.world")

PROMOTED = {
    "state": "completed",
    "facts": [
        "alias.moved",
        "deployment.published",
        "deployment.started",
        "rollout.started",
        "deployment.split",
        "rollout.phase_started",
        "rollout.phase_passed",
        "alias.moved",
        "rollout.completed",
        "deployment.published",
    ],
    "shares": [0, 2_000, 0],
    "live": "model:late-arrival@2",
    "champion": 2,
    "rollouts": 1,
    "decisions": 2,
    "evidence": True,
    "phases": [[2_000, "passed", 160], [10_000, "passed", 0]],
    "verified": True,
}
ABORTED = PROMOTED | {
    "state": "aborted",
    "facts": [*PROMOTED["facts"][:5], "rollout.phase_started", "rollout.aborted", "deployment.published"],
    "live": "model:late-arrival@1",
    "champion": 1,
    "decisions": 1,
    "phases": [[2_000, "ended", 160]],
}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A folder with a deployment that runs, to be copied."""
    folder = tmp_path_factory.mktemp("settled") / "workspace"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "regrove.db")
    crash.run("tests.rollouts.acts:settle", {"folder": str(folder)}, preload=PRELOAD)
    return folder


@pytest.fixture
def fresh(settled: Path, tmp_path: Path) -> Any:
    """The arguments of an act in a copy of that folder, by name."""

    def make(name: str, harm: bool) -> dict[str, Any]:
        shutil.copytree(settled, tmp_path / name)
        return {"folder": str(tmp_path / name), "harm": harm}

    return make


@pytest.mark.parametrize(("harm", "expected"), [(False, PROMOTED), (True, ABORTED)], ids=["promoted", "aborted"])
def test_killed_at_each_edge(fresh: Any, harm: bool, expected: dict[str, Any]) -> None:
    """Whatever was made durable last, the next start comes to the same end by the same facts."""
    assert crash.run(ACT, fresh("whole", harm), preload=PRELOAD) == expected
    labels = crash.edges(ACT, fresh("counted", harm), preload=PRELOAD)
    assert any("commit" in label.lower() for label in labels)
    for n in range(len(labels)):
        at = fresh(f"edge{n}", harm)
        label = crash.kill_at(ACT, at, n, preload=PRELOAD)
        assert crash.run(ACT, at, preload=PRELOAD) == expected, label
        shutil.rmtree(at["folder"])


def test_killed_at_random_moments(fresh: Any) -> None:
    """Five seeds; each process is killed, and the next one goes on."""
    crash.run(ACT, fresh("whole", False), preload=PRELOAD)
    for seed in crash.SEEDS:
        at = fresh(f"seed{seed}", False)
        crash.kill_randomly(ACT, at, seed, preload=PRELOAD)
        assert crash.run(ACT, at, preload=PRELOAD) == PROMOTED
