"""A rollout from its beginning to its end, and everything that ends it on the way."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from regrove.errors import Conflict, InvalidInput, NotFound, Refused
from regrove.ledger import acting
from regrove.rollouts.guard import look
from regrove.schema import Column, LogicalType, Schema
from tests.registry import samples
from tests.rollouts.world import DAY, MODEL


class TestCompleted:
    def test_phase_by_phase_to_everybody(self, world):
        """The share grows, the alias moves once, and what is decided cites what it rests on."""
        started = world.start()
        done = world.live_through(3)
        assert done.state == "completed"
        assert world.shares() == [0, 500, 2_000, 5_000, 0]
        assert (world.champion(), world.current.revision.model) == (2, f"model:{MODEL}@2")
        decision = world.models.decision(done.decision)
        assert decision.evidence == (done.gate, done.ref, *(each.evidence for each in done.phases[:-1]))
        assert "no harm detected in 3 phases and 3,750 requests" in decision.reason
        assert world.facts() == [
            "rollout.started",
            *["rollout.phase_started", "rollout.phase_passed"] * 3,
            "rollout.completed",
        ]
        assert done.id == started.id
        assert world.rollouts.tick() == []

    def test_it_is_recorded_because_of_its_beginning(self, world):
        cause = world.ledger.read()[0].event_id
        world.start(cause=cause)
        world.live_through(3)
        mine = [each for each in world.ledger.read() if each.type.startswith("rollout.")]
        assert mine[0].cause == cause
        assert {each.cause for each in mine[1:]} == {mine[0].event_id}

    def test_at_once_when_there_is_one_phase(self, world):
        world.policy(phases=["100%"])
        world.start()
        assert [each.state for each in world.rollouts.tick()] == ["completed"]
        assert world.shares() == [0, 0]
        assert world.champion() == 2

    def test_no_phase_ends_before_its_stay_or_without_its_requests(self, world):
        world.start()
        world.rollouts.tick()
        world.serve(3980)
        world.clock.advance(DAY)
        assert world.rollouts.tick() == []
        world.serve(20)
        (after,) = world.rollouts.tick()
        assert (after.phase, after.state) == (2, "running")
        world.serve(5000)
        world.clock.advance(DAY - 1)
        assert world.rollouts.tick() == []
        world.clock.advance(1)
        assert [each.phase for each in world.rollouts.tick()] == [3]

    def test_the_evidence_of_a_phase_can_be_computed_again(self, world):
        world.start()
        done = world.live_through(2)
        evidence = world.rollouts.evidence(done.phases[1].evidence)
        policy = done.policy
        again = look(evidence.tallies, evidence.edges, policy, evidence.before)
        assert again == evidence.judged
        assert {done.phases[0].evidence, done.phases[1].evidence} == set(world.rollouts.live_digests())


class TestAborted:
    def test_errors(self, world):
        """As soon as it is seen: the control answers everybody, and the reason says what was seen."""
        world.start()
        world.rollouts.tick()
        world.traffic.add(world.current.number, "control", requests=950, failed=3)
        world.traffic.add(world.current.number, "candidate", requests=50, failed=20)
        (after,) = world.rollouts.tick()
        assert (after.state, after.phase) == ("aborted", 1)
        assert "errors: 127 times the control's rate in 23 events" in after.reason
        assert world.shares() == [0, 500, 0]
        assert (world.champion(), world.current.revision.model) == (1, f"model:{MODEL}@1")
        assert world.facts()[-1] == "rollout.aborted"
        assert world.rollouts.evidence(after.phases[0].evidence).judged.harm

    @pytest.mark.parametrize(
        ("harm", "word"),
        [
            ({"slow_p95": 250}, "95th"),
            ({"slow_p99": 100}, "99th"),
            ({"scores": [0, 250, *[0] * 9]}, "scores from 0.1 to 0.2"),
            ({"scores": [*[0] * 10, 250]}, "no score"),
        ],
    )
    def test_whatever_the_candidate_does_worse(self, world, harm, word):
        world.start()
        world.rollouts.tick()
        world.serve(5000, **harm)
        (after,) = world.rollouts.tick()
        assert after.state == "aborted"
        assert word in after.reason

    def test_other_scores_alone_are_no_harm(self, world):
        """A model that was trained again may score otherwise, within what is let."""
        world.start()
        world.rollouts.tick()
        world.serve(5000, scores=[60, 50, 40, 30, 20, 20, 10, 10, 5, 5, 0])
        assert world.rollouts.tick() == []

    def test_by_hand(self, world):
        world.start()
        world.rollouts.tick()
        after = world.rollouts.abort("late", "the office moves")
        assert (after.state, after.reason, world.shares()) == ("aborted", "the office moves", [0, 500, 0])
        assert world.rollouts.abort(after.ref, "the office moves") == after
        with pytest.raises(Conflict, match="ended"):
            world.rollouts.abort(after.ref, "another reason")
        assert world.start(f"model:{MODEL}@3").state == "waiting"

    def test_a_crossing_that_was_seen_once_stands(self, world):
        """Whoever saw it and was killed is followed by one that sees less."""
        world.start()
        world.rollouts.tick()
        world.serve(2000)
        world.rollouts.tick()
        seen = world.rollout
        with world.database.transaction():
            world.rollouts._rooms.store.change(replace(seen, peaks=seen.peaks | {"errors": 20.0}))
        (after,) = world.rollouts.tick()
        assert after.state == "aborted"


class TestHeld:
    def test_callers_that_are_not_split_as_was_asked(self, world):
        """Then nothing was shown, however many errors there seem to be."""
        world.start()
        world.rollouts.tick()
        world.traffic.add(world.current.number, "control", requests=500, failed=1)
        world.traffic.add(world.current.number, "candidate", requests=500, failed=80)
        (after,) = world.rollouts.tick()
        assert after.state == "held"
        assert "500 of 1,000 requests came to the candidate where 50 were to be expected" in after.reason
        assert world.shares() == [0, 500, 0]

    def test_a_candidate_that_gets_no_traffic(self, world):
        world.start()
        world.rollouts.tick()
        world.clock.advance(14 * DAY - 1)
        assert world.rollouts.tick() == []
        world.clock.advance(1)
        (after,) = world.rollouts.tick()
        assert after.state == "held"
        assert after.reason == f"model:{MODEL}@2 got 0 of 200 requests in this phase, for 14d"
        assert world.shares() == [0, 500, 0]

    def test_a_revision_that_does_not_load(self, world):
        """The phase never begins, whatever comes in."""
        world.traffic.tell(loaded={"0": 1}, trouble="OSError: half a file")
        world.start()
        world.rollouts.tick()
        world.clock.advance(13 * DAY)
        world.rollouts.tick()
        assert (world.rollout.state, world.rollout.current.began_at) == ("waiting", None)
        world.clock.advance(DAY)
        (after,) = world.rollouts.tick()
        assert after.state == "held"
        assert "1 of 1 processes could not load generation 2: OSError: half a file" in after.reason
        assert "rollout.phase_started" not in world.facts()

    def test_one_of_two_servers_is_late(self, world):
        """A phase begins when every server answers from it; that is when its stay begins."""
        world.traffic.tell(servers=2, loaded={"1": 1})
        world.start()
        world.rollouts.tick()
        world.clock.advance(DAY)
        world.rollouts.tick()
        assert world.rollout.state == "waiting"
        world.traffic.tell(loaded={})
        world.rollouts.tick()
        assert world.rollout.current.began_at == world.clock.now()

    def test_no_server(self, world):
        world.traffic.tell(servers=0)
        world.start()
        world.rollouts.tick()
        assert world.rollout.state == "waiting"
        assert "no server of the deployment runs" in world.rollouts.plan()[0]

    def test_somebody_promotes_and_publishes_by_hand(self, world):
        """What a person decided stands."""
        world.start()
        world.rollouts.tick()
        world.models.promote(f"{MODEL}@3", reason="by hand")
        world.deployments.publish("late")
        (after,) = world.rollouts.tick()
        assert (after.state, world.champion()) == ("held", 3)
        assert f"model:{MODEL}@3 was published by hand" in after.reason
        assert world.current.revision.model == f"model:{MODEL}@3"

    def test_the_split_is_settled_by_hand(self, world):
        world.start()
        world.rollouts.tick()
        world.traffic.settle("late", model=f"model:{MODEL}@1")
        (after,) = world.rollouts.tick()
        assert (after.state, world.shares()) == ("held", [0, 500, 0])
        assert "the split is gone" in after.reason

    def test_the_alias_is_moved_by_hand_before_the_promotion(self, world):
        """The decision in force is answered with, whoever made it."""
        world.start()
        world.live_through(2)
        world.rollouts.tick()
        world.serve(5000)
        world.models.promote(f"{MODEL}@3", reason="by hand")
        world.clock.advance(DAY)
        (after,) = world.rollouts.tick()
        assert (after.state, world.champion()) == ("held", 3)
        assert world.current.revision.model == f"model:{MODEL}@3"
        assert world.shares()[-1] == 0

    def test_the_deployment_is_stopped(self, world):
        world.start()
        world.rollouts.tick()
        world.deployments.stop("late")
        (after,) = world.rollouts.tick()
        assert after.state == "held"
        assert "stopped" in after.reason


class TestApproval:
    def test_nothing_is_promoted_before_somebody_approves(self, world):
        world.policy(approval=True, phases=["50%", "100%"])
        world.start()
        waiting = world.live_through()
        assert (waiting.state, world.champion()) == ("awaiting", 1)
        assert world.shares() == [0, 5_000]
        assert world.rollouts.tick() == []
        after = world.rollouts.approve("late", "the numbers look right")
        assert after.state == "waiting"
        (done,) = world.rollouts.tick()
        assert (done.state, world.champion()) == ("completed", 2)
        assert world.facts()[-2:] == ["rollout.approved", "rollout.completed"]

    def test_harm_is_seen_while_it_waits(self, world):
        world.policy(approval=True, phases=["50%", "100%"])
        world.start()
        world.live_through()
        world.serve(1000, failing=100)
        (after,) = world.rollouts.tick()
        assert (after.state, world.champion()) == ("aborted", 1)
        with pytest.raises(Conflict, match="does not wait"):
            world.rollouts.approve("late", "too late")

    def test_nobody_approves(self, world):
        world.policy(approval=True, phases=["50%", "100%"])
        world.start()
        world.live_through()
        world.clock.advance(14 * DAY)
        (after,) = world.rollouts.tick()
        assert (after.state, world.shares()[-1]) == ("held", 0)

    def test_only_a_person_and_only_with_a_reason(self, world):
        world.policy(approval=True, phases=["50%", "100%"])
        world.start()
        world.live_through()
        with pytest.raises(InvalidInput, match="reason"):
            world.rollouts.approve("late", " ")
        with acting(actor="playbook:retrain"), pytest.raises(Refused, match="person"):
            world.rollouts.approve("late", "yes")


class TestStart:
    def test_without_a_gate_a_person_decides_and_says_why(self, world):
        candidate = f"model:{MODEL}@2"
        with pytest.raises(Refused, match="Nothing lets"):
            world.rollouts.start("late", candidate=candidate)
        with acting(actor="playbook:retrain"), pytest.raises(Refused, match="Nothing lets"):
            world.rollouts.start("late", candidate=candidate, reason="it must be")
        begun = world.rollouts.start("late", candidate=candidate, reason="the gate cannot know of the strike")
        assert (begun.approved_by, begun.gate) == ("person:test", "")
        assert "the strike" in world.live_through(3).reason

    @pytest.mark.parametrize("verdict", ["REJECT", "HOLD"])
    def test_a_gate_that_does_not_let_it(self, world, verdict):
        gate = world.report(f"{MODEL}@2", verdict)
        with pytest.raises(Refused, match="as it was told"):
            world.rollouts.start("late", candidate=f"model:{MODEL}@2", gate=gate)

    def test_a_gate_that_speaks_of_other_bytes(self, world):
        with pytest.raises(Refused, match="another version"):
            world.rollouts.start("late", candidate=f"model:{MODEL}@2", gate=world.report(f"{MODEL}@3"))

    def test_a_gate_that_compared_with_what_answers_no_more(self, world):
        gate = world.report(f"{MODEL}@2", champion=f"model:{MODEL}@3")
        with pytest.raises(Refused, match="no longer answers"):
            world.rollouts.start("late", candidate=f"model:{MODEL}@2", gate=gate)

    def test_twice_because_of_one_cause_is_once(self, world):
        """Also when it has ended meanwhile."""
        cause = world.ledger.read()[0].event_id
        first = world.start(cause=cause)
        assert world.start(cause=cause).id == first.id
        world.rollouts.abort(first.ref, "enough")
        assert world.start(cause=cause).id == first.id
        assert len(world.rollouts.list()) == 1

    def test_one_at_a_time(self, world):
        world.start()
        for candidate in (f"model:{MODEL}@2", f"model:{MODEL}@3"):
            with pytest.raises(Conflict, match="goes on"):
                world.start(candidate)

    def test_what_cannot_be_rolled_out(self, world):
        start = world.rollouts.start
        with pytest.raises(Refused, match="answers everybody already"):
            start("late", candidate=f"model:{MODEL}@1", gate=world.report(f"{MODEL}@1"))
        with pytest.raises(InvalidInput, match="alias"):
            start("late", candidate=f"model:{MODEL}@champion", reason="x")
        with pytest.raises(NotFound):
            start("late", candidate=f"model:{MODEL}@9", reason="x")
        with pytest.raises(Refused, match="another model"):
            start("late", candidate="model:other@1", reason="x")
        with pytest.raises(NotFound, match="nowhere"):
            start("nowhere", candidate=f"model:{MODEL}@2", reason="x")
        world.models.promote(f"{MODEL}@3", reason="not published yet")
        with pytest.raises(Conflict, match="no control yet"):
            start("late", candidate=f"model:{MODEL}@2", reason="x")
        assert world.facts() == []

    def test_a_version_that_callers_do_not_send_enough_for(self, world):
        """It is refused before it is recorded, not held after."""
        spec = samples.bare_spec(world.vault, 4)
        asked = Schema((*spec.request, Column("weather", LogicalType.STRING, nullable=False)))
        version = world.models.register(replace(spec, request=asked))
        with pytest.raises(Refused, match="asks for 'weather'"):
            world.rollouts.start("late", candidate=version.ref, reason="x")
        assert world.facts() == []

    def test_a_deployment_of_one_version(self, world):
        world.config = type(world.config)(f"{MODEL}@1")
        with pytest.raises(Refused, match="for good"):
            world.start()

    def test_a_stopped_deployment(self, world):
        world.deployments.stop("late")
        with pytest.raises(Conflict, match="does not run"):
            world.start()

    def test_a_split_by_hand(self, world):
        world.traffic.open("late", candidate=f"model:{MODEL}@3", share=0.5, salt="mine")
        with pytest.raises(Conflict, match="split already"):
            world.start()


class TestGet:
    def test_by_ref_id_digits_and_deployment(self, world):
        begun = world.start()
        for name in (begun.ref, begun.id, begun.id[:20], "late", "deployment:late"):
            assert world.rollouts.get(name).id == begun.id
        for name in ("nothing", "rollout:late", ""):
            with pytest.raises(NotFound):
                world.rollouts.get(name)

    def test_the_newest_first(self, world):
        first = world.start()
        world.rollouts.abort(first.ref, "enough")
        second = world.start(f"model:{MODEL}@3")
        assert [each.id for each in world.rollouts.list()] == [second.id, first.id]


class TestPlan:
    def test_it_says_what_comes_next_and_why(self, world):
        world.start()
        assert "the split is not published yet" in world.rollouts.plan()[0]
        world.rollouts.tick()
        said = world.rollouts.plan("late")
        assert "its share goes from 5% to 20% once it has stayed until 2013-03-02T00:00:00Z" in said[0]
        assert "200 more requests" in said[0]
        assert "aborted at once" in said[1]

    def test_it_says_what_is_not_watched(self, world):
        world.traffic.tell(edges=False)
        world.start()
        world.rollouts.tick()
        world.serve(1000, failing=30)
        assert "times and scores are not watched" in world.rollouts.plan()[1]
        (after,) = world.rollouts.tick()
        assert after.state == "aborted"

    def test_nothing_goes_on(self, world):
        assert world.rollouts.plan() == []
