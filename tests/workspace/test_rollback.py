"""Rolling back because of an event, with real rooms: once a cause, and never further than was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regrove.errors import InvalidInput, NotFound
from regrove.ledger import acting
from regrove.refs import new_id
from regrove.serving import DeploymentConfig
from regrove.workspace.rollback import Rollback
from tests.rollouts.world import MODEL, World

WHY = "alert.fired of alert:1: the error rate is 0.31."


@pytest.fixture
def world(database: Any, objects: Any, vault: Any, ledger: Any, clock: Any, tmp_path: Path, acting: None) -> World:
    """A deployment that runs with version 1 of a model that has three."""
    return World(database, objects, vault, ledger, clock, tmp_path).settle()


@pytest.fixture
def back(world: World) -> Any:
    """Roll back as a playbook does, twice: the second call is that of a worker after a kill."""
    rooms = Rollback(world.rollouts, world.models, world.deployments, world, world.ledger)

    def roll_back(cause: str | None = None) -> Any:
        cause = cause or new_id()
        with acting(actor="playbook:back", cause=cause):
            done = rooms.roll_back("late", reason=WHY, cause=cause)
            assert rooms.roll_back("late", reason=WHY, cause=cause).ref == done.ref
        return done

    return roll_back


def promoted(world: World, number: int) -> None:
    world.models.promote(f"{MODEL}@{number}", reason="better")
    world.deployments.publish("late")


class TestRollout:
    """While one goes on."""

    def test_the_control_answers_again(self, world: World, back: Any) -> None:
        """And nothing more: the champion stays the champion."""
        world.start()
        world.rollouts.tick()
        done = back()
        assert (done.ref, world.champion(), world.rollout.state) == (f"model:{MODEL}@1", 1, "aborted")
        assert world.current.candidates == ()
        (told,) = world.ledger.read(types=("rollout.aborted",))
        assert told.event.reason == WHY

    def test_one_that_ended_for_another_reason_is_not_taken_for_it(self, world: World, back: Any) -> None:
        """Then the champion is what is rolled back."""
        promoted(world, 3)
        with acting(actor="person:ann"):
            world.rollouts.start("late", candidate=f"{MODEL}@2", reason="to try it")
            world.rollouts.abort("late", "enough")
        assert back().ref == f"model:{MODEL}@1"
        assert world.champion() == 1


class TestChampion:
    """While none goes on."""

    def test_the_one_before_answers_again(self, world: World, back: Any) -> None:
        """By a decision that says why, published."""
        promoted(world, 2)
        cause = new_id()
        done = back(cause)
        assert (done.ref, world.champion(), world.current.revision.model) == (f"model:{MODEL}@1", 1, f"model:{MODEL}@1")
        last = world.models.decisions(MODEL)[-1]
        assert last.actor == "playbook:back"
        assert last.reason == f"Rolled back because of event:{cause}. {WHY}"
        assert len(world.models.decisions(MODEL)) == 3

    def test_a_second_rollback_goes_further_back_and_never_forward_again(self, world: World, back: Any) -> None:
        """What was rolled back is not what was before."""
        promoted(world, 2)
        promoted(world, 3)
        assert back().ref == f"model:{MODEL}@2"
        assert back().ref == f"model:{MODEL}@1"
        with pytest.raises(NotFound, match="before the present one"):
            back()

    def test_killed_before_it_was_published_it_is_published_by_the_next_call(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The decision is made once."""
        promoted(world, 2)
        rooms = Rollback(world.rollouts, world.models, world.deployments, world, world.ledger)
        cause = new_id()
        with acting(actor="playbook:back", cause=cause):
            with monkeypatch.context() as patch:
                patch.setattr(world.deployments, "publish", _die)
                with pytest.raises(KeyboardInterrupt):
                    rooms.roll_back("late", reason=WHY, cause=cause)
            assert world.current.revision.model == f"model:{MODEL}@2"
            rooms.roll_back("late", reason=WHY, cause=cause)
        assert world.current.revision.model == f"model:{MODEL}@1"
        assert len(world.models.decisions(MODEL)) == 3

    def test_the_first_one_has_none_before_it(self, back: Any) -> None:
        """With an error."""
        with pytest.raises(NotFound, match="before the present one"):
            back()

    def test_a_deployment_of_one_version_goes_nowhere(self, world: World, back: Any) -> None:
        """It follows no alias."""
        world.config = DeploymentConfig(f"{MODEL}@1")
        with pytest.raises(InvalidInput, match="for good"):
            back()


def _die(name: str) -> None:
    raise KeyboardInterrupt
