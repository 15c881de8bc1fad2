"""The worker: one leader, every part in its order, none in the way of the others."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from regrove.errors import Conflict, Corrupt, LeaseLost, StepFailed
from regrove.storage import Database, Leases, WorkerTicks
from regrove.worker import Worker
from tests.conftest import START
from tests.worker.world import World

DAY = 86_400_000_000
ONE_TICK = ["compact late", "compact early", "monitor late", "monitor early", "rollout late", "rollout early"]


class TestTick:
    """What one tick does."""

    def test_every_part_has_its_turn_in_the_order_of_the_loop(self, world: World) -> None:
        """Logs before the monitors that judge them, then decisions; and nothing happens twice in an idle one."""
        assert Worker(world).run(once=True) == []
        assert world.did == ONE_TICK

    def test_an_alert_is_acted_on_in_the_same_tick(self, world: World) -> None:
        """From the monitor to the rollout, as far as it goes now; each thing is said."""
        heard: list[str] = []
        world.alerts["late"] = 1
        world.ends_at = START + DAY
        (tick,) = Worker(world, say=heard.append).run(once=True)
        assert world.rooms.asked == ["retrain", "gate", "rollout"]
        assert tuple(heard) == tick.done
        assert heard[0] == "alert:1 (performance) of late fired: It is worse."
        assert heard[-1].endswith("rollout is waiting. Phase 1 of 2 at 5%.")
        world.turn(DAY)
        (tick,) = Worker(world).run(once=True)
        assert tick.done[-1].endswith("is finished: promoted. The rollout completed.")

    def test_what_was_recorded_is_anchored_at_the_end(self, world: World) -> None:
        """Once; and the worker is named as who did it."""
        world.alerts["late"] = 1
        worker = Worker(world)
        worker.run(once=True)
        assert [each.position for each in world.ledger.anchors()] == [world.ledger.head().position]
        assert world.ledger.read(types=("alert.fired",))[0].actor == "service:worker"
        worker.run(once=True)
        assert len(list(world.ledger.anchors())) == 1

    def test_it_ends_after_the_part_that_goes_on(self, world: World) -> None:
        """The others are left for the next."""
        stop, real = threading.Event(), world.deployments.compact

        def compact(name: str) -> Any:
            stop.set()
            return real(name)

        world.deployments.compact = compact
        Worker(world).run(stop=stop)
        assert world.did == ["compact late"]

    def test_it_ends_after_the_action_that_goes_on(self, world: World) -> None:
        """When it is told to stop in the middle of a retraining; the next one goes on with the gate."""
        world.alerts["late"] = 1
        stop, real = threading.Event(), world.rooms.retrain

        def retrain(model: str, *, cause: str) -> Any:
            stop.set()
            return real(model, cause=cause)

        world.rooms.retrain = retrain  # type: ignore[method-assign]  # told to stop meanwhile
        Worker(world).run(stop=stop)
        assert world.rooms.asked == ["retrain"]
        assert world.playbooks.loop("last").present.action == "gate"
        world.rooms.retrain = real  # type: ignore[method-assign]  # as it was
        Worker(world).run(once=True)
        assert world.rooms.asked == ["retrain", "gate", "rollout"]


class TestTroubles:
    """One part's failure is its own."""

    def test_the_others_go_on_and_it_rests_longer_and_longer(self, world: World, machine: Any) -> None:
        """It is recorded when it begins and when it is over, shown meanwhile, and not tried before its time."""
        world.trouble["monitor late"] = [Corrupt("A summary was changed"), ValueError("odd")]
        worker = Worker(world)
        (tick,) = worker.run(once=True)
        assert world.did == ONE_TICK
        assert [(each.part, each.failures) for each in tick.troubles] == [("monitor late", 1)]
        worker.run(once=True)
        assert world.did.count("monitor late") == 1
        machine.wait(3)
        worker.run(once=True)
        assert world.did.count("monitor late") == 2
        machine.wait(3)
        worker.run(once=True)
        assert world.did.count("monitor late") == 2
        machine.wait(3)
        (tick,) = worker.run(once=True)
        assert (tick.done, tick.troubles) == (("monitor late goes on again.",), ())
        stumbled, recovered = world.ledger.read(types=("worker.stumbled", "worker.recovered"))
        assert (stumbled.event.part, stumbled.event.error) == ("monitor late", "corrupt")
        assert (recovered.event.part, recovered.event.failures) == ("monitor late", 2)

    def test_a_monitor_does_not_judge_a_log_that_could_not_be_read(self, world: World) -> None:
        """Only that one; its rollout is still guarded."""
        world.trouble["compact late"] = [Corrupt("A segment is damaged")]
        Worker(world).run(once=True)
        assert world.did == [each for each in ONE_TICK if each != "monitor late"]

    def test_a_broken_part_of_decisions_leaves_the_others(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Playbooks that fail do not keep a canary from being withdrawn."""
        monkeypatch.setattr(world.playbooks, "tick", _broken)
        (tick,) = Worker(world).run(once=True)
        assert world.did == ONE_TICK
        assert [each.part for each in tick.troubles] == ["playbooks"]

    def test_another_worker_knows_of_it(self, world: World) -> None:
        """From the database: it waits, and its plan says for what."""
        world.trouble["compact late"] = [Corrupt("A segment is damaged", mend="restore it")]
        Worker(world).run(once=True)
        other = Worker(world)
        other.run(once=True)
        assert world.did.count("compact late") == 1
        (line,) = [each for each in other.plan() if each.startswith("log of late is tried again")]
        assert "it has failed once since" in line
        assert line.endswith("A segment is damaged.")

    def test_a_part_that_is_gone_is_forgotten(self, world: World) -> None:
        """Its deployment is not there any more."""
        world.trouble["compact early"] = [Corrupt("A segment is damaged")]
        worker = Worker(world)
        worker.run(once=True)
        world.names = ["late"]
        assert worker.run(once=True) == []
        assert not [each for each in worker.plan() if "early" in each]

    def test_what_somebody_else_does_is_no_trouble(self, world: World) -> None:
        """It is waited for, and said once."""
        world.trouble["compact late"] = [Conflict("Another process works on compact:test/late") for _ in range(3)]
        worker = Worker(world)
        said = [worker.run(once=True) for _ in range(3)]
        assert [each for tick in said for each in tick] == [
            type(said[0][0])(at=START, done=("log of late waits: Another process works on compact:test/late.",))
        ]
        worker.run(once=True)
        assert world.did.count("compact late") == 4


class TestLeader:
    """One at a time."""

    def test_a_second_worker_is_refused(self, world: World) -> None:
        """With the process that leads; the plan names it, too."""
        with Leases(world.database).acquire("worker:test", ttl_s=60):
            with pytest.raises(Conflict, match="Another process works on worker:test"):
                Worker(world).run(once=True)
            assert "is process" in Worker(world).plan()[0]
        assert Worker(world).plan()[0].startswith("No worker leads this workspace")
        assert not world.did

    def test_whoever_has_lost_the_lease_does_nothing_more(self, world: World) -> None:
        """It may only have slept while another took over."""
        other = Database.open(str(world.database.url))
        real = world.deployments.compact

        def compact(name: str) -> Any:
            with other.transaction() as transaction:
                import sqlalchemy as sa

                transaction.execute(sa.text("UPDATE storage_leases SET epoch = epoch + 1 WHERE name = 'worker:test'"))
            return real(name)

        world.deployments.compact = compact
        with pytest.raises(LeaseLost):
            Worker(world).run(once=True)
        assert world.did == ["compact late"]
        other.close()


class TestReplay:
    """In a replayed project it follows the clock."""

    def test_it_ticks_when_the_clock_was_turned_and_says_how_far_it_has_come(self, past: World) -> None:
        """Until the instant that was asked for; whoever turns the clock waits for it."""
        ticks, seen = WorkerTicks(past.database, "test"), []
        worker = threading.Thread(target=_lead, args=(past, START + 3 * DAY))
        worker.start()
        for day in range(1, 4):
            past.clock.turn_to(START + day * DAY)
            while ticks.reached() < START + day * DAY:
                worker.join(0.005)
                assert worker.is_alive() or ticks.reached() >= START + day * DAY
            seen.append(past.did.count("monitor late"))
        worker.join(20)
        assert not worker.is_alive()
        assert seen[-1] >= 3

    def test_a_loop_goes_as_far_as_it_goes_within_one_instant(self, past: World) -> None:
        """Not one action a day."""
        past.alerts["late"] = 1
        past.ends_at = START + DAY
        Worker(past).run(until=START)
        assert past.rooms.asked == ["retrain", "gate", "rollout"]
        assert WorkerTicks(past.database, "test").reached() == START

    def test_its_time_waits_for_what_is_to_be_tried_again(self, past: World, machine: Any) -> None:
        """A retraining that failed once must not happen a month later because a month took a second."""
        past.alerts["late"] = 1
        past.rooms.trouble["retrain"] = [StepFailed("The step features raised")]
        past.ends_at = START + DAY
        ticks = WorkerTicks(past.database, "test")
        Worker(past).run(once=True)
        assert ticks.reached() == 0
        machine.wait(61)
        Worker(past).run(once=True)
        assert ticks.reached() == START
        assert past.playbooks.loop("last").present.action == "rollout"

    def test_it_does_not_wait_for_ever(self, past: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """What stays broken is left behind, and told."""
        monkeypatch.setattr("regrove.worker.worker._PATIENCE_S", -1.0)
        past.trouble["monitor late"] = [Corrupt("A summary was changed") for _ in range(1000)]
        Worker(past).run(until=START)
        assert WorkerTicks(past.database, "test").reached() == START

    def test_before_the_first_turn_it_says_what_to_do(self, database: Any, objects: Any, acting: None) -> None:
        """There is no time to act in."""
        from regrove.ledger import Ledger
        from regrove.storage import StoredClock

        clock = StoredClock(database, "test")
        with pytest.raises(Conflict, match="regrove clock --turn-to"):
            Worker(World(database, Ledger(database, objects, clock), clock)).run(once=True)

    def test_the_plan_says_how_far_it_has_come(self, past: World) -> None:
        """Behind the clock, or up to it."""
        assert "stands at 2013-03-01T00:00:00Z, and nothing is done yet." in Worker(past).plan()[1]
        Worker(past).run(once=True)
        assert "and everything up to there is done." in Worker(past).plan()[1]
        past.clock.turn_to(START + DAY)
        assert "and what is done reaches to 2013-03-01T00:00:00Z." in Worker(past).plan()[1]


def _broken(stop: Any) -> Any:
    raise ValueError("odd")


def _lead(world: World, until: int) -> None:
    from regrove.ledger import acting

    with acting(actor="person:test", project="test"):
        Worker(world).run(until=until)
