"""Runs that are killed, and go on."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from regrove.ledger import acting
from regrove.storage import Database
from tests import crash
from tests.pipelines.acts import begun
from tests.pipelines.light import Light
from tests.pipelines.project import Project

NUMBERS = "tests.pipelines.acts:numbers"
WHOLE = "tests.pipelines.acts:whole"
LIGHT = ("numpy", "regrove.datasets.service", "regrove.execution.inline", "regrove.ledger.service",
         "regrove.pipelines.child", "regrove.pipelines.service", "regrove.tracking.service")  # fmt: skip


@pytest.fixture
def prepared(tmp_path, sqlite_template):
    """A folder with a project in it, for each name."""

    def make(name: str, kind: type[Project]) -> dict[str, str]:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "regrove.db")
        begun(folder, kind)
        return {"folder": str(folder)}

    return make


def check(args: dict[str, str], kind: type[Project], steps: set[str], *, kills: int = 1) -> str:
    """Everything is there, nothing twice, and the chain holds; what the run came to."""
    database = Database.open(f"sqlite:///{args['folder']}/regrove.db")
    project = kind(Path(args["folder"]), database)
    with acting(actor="person:test", project="test"):
        *later, run = project.runs.list()
        assert run.status == "finished"
        recorded = project.pipelines.steps(run.ref)
        assert {each.step for each in recorded} == steps
        assert all(each.status == "executed" for each in recorded)
        for again in later:  # the first was finished when it was killed, so the next start found nothing to do
            assert {each.status for each in project.pipelines.steps(again.ref)} == {"reused"}
        events = project.ledger.read()
        executed = Counter(each.event.step for each in events if each.type == "step.executed")
        assert executed == Counter(steps), "a step was recorded twice, or not at all"
        assert Counter(each.type for each in events)["run.started"] == 1 + len(later) <= 1 + kills
        assert all(project.vault.has(made.object) for each in recorded for made in each.outputs)
        assert project.ledger.verify().ok
    database.close()
    return recorded[-1].outputs[0].content


class TestEveryEdge:
    """Killed at each moment at which something becomes durable."""

    def test_the_run_goes_on_and_records_nothing_twice(self, prepared):
        """Whatever the edge: one run, each step once, the same result."""
        whole = prepared("whole", Light)
        labels = crash.edges(NUMBERS, whole, preload=LIGHT)
        assert sum(label == "after COMMIT" for label in labels) >= 6  # lease, start, four steps, end
        steps = {"first", "second", "other", "total"}
        expected = check(whole, Light, steps)
        for place in range(len(labels)):
            args = prepared(f"edge-{place}", Light)
            crash.kill_at(NUMBERS, args, place, preload=LIGHT)
            crash.run(NUMBERS, args, preload=LIGHT)
            assert check(args, Light, steps) == expected, labels[place]


class TestAnyMoment:
    """Killed anywhere."""

    @pytest.mark.parametrize("seed", crash.SEEDS)
    def test_the_run_goes_on_and_records_nothing_twice(self, prepared, seed):
        """A whole pipeline, from rows to a model, killed at moments drawn from a seed, and let to its end."""
        if not seed:
            crash.run(WHOLE, prepared("whole", Project), preload=LIGHT)  # how long it takes bounds the moments
        args = prepared("killed", Project)
        for turn in range(2):
            crash.kill_randomly(WHOLE, args, 10 * seed + turn, preload=LIGHT)
        crash.run(WHOLE, args, preload=LIGHT)
        shown = {"evaluate", "origin-1", "origin-2", "reference-rows"}
        check(args, Project, {"joined", "features", "late", "signature", "split", "classifier"} | shown, kills=2)
