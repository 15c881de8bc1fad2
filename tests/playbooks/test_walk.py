"""What a loop does, one action after the other, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from regrove.errors import Conflict, NotFound, Refused, StepFailed
from regrove.playbooks import story
from regrove.playbooks.walk import CUT_OFF
from tests.playbooks.facts import fire

MINUTE = 60_000_000


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The machine's clock, as far as back-off looks at it, turned by hand."""
    from regrove import clock

    class Machine:
        ahead = 0

        def wait(self, minutes: float) -> None:
            self.ahead += int(minutes * MINUTE)

    machine, real = Machine(), clock.wall
    for module in ("walk", "delivery", "closing", "trigger", "outlook"):
        monkeypatch.setattr(f"regrove.playbooks.{module}.wall", lambda: real() + machine.ahead)
    return machine


@pytest.fixture
def alert(playbooks: Any, ledger: Any, database: Any) -> str:
    """An alert that fired."""
    return fire(ledger, database)


class TestOutcomes:
    """Each way in which a loop can end."""

    @pytest.mark.parametrize(("verdict", "outcome"), [("REJECT", "rejected"), ("HOLD", "held")])
    def test_a_challenger_that_is_not_passed_ends_it(
        self, alert: str, settle: Any, rooms: Any, verdict: str, outcome: str
    ) -> None:
        """With the gate's reason; nothing is rolled out."""
        rooms.verdicts = [verdict]
        (loop,) = settle()
        assert (loop.state, loop.outcome, loop.reason) == ("finished", outcome, f"model:late@2 said {verdict}.")
        assert [each.state for each in loop.actions] == ["done", "done", "not reached"]
        assert rooms.asked == ["retrain", "gate"]

    @pytest.mark.parametrize("state", ["aborted", "held"])
    def test_a_rollout_that_is_ended_ends_it(self, alert: str, settle: Any, rooms: Any, state: str) -> None:
        """With the rollout's reason."""
        settle()
        rooms.end_rollouts(state)
        (loop,) = settle()
        assert (loop.state, loop.outcome, loop.reason) == ("finished", state, f"The rollout {state}.")

    def test_nothing_new_to_learn_from(self, alert: str, settle: Any, rooms: Any) -> None:
        """The gate is not asked; no run is told of."""
        rooms.new_data = False
        (loop,) = settle()
        assert (loop.outcome, loop.candidate) == ("nothing new", "")
        assert "of the same data" in loop.reason
        assert rooms.asked == ["retrain"]

    def test_a_rollback(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """It needs no candidate."""
        declared.change(retrain=None, back={"on": "alert.fired", "do": ["rollback", "notify"]})
        settle()
        fire(ledger, database)
        (loop,) = settle()
        assert (loop.outcome, loop.reason) == ("rolled back", "model:late@1 answers again.")

    def test_a_loop_that_somebody_stops(self, playbooks: Any, alert: str, settle: Any, rooms: Any, ledger: Any) -> None:
        """Under its rollout; it holds the model no longer, and is not ended twice."""
        (loop,) = settle()
        stopped = playbooks.stop(loop.ref, "the alert was false")
        assert (stopped.state, stopped.reason) == ("stopped", "the alert was false")
        assert [each.state for each in stopped.actions] == ["done", "done", "stopped"]
        rooms.end_rollouts()
        assert settle() == []
        with pytest.raises(Conflict, match="has ended already"):
            playbooks.stop(loop.ref, "again")
        assert ledger.read(types=("loop.finished",))[0].actor == "person:test"

    def test_what_is_done_while_somebody_stops_it_is_not_recorded_over_it(
        self, playbooks: Any, alert: str, rooms: Any, settle: Any, ledger: Any
    ) -> None:
        """The retraining was under way; its run stands, the loop is over."""
        real = rooms.retrain

        def retrain(model: str, *, cause: str) -> Any:
            playbooks.stop("last", "enough")
            return real(model, cause=cause)

        rooms.retrain = retrain
        settle()
        loop = playbooks.loop("last")
        assert (loop.state, [each.state for each in loop.actions]) == (
            "stopped",
            ["stopped", "not reached", "not reached"],
        )
        assert [each.type for each in ledger.read(subject=loop.ref)] == ["loop.started", "loop.finished"]
        assert rooms.asked == ["retrain"]


class TestFailures:
    """What raises is tried again, and again, and then the playbook stops."""

    def test_it_is_tried_again_after_a_pause_of_the_machine(
        self, alert: str, playbooks: Any, settle: Any, rooms: Any, machine: Any
    ) -> None:
        """Domain time may stand still meanwhile; what it said is kept."""
        rooms.trouble["retrain"] = [StepFailed("The step features raised", mend="regrove run")]
        (loop,) = settle()
        action = loop.present
        assert (action.state, action.failures, loop.state) == ("waiting", 1, "running")
        assert action.reason == "The step features raised. (regrove run)"
        machine.wait(0.5)
        assert settle() == []
        machine.wait(0.6)
        (loop,) = settle()
        assert loop.done("retrain").attempts == 2
        assert "2 attempts, 1 failed" in " ".join(story(loop))

    def test_after_three_failures_the_playbook_is_broken_until_it_is_reset(
        self, alert: str, playbooks: Any, settle: Any, rooms: Any, machine: Any, ledger: Any, database: Any
    ) -> None:
        """Whatever kind of error it is; the text stays out of the ledger."""
        rooms.trouble["retrain"] = [
            StepFailed("secret row 17"),
            ValueError("secret row 18"),
            StepFailed("secret row 19"),
        ]
        for _ in range(3):
            settle()
            machine.wait(20)
        loop = playbooks.loop("last")
        assert (loop.state, loop.outcome, loop.actions[0].failures) == ("failed", "failed", 3)
        (broken,) = ledger.read(types=("playbook.broken",))
        assert (broken.event.because, broken.event.count, broken.subject) == ("failures", 3, "playbook:retrain")
        assert not any(b"secret" in (each.payload or b"") for each in ledger.read())
        standing = playbooks.get("retrain")
        assert (standing.state, "secret row 19" in standing.reason) == ("broken", True)

        fire(ledger, database)
        (skipped,) = settle()
        assert "is broken since" in skipped.reason
        with pytest.raises(Refused, match="playbooks reset retrain"):
            playbooks.run("retrain", "please")
        assert any("begins nothing, because it is broken" in each for each in playbooks.plan())

        assert playbooks.reset("retrain", "the disk was full").state == "ready"
        with pytest.raises(Conflict, match="is not broken"):
            playbooks.reset("retrain", "again")
        fire(ledger, database)
        (loop,) = settle()
        assert loop.present.action == "rollout"

    def test_two_rejected_challengers_in_a_row_break_it(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """A pass in between and a reset begin the count anew; a loop that learned nothing new leaves it."""
        rooms.verdicts = ["REJECT", "PROMOTE", "REJECT", "REJECT", "REJECT", "REJECT"]
        declared.playbooks["retrain"]["limits"] = {"budget": "99 per 1d"}
        declared.number += 1
        broken = []
        for round_ in range(7):
            rooms.new_data = round_ != 3
            fire(ledger, database)
            settle()
            rooms.end_rollouts()
            settle()
            broken.append(len(ledger.read(types=("playbook.broken",))))
            if broken[-1] == 1 and round_ == 4:
                playbooks.reset("retrain", "look again")
        assert broken == [0, 0, 0, 0, 1, 1, 2]
        assert "2 challengers in a row were rejected" in playbooks.get("retrain").reason

    def test_rejections_may_be_of_no_account(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """With rejections = 0."""
        rooms.verdicts = ["REJECT"] * 3
        declared.playbooks["retrain"]["limits"] = {"rejections": 0}
        declared.number += 1
        for _ in range(3):
            fire(ledger, database)
            settle()
        assert playbooks.get("retrain").state == "ready"

    def test_what_somebody_holds_is_waited_for(
        self, alert: str, settle: Any, rooms: Any, machine: Any, ledger: Any
    ) -> None:
        """It is no failure, however often."""
        rooms.trouble["retrain"] = [Conflict("A run of 'late' is going on: run:77") for _ in range(5)]
        for _ in range(5):
            (loop,) = settle()
            assert (loop.present.state, loop.present.failures) == ("waiting", 0)
            assert "A run of 'late' is going on" in " ".join(story(loop))
            machine.wait(1)
        (loop,) = settle()
        assert loop.present.action == "rollout"
        assert not ledger.read(types=("loop.stumbled",))

    def test_an_action_at_which_the_process_ends_again_and_again(
        self, alert: str, playbooks: Any, settle: Any, rooms: Any
    ) -> None:
        """One that takes the whole worker with it must not do so for ever."""
        calls = []

        def retrain(model: str, *, cause: str) -> Any:
            calls.append(1)
            raise KeyboardInterrupt

        rooms.retrain = retrain
        for _ in range(CUT_OFF):
            with pytest.raises(KeyboardInterrupt):
                playbooks.tick()
        settle()
        loop = playbooks.loop("last")
        assert (loop.state, len(calls), playbooks.get("retrain").state) == ("failed", CUT_OFF, "broken")
        assert f"The process ended {CUT_OFF} times" in loop.reason

    def test_a_rollout_that_cannot_be_looked_at(self, alert: str, playbooks: Any, settle: Any, rooms: Any) -> None:
        """It is looked at again; a success in between forgives what was before."""
        settle()
        real, broken = rooms.rollout_state, [True, True, False, True, True, False]

        def look(ref: str) -> Any:
            if broken and broken.pop(0):
                raise NotFound("There is no such rollout")
            return real(ref)

        rooms.rollout_state = look
        for _ in range(6):
            playbooks.tick()
        loop = playbooks.loop("last")
        assert (loop.state, loop.present.failures) == ("running", 0)


class TestNotify:
    """Telling never holds a loop up."""

    HOOK = {"webhook": "https://example.org/hook"}

    def test_the_outcome_is_told_however_it_ends(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any, caplog: Any
    ) -> None:
        """To the log always, and to the webhook with a key that is the same each time."""
        do = ["retrain", "gate", "rollout", "notify"]
        declared.change(retrain={"on": "alert.fired", "do": do, "notify": self.HOOK})
        settle()
        rooms.verdicts = ["REJECT"]
        fire(ledger, database)
        (loop,) = settle()
        assert [each.state for each in loop.actions] == ["done", "done", "not reached", "done"]
        ((webhook, body, key),) = rooms.told
        assert (webhook, key) == ("https://example.org/hook", f"{loop.id}.4")
        assert (body["outcome"], body["model"], body["loop"]) == ("rejected", "late", loop.ref)
        assert "The log loss of" in body["text"]
        assert "model:late@2 said REJECT." in body["text"]
        assert body["text"] in caplog.text
        (told,) = ledger.read(types=("loop.notified",))
        assert (told.event.delivered, told.event.attempts, told.cause) == (True, 1, loop.cause)
        assert loop.notices[0].state == "delivered"

    def test_it_can_stand_first(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """Then it tells that a loop began."""
        declared.change(retrain={"on": "alert.fired", "do": ["notify", "retrain"], "notify": self.HOOK})
        settle()
        fire(ledger, database)
        settle()
        assert [body["outcome"] for _, body, _ in rooms.told] == [""]
        assert playbooks.loop("last").outcome == "trained"

    def test_a_webhook_that_does_not_answer_is_told_later(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any, machine: Any
    ) -> None:
        """The loop has ended long ago; the playbook is not broken by it."""
        declared.change(retrain={"on": "alert.fired", "do": ["notify"], "notify": self.HOOK})
        settle()
        rooms.trouble["notify"] = [OSError("no route"), TimeoutError("slow")]
        fire(ledger, database)
        settle()
        loop = playbooks.loop("last")
        assert (loop.state, loop.notices[0].state, loop.notices[0].attempts) == ("finished", "waiting", 1)
        assert any("will be told at" in each and "no route" in each for each in playbooks.plan())
        for _ in range(2):
            machine.wait(5)
            settle()
        loop = playbooks.loop("last")
        assert (loop.notices[0].state, loop.notices[0].attempts) == ("delivered", 3)
        assert len(rooms.told) == 1
        assert playbooks.get("retrain").state == "ready"

    def test_a_webhook_that_the_policy_refuses_is_given_up_at_once(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """A private address stays private however often one asks."""
        declared.change(retrain={"on": "alert.fired", "do": ["notify"], "notify": self.HOOK})
        settle()
        rooms.trouble["notify"] = [Refused("10.0.0.1 is a private address")]
        fire(ledger, database)
        settle()
        loop = playbooks.loop("last")
        assert (loop.state, loop.notices[0].state) == ("finished", "failed")
        assert "The webhook was not told after 1 attempts: 10.0.0.1 is a private address." in " ".join(story(loop))
        (told,) = ledger.read(types=("loop.notified",))
        assert told.event.delivered is False

    def test_it_gives_up_in_the_end(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any, machine: Any
    ) -> None:
        """After eight tries."""
        declared.change(retrain={"on": "alert.fired", "do": ["notify"], "notify": self.HOOK})
        settle()
        rooms.trouble["notify"] = [OSError("no route") for _ in range(20)]
        fire(ledger, database)
        for _ in range(12):
            settle()
            machine.wait(130)
        notice = playbooks.loop("last").notices[0]
        assert (notice.state, notice.attempts) == ("failed", 8)

    def test_playbooks_that_tell_of_playbooks_do_not_go_round(
        self, playbooks: Any, declared: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """What they do themselves is not told of."""
        declared.change(
            retrain={"on": "alert.fired", "do": ["retrain"]},
            tell={"on": "loop.finished", "do": ["notify"], "notify": self.HOOK, "limits": {"concurrent": 9}},
        )
        settle()
        fire(ledger, database)
        settle()
        assert [body["because"].split()[0] for _, body, _ in rooms.told] == ["loop.finished"]
