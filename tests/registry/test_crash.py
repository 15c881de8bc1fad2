"""Killed at any commit edge, the registry goes on as if nothing had happened."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import crash

ACT = "tests.registry.acts:register_and_promote"
PRELOAD = ("regrove.registry.service", "regrove.storage", "regrove.ledger")


@pytest.fixture
def fresh(tmp_path: Path, sqlite_template: Path) -> Any:
    """A folder with an empty workspace, by name."""

    def make(name: str) -> dict[str, str]:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "regrove.db")
        return {"folder": str(folder)}

    return make


def check(found: dict[str, Any], whole: dict[str, Any]) -> None:
    assert found == whole
    assert found["moves"] == [[1, None, 1], [2, 1, 2]]
    assert found["decisions"] == 2 and found["whole"] and found["verified"]
    assert found["events"] == ["model.registered", "decision.recorded", "alias.moved"] * 2


def test_killed_at_each_edge(fresh: Any) -> None:
    """Registered once, decided once, moved once; objects first, row after."""
    whole = crash.run(ACT, fresh("whole"), preload=PRELOAD)
    labels = crash.edges(ACT, fresh("counted"), preload=PRELOAD)
    assert any("commit" in label.lower() for label in labels)
    for n in range(len(labels)):
        at = fresh(f"edge{n}")
        crash.kill_at(ACT, at, n, preload=PRELOAD)
        check(crash.run(ACT, at, preload=PRELOAD), whole)


def test_killed_at_random_moments(fresh: Any) -> None:
    """Five seeds; each process is killed, and the next one goes on."""
    whole = crash.run(ACT, fresh("whole"), preload=PRELOAD)
    for seed in crash.SEEDS:
        at = fresh(f"seed{seed}")
        crash.kill_randomly(ACT, at, seed, preload=PRELOAD)
        check(crash.run(ACT, at, preload=PRELOAD), whole)
