"""Retraining because of an event, with real pipelines: one run a cause, and none on the data of the last time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regrove.errors import StepFailed
from regrove.ledger import acting
from regrove.playbooks import Playbooks
from regrove.refs import new_id
from regrove.workspace.retraining import Retraining
from tests.pipelines.project import Project
from tests.playbooks.doubles import Declared, Rooms
from tests.playbooks.facts import fire


@pytest.fixture
def project(tmp_path: Path, database: Any, acting: None) -> Project:
    """A small project that was trained once."""
    made = Project(tmp_path, database).begin()
    made.pipelines.run("late")
    return made


@pytest.fixture
def retraining(project: Project) -> Retraining:
    """What is tested."""
    return Retraining(project.pipelines, project.runs, project.datasets, project.ledger)


def runs(project: Project) -> int:
    return len(project.runs.list(name="late"))


class TestRetraining:
    """Under the actor and the cause of a loop."""

    def test_new_data_make_a_version_whose_run_says_why(self, project: Project, retraining: Retraining) -> None:
        """And a second call with the same cause gives the same run."""
        cause = new_id()
        project.fill(rows=300, seed=8)
        with acting(actor="playbook:retrain", cause=cause):
            made = retraining.retrain("late", cause=cause)
            assert retraining.retrain("late", cause=cause) == made
        run = project.runs.get(made.run)
        assert (run.cause, run.actor, run.status) == (cause, "playbook:retrain", "finished")
        assert made.model == "model:late@2"
        assert "dataset:trips@2" in made.reason
        assert runs(project) == 2

    def test_what_is_compared_is_what_is_learned_from(
        self, project: Project, retraining: Retraining, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Rows are taken once: a second look at a log that grows might be another version, and takes as long."""
        asked: list[str] = []
        register = project.datasets.register
        monkeypatch.setattr(project.datasets, "register", lambda name: asked.append(name) or register(name))
        project.fill(rows=300, seed=8)
        with acting(actor="playbook:retrain", cause=(cause := new_id())):
            made = retraining.retrain("late", cause=cause)
        assert asked == ["trips"]
        assert [each.ref for each in project.runs.details(made.run).inputs] == ["dataset:trips@2"]

    def test_the_same_data_teach_nothing_new(self, project: Project, retraining: Retraining) -> None:
        """No run is begun; the reason names model and data."""
        with acting(actor="playbook:retrain", cause=new_id()):
            made = retraining.retrain("late", cause=new_id())
        assert made.model == ""
        assert "model:late@1 was made of the same data: dataset:trips@1" in made.reason
        assert runs(project) == 1

    def test_an_interrupted_run_is_continued_and_belongs_to_the_cause(
        self, project: Project, retraining: Retraining, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Though the data are by then those of that very run; and once it is finished it is found again."""
        cause = new_id()
        project.fill(rows=300, seed=8)
        with acting(actor="playbook:retrain", cause=cause):
            with monkeypatch.context() as patch:
                patch.setattr(project.sink, "register", _interrupt)
                with pytest.raises(KeyboardInterrupt):
                    retraining.retrain("late", cause=cause)
            made = retraining.retrain("late", cause=cause)
            assert retraining.retrain("late", cause=cause) == made
        assert (made.model, runs(project)) == ("model:late@2", 2)
        assert project.runs.get(made.run).resumed == 1

    def test_a_run_of_a_person_that_is_continued_counts_as_the_loops(
        self, project: Project, retraining: Retraining, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was interrupted before; a killed loop finds it by who continued it."""
        cause = new_id()
        project.fill(rows=300, seed=8)
        with monkeypatch.context() as patch:
            patch.setattr(project.sink, "register", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                project.pipelines.run("late")
        with acting(actor="playbook:retrain", cause=cause):
            made = retraining.retrain("late", cause=cause)
            assert retraining.retrain("late", cause=cause) == made
        assert (made.model, runs(project)) == ("model:late@2", 2)

    def test_a_run_that_failed_is_tried_anew(self, project: Project, retraining: Retraining) -> None:
        """The error is that of the project's function."""
        cause = new_id()
        project.fill(rows=300, seed=8)
        project.edit("pipeline", "LIMIT = 10.0", "LIMIT = 10.0 / 0")
        with acting(actor="playbook:retrain", cause=cause):
            with pytest.raises(StepFailed):
                retraining.retrain("late", cause=cause)
            project.edit("pipeline", "LIMIT = 10.0 / 0", "LIMIT = 10.0")
            assert retraining.retrain("late", cause=cause).model == "model:late@2"

    def test_data_of_an_earlier_time_make_no_new_version(self, project: Project, retraining: Retraining) -> None:
        """They differ from the last ones, but what they teach is registered already."""
        project.fill(rows=300, seed=8)
        project.pipelines.run("late")
        project.fill()
        with acting(actor="playbook:retrain", cause=new_id()):
            made = retraining.retrain("late", cause=new_id())
        assert (made.model, "It made model:late@1 again" in made.reason) == ("", True)


class TestThroughAPlaybook:
    """From an alert to a model, with real pipelines."""

    def test_an_alert_makes_a_model_and_the_chain_tells_why(self, project: Project, retraining: Retraining) -> None:
        """The run's cause is the alert; the same alert again makes no second run."""
        rooms = Rooms()
        rooms.retrain = retraining.retrain  # type: ignore[method-assign]  # the real thing
        declared = Declared(retrain={"on": "alert.fired", "do": ["retrain"]})
        playbooks = Playbooks(project.database, project.ledger, project.clock, declarations=declared, actions=rooms)
        assert playbooks.tick() == []
        project.fill(rows=300, seed=8)
        alert = fire(project.ledger, project.database)
        (loop,) = playbooks.tick()
        assert (loop.outcome, loop.candidate) == ("trained", "model:late@2")
        assert project.runs.get(loop.actions[0].ref("run")).cause == alert
        assert playbooks.tick() == []
        assert runs(project) == 2
        assert project.ledger.verify().ok


def _interrupt(trained: object) -> str:
    raise KeyboardInterrupt
