"""What begins a loop, what does not, and that each event does so once."""

from __future__ import annotations

from typing import Any

import pytest

from regrove.errors import Refused
from regrove.playbooks import Playbooks
from regrove.playbooks.trigger import CURSOR, loop_id
from tests.playbooks.facts import fire

DAY = 86_400_000_000


def started(ledger: Any) -> list[str]:
    return [each.event.playbook for each in ledger.read(types=("loop.started",))]


class TestEvents:
    """Read from the ledger, once each."""

    def test_only_what_meets_the_condition_begins_a_loop(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any
    ) -> None:
        """Others are passed over without a record."""
        declared.change(retrain={"on": "alert.fired", "when": "alert.kind == 'performance'", "do": ["notify"]})
        fire(ledger, database, kind="drift")
        fire(ledger, database, kind="performance")
        (loop,) = playbooks.tick()
        assert ledger.get(loop.event_id).event.kind == "performance"
        assert len(playbooks.loops()) == 1

    def test_the_loop_of_an_event_has_the_id_that_follows_from_both(
        self, playbooks: Any, ledger: Any, database: Any
    ) -> None:
        """So that it can never begin twice."""
        alert = fire(ledger, database)
        (loop,) = playbooks.tick()
        assert loop.id == loop_id("test", "retrain", alert)
        assert loop.id[:12] == alert[:12]

    def test_each_playbook_that_listens_begins_one(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any, settle: Any
    ) -> None:
        """In the order of the file, in one transaction with the cursor."""
        declared.change(tell={"on": "alert.fired", "do": ["notify"]}, other={"on": "alert.resolved", "do": ["notify"]})
        playbooks.tick()
        fire(ledger, database)
        settle()
        assert started(ledger) == ["retrain", "tell"]

    def test_what_happened_before_it_was_declared_begins_nothing(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any, settle: Any
    ) -> None:
        """A new playbook does not act on the alerts of last year; nor does one that was put back."""
        fire(ledger, database)
        declared.change(tell={"on": "alert.fired", "do": ["notify"]})
        settle()
        assert started(ledger) == ["retrain"]
        declared.change(tell=None)
        settle()
        fire(ledger, database)
        settle()
        declared.change(tell={"on": "alert.fired", "do": ["notify"]})
        settle()
        assert "tell" not in started(ledger)
        fire(ledger, database)
        settle()
        assert started(ledger).count("tell") == 1

    def test_an_event_of_another_project_is_not_heard(self, playbooks: Any, ledger: Any, database: Any) -> None:
        """A workspace may hold several."""
        from regrove.ledger import acting

        with acting(project="other"):
            fire(ledger, database)
        assert playbooks.tick() == []

    def test_an_event_that_cannot_be_judged_is_recorded_as_skipped(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any
    ) -> None:
        """Its payload was erased, or it says no model: a sentence instead of a guess."""
        fire(ledger, database)
        ledger.erase(ledger.head().position, "a name had got in")
        (loop,) = playbooks.tick()
        assert (loop.state, loop.reason) == (
            "skipped",
            "The payload of the event was erased, so nothing can be said of it.",
        )
        declared.deployments = {}
        fire(ledger, database, deployment="gone", model="")
        (loop,) = playbooks.tick()
        assert (loop.state, loop.reason) == ("skipped", "What happened says no model, and the playbook neither.")
        (_, last) = ledger.read(types=("loop.skipped",))
        assert (last.event.limit, last.event.loop) == ("target", loop.id)

    def test_many_events_are_read_page_by_page(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any, settle: Any
    ) -> None:
        """A tick is bounded; nothing is left out."""
        declared.change(retrain=None, tell={"on": "alert.fired", "do": ["notify"]})
        settle()
        declared.playbooks["tell"]["limits"] = {"concurrent": 1000}
        declared.number += 1
        with database.transaction():
            for _ in range(230):
                fire(ledger, database)
        ticks = 0
        while playbooks.tick():
            ticks += 1
        assert len(playbooks.loops(limit=1000, skipped=False)) == 230
        assert ticks >= 3

    def test_the_cursor_moves_past_what_nobody_listens_to(self, playbooks: Any, ledger: Any, database: Any) -> None:
        """In large steps, so that a tick need not look at it again and again."""
        with database.transaction():
            for _ in range(499):
                fire_other(ledger)
        playbooks.tick()
        assert ledger.cursor(CURSOR, project="test").position == 0
        with database.transaction():
            fire_other(ledger)
        playbooks.tick()
        assert ledger.cursor(CURSOR, project="test").position == ledger.head().position

    def test_two_services_do_not_begin_it_twice(
        self, playbooks: Any, database: Any, ledger: Any, clock: Any, declared: Any, rooms: Any
    ) -> None:
        """Both have read the event; the second finds nothing left to do."""
        other = Playbooks(database, ledger, clock, declarations=declared, actions=rooms)
        other.tick()
        fire(ledger, database)
        assert len(playbooks.tick()) == 1
        other.tick()
        assert started(ledger) == ["retrain"]


class TestLimits:
    """A limit that says no is recorded with its sentence."""

    def test_a_second_alert_while_the_first_loop_goes_on_is_skipped(
        self, playbooks: Any, ledger: Any, database: Any, settle: Any
    ) -> None:
        """The reason names the loop that goes on."""
        fire(ledger, database)
        (first,) = settle()
        fire(ledger, database)
        (second,) = playbooks.tick()
        assert (second.state, second.reason) == ("skipped", f"The one before, {first.ref}, still goes on.")
        (told,) = ledger.read(types=("loop.skipped",))
        assert (told.event.limit, told.cause, told.actor) == ("concurrent", second.event_id, "playbook:retrain")

    def test_two_playbooks_at_once_on_one_model(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any, settle: Any, rooms: Any
    ) -> None:
        """The first of the file acts; the second is skipped and says because of whom."""
        declared.change(again={"on": "alert.fired", "do": ["retrain"]})
        settle()
        fire(ledger, database)
        settle()
        first, second = (playbooks.loops(name)[0] for name in ("retrain", "again"))
        assert (first.state, second.state) == ("running", "skipped")
        assert f"is being changed by {first.ref} of playbook retrain" in second.reason
        assert rooms.asked.count("retrain") == 1

    def test_cooldown_and_budget_are_kept_in_domain_time(
        self, playbooks: Any, declared: Any, ledger: Any, database: Any, settle: Any, clock: Any
    ) -> None:
        """Turned by hand."""
        limits = {"cooldown": "2d", "budget": "2 per 20d"}
        declared.change(retrain={"on": "alert.fired", "do": ["retrain"], "limits": limits})
        settle()
        states = []
        for days in (0, 1, 1, 1, 2, 20):
            clock.advance(days * DAY)
            fire(ledger, database)
            settle()
            loop = playbooks.loop("last")
            states.append(loop.outcome if loop.state != "skipped" else loop.reason.split()[1])
        assert states == ["trained", "last", "trained", "last", "budget", "trained"]


class TestSchedule:
    """Due in domain time, since the last start."""

    @pytest.fixture
    def monthly(self, playbooks: Any, declared: Any) -> Any:
        """A playbook that retrains every thirty days."""
        declared.change(
            retrain=None,
            monthly={"on": "schedule", "every": "30d", "do": ["retrain", "gate", "rollout"], "model": "late"},
        )
        playbooks.tick()
        return playbooks

    def test_it_begins_after_each_period(self, monthly: Any, clock: Any, settle: Any, rooms: Any, ledger: Any) -> None:
        """Counted from its declaration, then from its last start; a long sleep begins one loop, not many."""
        for days, loops in ((29, 0), (1, 1), (29, 1), (2, 2), (100, 3), (1, 3)):
            clock.advance(days * DAY)
            settle()
            rooms.end_rollouts()
            settle()
            assert len(monthly.loops()) == loops, days
        last = monthly.loop("last")
        (told,) = ledger.read(types=("loop.started",), subject=last.ref)
        assert last.cause == told.event_id
        assert "30d after its last start" in last.because

    def test_it_stays_due_while_a_limit_holds_it_back(
        self, monthly: Any, clock: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """And begins when that is over; nothing is recorded of the waiting, which the plan tells."""
        declared.change(retrain={"on": "alert.fired", "do": ["retrain", "gate", "rollout"]})
        settle()
        fire(ledger, database)
        settle()
        clock.advance(31 * DAY)
        settle()
        assert not monthly.loops("monthly")
        assert any("is due since" in line and "is being changed by" in line for line in monthly.plan())
        rooms.end_rollouts()
        settle()
        assert len(monthly.loops("monthly")) == 1


class TestByHand:
    """A person begins a loop."""

    def test_it_is_recorded_as_the_persons(self, playbooks: Any, settle: Any, rooms: Any, ledger: Any) -> None:
        """What it does afterwards is done by the playbook, because of that start."""
        loop = playbooks.run("retrain", "the data were mended")
        assert (loop.trigger, loop.because) == ("manual", "the data were mended")
        rooms.end_rollouts()
        settle()
        entries = ledger.read(subject=loop.ref)
        assert (entries[0].actor, entries[0].event_id) == ("person:test", loop.cause)
        assert {(each.actor, each.cause) for each in entries[1:]} == {("playbook:retrain", loop.cause)}

    def test_another_loop_that_goes_on_holds_it_back(self, playbooks: Any, ledger: Any, database: Any) -> None:
        """With an error and the mend."""
        fire(ledger, database)
        playbooks.tick()
        with pytest.raises(Refused, match="still goes on"):
            playbooks.run("retrain", "once more")


def fire_other(ledger: Any) -> None:
    from regrove.playbooks.events import PlaybookReset

    ledger.record(PlaybookReset(playbook="x", reason="y"), subject="playbook:x")
