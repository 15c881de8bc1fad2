"""Real requests through a real application, its log, and a rollout that reads nothing else."""

from __future__ import annotations

import pytest

from regrove.serving.replica import Replica
from regrove.serving.traffic import place
from tests.rollouts.world import DAY, MODEL
from tests.serving.doubles import Server, Sum, row


class Broken(Sum):
    """Fails half of all requests."""

    def predict(self, columns):
        if columns["hour"][0] % 2:
            raise ZeroDivisionError
        return super().predict(columns)


@pytest.fixture
def served(world, objects):
    """The rollouts of a world whose splits are the real ones; a server in this process stands for all."""
    world.deployments.splits = real = world.plain
    servers = []

    def serve(loader):
        server = Server(objects, world.deployments.root, loader)
        server.watcher.poll()
        servers.append(server)
        real.replicas = lambda name: [
            Replica(
                server="s",
                worker=0,
                generation=server.watcher.live.generation.number,
                candidate=0,
                ready=True,
                refused=0,
                trouble="",
            )
        ]
        return server

    yield serve
    for each in servers:
        each.close()


def ask(server, count, first=0):
    """So many callers, each with a key of its own; the statuses that they saw, by revision."""
    return ask_as(server, range(first, first + count))


def ask_as(server, numbers):
    """The same for these callers."""
    seen = {}
    for number in numbers:
        answered = server.predict(row(hour=number % 24, flight=f"UA{number}"), key=f"UA{number}")
        seen.setdefault((answered.json or {}).get("revision"), []).append(answered.status)
    return seen


def test_a_candidate_that_fails_is_withdrawn_and_nobody_else_is_hurt(world, served):
    """A sabotaged revision: every request outside its share is answered."""
    server = served(lambda published: (Sum(), *(Broken() for _ in published.candidates)))
    world.policy(phases=["30%", "100%"], minimum_requests=10)
    begun = world.start()
    world.rollouts.tick()
    assert server.watcher.poll()
    world.rollouts.tick()
    assert world.rollout.state == "running"
    seen = ask(server, 120)
    failed = [status for statuses in seen.values() for status in statuses if status >= 500]
    assert failed
    assert set(seen[1]) == {200}
    (after,) = world.rollouts.tick()
    assert (after.id, after.state) == (begun.id, "aborted")
    assert after.reason.startswith("errors:")
    assert server.watcher.poll()
    assert ask(server, 50, first=1000) == {1: [200] * 50}


def test_a_candidate_that_does_its_work_comes_to_answer_everybody(world, served):
    server = served(lambda published: tuple(Sum() for _ in published.arms))
    ask(server, 220)
    world.policy(phases=["50%", "100%"], minimum_requests=20)
    begun = world.start()
    assert begun.edges is not None
    world.rollouts.tick()
    server.watcher.poll()
    world.rollouts.tick()
    # Thirty on each side: whose key falls where is drawn anew with each rollout, and under twenty nothing is decided.
    sides = [[n for n in range(1_000) if (place(begun.id, f"UA{n}") < 5_000) is side][:30] for side in (True, False)]
    ask_as(server, sorted(sum(sides, [])))
    world.clock.advance(DAY)
    # The log is compacted while the rollout goes on; what was counted stays counted.
    server.close()
    world.deployments.compact("late")
    (after,) = world.rollouts.tick()
    assert after.state == "completed", after.reason
    assert after.phases[0].requests == 30
    assert world.current.revision.model == f"model:{MODEL}@2"


def test_one_caller_who_asks_all_the_time_is_one(world, served):
    """Its requests come to one side all together, which is no sign of a wrong split, nor are its errors many."""
    server = served(lambda published: tuple(Sum() for _ in published.arms))
    world.policy(phases=["30%", "100%"], minimum_requests=10)
    begun = world.start()
    world.rollouts.tick()
    server.watcher.poll()
    world.rollouts.tick()
    heavy = next(f"C{number}" for number in range(100) if place(begun.id, f"C{number}") < 3_000)
    for _ in range(150):
        server.predict(row(), key=heavy)
    ask(server, 40)
    assert world.rollouts.tick() == []
    assert world.rollout.current.requests > 150
    assert world.rollout.peaks["split"] < 3
