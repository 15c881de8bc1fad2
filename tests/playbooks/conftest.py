"""Fixtures of this room."""

from __future__ import annotations

from typing import Any

import pytest

from tests.playbooks.doubles import Declared, Rooms

RETRAIN = {"on": "alert.fired", "do": ["retrain", "gate", "rollout"]}


@pytest.fixture
def declared() -> Declared:
    """One playbook that retrains when an alert fires."""
    return Declared(retrain=RETRAIN)


@pytest.fixture
def rooms() -> Rooms:
    """The rooms below."""
    return Rooms()


@pytest.fixture
def playbooks(database: Any, ledger: Any, clock: Any, declared: Declared, rooms: Rooms, acting: None) -> Any:
    """The service, which has seen the declaration."""
    from regrove.playbooks import Playbooks

    service = Playbooks(database, ledger, clock, declarations=declared, actions=rooms)
    assert service.tick() == []
    return service


@pytest.fixture
def settle(playbooks: Any) -> Any:
    """Tick until nothing changes any more; the loops that changed."""

    def tick() -> list[Any]:
        changed = {}
        for _ in range(50):
            found = playbooks.tick()
            if not found:
                return list(changed.values())
            changed |= {each.id: each for each in found}
        raise AssertionError("it does not come to rest")

    return tick
