"""Fixtures of this room."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import START
from tests.worker.world import World


@pytest.fixture
def world(database: Any, ledger: Any, clock: Any, acting: None) -> World:
    """A workspace whose playbooks have seen the declaration."""
    made = World(database, ledger, clock)
    made.playbooks.tick()
    return made


@pytest.fixture
def past(database: Any, objects: Any, acting: None) -> World:
    """The same, of a replayed project."""
    from regrove.ledger import Ledger
    from regrove.storage import StoredClock

    clock = StoredClock(database, "test")
    clock.turn_to(START)
    made = World(database, Ledger(database, objects, clock), clock)
    made.playbooks.tick()
    return made


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The machine's clock, as far as pauses look at it, turned by hand."""
    from regrove import clock

    class Machine:
        ahead = 0

        def wait(self, seconds: float) -> None:
            self.ahead += int(seconds * 1e6)

    machine, real = Machine(), clock.wall
    for module in ("regrove.worker.troubles", "regrove.worker.outlook", "regrove.worker.worker"):
        monkeypatch.setattr(f"{module}.wall", lambda: real() + machine.ahead)
    for module in ("walk", "delivery", "closing", "trigger", "outlook"):
        monkeypatch.setattr(f"regrove.playbooks.{module}.wall", lambda: real() + machine.ahead)
    return machine
