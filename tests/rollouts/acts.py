"""What the crash tests do in a process of its own; imports little, so that it can be forked."""

from __future__ import annotations

from typing import Any


def settle(folder: str) -> None:
    """A deployment that runs with the first version."""
    with _world(folder) as world:
        world.settle()


def live(folder: str, harm: bool) -> dict[str, Any]:
    """Roll the second version out, going on from wherever the last process was killed, until it has ended."""
    with _world(folder) as world:
        world.policy(phases=["20%", "100%"], minimum_requests=100)
        cause = world.ledger.read()[0].event_id
        world.start(cause=cause)
        for _ in range(20):
            world.rollouts.tick()
            rollout = world.rollout
            if not rollout.going:
                break
            done = world.traffic.told()["counts"]
            if rollout.state == "running" and f"{rollout.current.generation} candidate" not in done:
                failing = 60 if harm else 0
                world.serve(800, failing=failing)
            elif rollout.state == "running":
                world.traffic.tell(now=world.clock.now() + 86_400_000_000)
                world.clock.turn_to(world.traffic.told()["now"])
        world.rollouts.tick()
        facts = [each for each in world.ledger.read() if each.type.startswith(("rollout.", "deployment.", "alias."))]
        return {
            "state": world.rollout.state,
            "facts": [each.type for each in facts],
            "shares": world.shares(),
            "live": world.current.revision.model,
            "champion": world.champion(),
            "rollouts": len(world.rollouts.list()),
            "decisions": len(world.models.decisions("late-arrival")),
            "evidence": all(world.vault.has(each) for each in world.rollouts.live_digests()),
            "phases": [(each.share, each.state, each.requests) for each in world.rollout.phases],
            "verified": world.ledger.verify().ok,
        }


def _world(folder: str) -> Any:
    from contextlib import contextmanager
    from pathlib import Path

    from regrove.clock import HandClock
    from regrove.ledger import Ledger, acting
    from regrove.storage import Database, LocalObjects, Vault
    from tests.rollouts.world import World

    @contextmanager
    def opened() -> Any:
        root = Path(folder)
        database = Database.open(f"sqlite:///{root}/regrove.db")
        objects = LocalObjects(root / "objects")
        clock = HandClock(1_362_096_000_000_000)
        ledger = Ledger(database, objects, clock)
        with acting(actor="person:test", project="test"):
            world = World(database, objects, Vault(objects), ledger, clock, root)
            clock.turn_to(world.traffic.told().get("now", clock.now()))
            yield world
        database.close()

    return opened()
