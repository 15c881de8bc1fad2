"""Looking ahead: what would happen and why, with nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

from regrove.errors import InvalidInput, NotFound
from tests.playbooks.facts import fire

DAY = 86_400_000_000


@pytest.fixture
def untouched(playbooks: Any, ledger: Any, database: Any, rooms: Any) -> Any:
    """Fails the test when anything was written or asked for meanwhile."""
    from sqlalchemy import event

    fire(ledger, database)
    written: list[int] = []
    event.listen(database._engine, "commit", lambda _: written.append(1))
    yield playbooks
    assert not written
    assert not rooms.asked


class TestDryRun:
    """What a playbook would do."""

    def test_it_says_each_step_and_does_none(self, untouched: Any) -> None:
        """For the last event of its type."""
        dry = untouched.dry_run("retrain")
        assert (dry.matches, dry.refused) == (True, "")
        assert [each.split()[2] for each in dry.said[1:]] == ["retrain", "let", "roll"]
        assert "would roll the new version out in late" in dry.said[-1]

    def test_a_condition_that_is_not_met(self, untouched: Any, declared: Any, ledger: Any) -> None:
        """Both sides are shown."""
        declared.playbooks["retrain"]["when"] = "alert.kind == 'drift'"
        declared.number += 1
        dry = untouched.dry_run("retrain", ledger.read(types=("alert.fired",))[-1].event_id)
        assert not dry.matches
        assert "does not meet: alert.kind == 'drift'" in dry.said[0]

    @pytest.mark.parametrize("event", ["1", "0" * 32, "nonsense"])
    def test_an_event_that_is_none_of_its_own(self, playbooks: Any, event: str) -> None:
        """Not there, or of another type."""
        with pytest.raises((NotFound, InvalidInput)):
            playbooks.dry_run("retrain", event)

    def test_without_any_event(self, playbooks: Any) -> None:
        """Nothing to try it with."""
        with pytest.raises(NotFound, match="No event of type alert.fired has happened yet"):
            playbooks.dry_run("retrain")

    def test_of_a_schedule(self, playbooks: Any, declared: Any) -> None:
        """It needs no event, and listens to none."""
        declared.change(monthly={"on": "schedule", "every": "30d", "do": ["retrain"], "model": "late"})
        dry = playbooks.dry_run("monthly")
        assert dry.said == (
            "monthly begins by its schedule, every 30d.",
            "It would retrain late on what is known then, unless there is nothing new to learn from.",
        )
        with pytest.raises(InvalidInput, match="listens to no event"):
            playbooks.dry_run("monthly", "1")


class TestDryRunOfALimit:
    """What would skip it."""

    def test_the_limit_is_told(self, playbooks: Any, ledger: Any, database: Any, settle: Any) -> None:
        """In its own words."""
        fire(ledger, database)
        (loop,) = settle()
        dry = playbooks.dry_run("retrain")
        assert dry.refused == f"The one before, {loop.ref}, still goes on."
        assert dry.said[1] == f"It would be skipped: {dry.refused}"


class TestPlan:
    """What the next ticks would do."""

    def test_it_tells_of_events_loops_and_schedules(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any, clock: Any, settle: Any
    ) -> None:
        """A sentence each."""
        declared.change(monthly={"on": "schedule", "every": "30d", "do": ["retrain"], "model": "late"})
        settle()
        assert playbooks.plan() == [
            "monthly: it will begin at 2013-03-31T00:00:00Z, 30d after its last start or its declaration."
        ]
        fire(ledger, database)
        (first, *_) = playbooks.plan()
        assert first.startswith("Event 1, alert.fired of alert:")
        assert first.endswith("will be held against retrain.")
        playbooks.tick()
        assert playbooks.plan()[0].endswith("of retrain: Next it will let the gate judge model:late@2.")
        clock.advance(31 * DAY)
        assert "is due since 2013-03-31T00:00:00Z and waits: The model late is being changed by" in playbooks.plan()[-1]

    def test_a_schedule_that_is_free_begins_next(self, playbooks: Any, declared: Any, clock: Any, settle: Any) -> None:
        """Because it is due."""
        declared.change(retrain=None, monthly={"on": "schedule", "every": "30d", "do": ["retrain"], "model": "late"})
        settle()
        clock.advance(31 * DAY)
        (line,) = playbooks.plan()
        assert line == "monthly: it will begin with the next tick, because it is due since 2013-03-31T00:00:00Z."


class TestList:
    """The playbooks as they stand."""

    def test_state_counts_and_what_is_left(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any, settle: Any
    ) -> None:
        """Of each, in the order of the file."""
        declared.change(hand={"on": "manual", "do": ["retrain"], "model": "late"})
        settle()
        for _ in range(2):
            fire(ledger, database)
            settle()
        retrain, hand = playbooks.list()
        assert (retrain.state, retrain.started, retrain.skipped, retrain.left) == ("going", 1, 1, 3)
        assert retrain.last == playbooks.loops(skipped=False)[0].ref
        assert (hand.state, hand.reason, hand.last) == ("ready", "It is begun by hand only.", "")

    def test_an_unknown_name_is_met_with_the_nearest(self, playbooks: Any) -> None:
        """Of playbooks and of loops."""
        with pytest.raises(NotFound, match="did you mean 'retrain'"):
            playbooks.get("retrian")
        with pytest.raises(NotFound, match="regrove loop list"):
            playbooks.loop("last")
        for ask in (playbooks.run, playbooks.reset):
            with pytest.raises(InvalidInput, match="A reason is missing"):
                ask("retrain", "  ")
        with pytest.raises(InvalidInput, match="needs room"):
            playbooks.loops(limit=0)

    def test_a_loop_is_found_by_its_first_digits(self, playbooks: Any, ledger: Any, database: Any, settle: Any) -> None:
        """When they are enough for one."""
        fire(ledger, database)
        (loop,) = settle()
        assert playbooks.loop(loop.id[:20]).id == playbooks.loop(loop.ref).id == loop.id
        fire(ledger, database)
        settle()
        with pytest.raises(InvalidInput, match="Several loops begin so"):
            playbooks.loop("0")
