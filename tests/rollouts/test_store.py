"""What the database itself holds to, on both of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from regrove.ledger import Ledger
from regrove.rollouts.record import Phase
from regrove.rollouts.store import Store
from regrove.storage import Vault
from tests.rollouts.world import World


@pytest.fixture
def rollout(any_database, objects, clock, tmp_path, acting):
    """One that has begun, and the store."""
    ledger = Ledger(any_database, objects, clock)
    world = World(any_database, objects, Vault(objects), ledger, clock, tmp_path).settle()
    return world.start(), Store(any_database), any_database


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
