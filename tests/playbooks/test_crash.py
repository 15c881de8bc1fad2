"""Killed by SIGKILL at every commit edge of two loops, and at random: the next start goes on as if nothing had been."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import crash

LIVE = "tests.playbooks.acts:live"
PRELOAD = ("regrove.playbooks.service", "regrove.ledger.service", "regrove.monitoring.events")
WHOLE = {
    "states": [["finished", "promoted"], ["finished", "rejected"]],
    "effects": sorted(["gate", "gate", "retrain", "retrain", "rollout", "told", "told"]),
    "told": ["promoted", "rejected"],
}


@pytest.fixture
def fresh(sqlite_template: Path, tmp_path: Path) -> Any:
    """A folder with an empty database of the schema, by name."""

    def make(name: str) -> dict[str, str]:
        (tmp_path / name).mkdir()
        shutil.copyfile(sqlite_template, tmp_path / name / "regrove.db")
        return {"folder": str(tmp_path / name)}

    return make


def ends_well(args: dict[str, str], label: str) -> dict[str, Any]:
    """Let the next process go on, and hold what it leaves to a life without kills."""
    found = crash.run(LIVE, args, preload=PRELOAD)
    assert [each[:2] for each in found["loops"]] == WHOLE["states"], label
    assert [each[2] for each in found["loops"]] == found["alerts"], label
    assert (found["effects"], found["told"], found["verified"]) == (WHOLE["effects"], WHOLE["told"], True), label
    for type_, count in (("loop.started", 2), ("loop.finished", 2), ("loop.notified", 2), ("loop.stumbled", 0)):
        assert found["events"].count(type_) == count, label
    return found


class TestKilled:
    """One loop, one retraining, one promotion or refusal for each alert."""

    def test_at_edges_all_along(self, fresh: Any) -> None:
        """Every fifth edge here, beginning at a different one each; the soak takes all of them."""
        whole = fresh("whole")
        labels = crash.edges(LIVE, whole, preload=PRELOAD)
        ends_well(whole, "undisturbed")
        assert len(labels) > 60
        for n in range(2, len(labels), 5):
            args = fresh(f"edge{n}")
            label = crash.kill_at(LIVE, args, n, preload=PRELOAD)
            ends_well(args, f"{n}: {label}")

    @pytest.mark.soak
    @pytest.mark.timeout(3600)
    def test_at_every_edge(self, fresh: Any) -> None:
        """One after the other."""
        for n in range(len(crash.edges(LIVE, fresh("whole"), preload=PRELOAD))):
            args = fresh(f"edge{n}")
            ends_well(args, f"{n}: {crash.kill_at(LIVE, args, n, preload=PRELOAD)}")

    @pytest.mark.parametrize("seed", crash.SEEDS)
    def test_at_random(self, fresh: Any, seed: int) -> None:
        """Three times in one life, at moments drawn from a seed."""
        args = fresh("x")
        for kill in range(3):
            crash.kill_randomly(LIVE, args, 10 * seed + kill, within_s=0.6, preload=PRELOAD)
        ends_well(args, f"seed {seed}")
