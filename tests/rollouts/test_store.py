"""What the database itself holds to, on both of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from regrove.errors import Conflict
from regrove.ledger import Ledger
from regrove.rollouts.record import Phase
from regrove.rollouts.store import Store
from regrove.storage import Leases, Vault
from tests.rollouts.world import MODEL, World


@pytest.fixture
def somewhere(any_database, objects, clock, tmp_path, acting):
    """A world on each of both databases."""
    ledger = Ledger(any_database, objects, clock)
    return World(any_database, objects, Vault(objects), ledger, clock, tmp_path).settle()


@pytest.fixture
def rollout(somewhere):
    """One that has begun, and the store."""
    return somewhere.start(), Store(somewhere.database), somewhere.database


def test_from_phase_to_phase(somewhere):
    """One that is aborted, then one that comes to its end."""
    somewhere.start()
    somewhere.rollouts.tick()
    somewhere.serve(1000, failing=40)
    assert [each.state for each in somewhere.rollouts.tick()] == ["aborted"]
    somewhere.start(f"model:{MODEL}@3")
    assert somewhere.live_through(3).state == "completed"
    assert somewhere.shares() == [0, 500, 0, 500, 2_000, 5_000, 0]
    assert somewhere.ledger.verify().ok


def test_one_process_ticks(somewhere):
    """Another one is told who does; nothing is done twice."""
    somewhere.start()
    with Leases(somewhere.database).acquire("rollouts:test", ttl_s=60), pytest.raises(Conflict):
        somewhere.rollouts.tick()
    assert somewhere.shares() == [0]
    somewhere.rollouts.tick()
    assert somewhere.shares() == [0, 500]


def test_what_is_written_is_read(rollout):
    begun, store, database = rollout
    passed = replace(begun.current, state="passed", requests=7, generation=2, began_at=5, ended_at=9)
    after = replace(
        begun,
        phase=2,
        step=2,
        peaks={"errors": 1.5},
        phases=(passed, Phase(number=2, share=2_000, state="waiting", since_at=9)),
    )
    with database.transaction():
        assert store.hold(begun)
        store.change(after)
        assert not store.hold(begun)
        assert store.hold(after)
    assert store.get("test", begun.id) == after
    assert store.going("test") == store.going("test", "late") == [after]
    assert store.newest_ended("test") == []


def test_one_at_a_time_whoever_else_writes(rollout):
    """The second is refused by the key, and taken once the first has ended."""
    begun, store, database = rollout
    second = replace(begun, id="f" * 32)
    with database.transaction():
        assert not store.add(second)
        store.change(replace(begun, state="held", step=2))
        assert store.add(second)
    assert [each.id for each in store.going("test")] == [second.id]
    assert [each.id for each in store.of("test", "late")] == [begun.id, second.id]
    assert store.by_prefix("test", "ffff") == [second]
    assert store.by_prefix("test", "%") == []
