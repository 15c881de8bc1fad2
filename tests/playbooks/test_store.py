"""The rows of this room, alike on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from regrove.errors import NotFound
from regrove.ledger import Ledger
from regrove.playbooks import Playbooks
from tests.playbooks.doubles import Declared, Rooms
from tests.playbooks.facts import fire

DAY = 86_400_000_000


class TestBothDatabases:
    """One life, told by what is on record."""

    def test_a_life(self, any_database: Any, objects: Any, clock: Any, acting: None) -> None:
        """An alert, a promotion with a notice, a skipped alert, a failure with a breaker, a reset, a schedule."""
        ledger, rooms = Ledger(any_database, objects, clock), Rooms()
        hook = {"webhook": "https://example.org/hook"}
        declared = Declared(
            retrain={"on": "alert.fired", "do": ["retrain", "gate", "rollout", "notify"], "notify": hook},
            monthly={"on": "schedule", "every": "30d", "do": ["notify"]},
        )
        playbooks = Playbooks(any_database, ledger, clock, declarations=declared, actions=rooms)
        playbooks.tick()
        fire(ledger, any_database)
        while playbooks.tick():
            pass
        fire(ledger, any_database)
        while playbooks.tick():
            pass
        rooms.end_rollouts()
        while playbooks.tick():
            pass
        rooms.retrain = _die  # type: ignore[method-assign]  # it fails for good
        declared.playbooks["retrain"]["limits"] = {"breaker": 1}
        declared.number += 1
        fire(ledger, any_database)
        while playbooks.tick():
            pass
        assert playbooks.get("retrain").state == "broken"
        playbooks.reset("retrain", "mended")
        clock.advance(31 * DAY)
        while playbooks.tick():
            pass
        told = [(each.playbook, each.state, each.outcome) for each in reversed(playbooks.loops())]
        assert told == [
            ("retrain", "finished", "promoted"),
            ("retrain", "skipped", "skipped"),
            ("retrain", "failed", "failed"),
            ("monthly", "finished", "notified"),
        ]
        first = playbooks.loops(skipped=False)[-1]
        assert playbooks.loop(first.ref) == first
        assert [each.state for each in first.notices] == ["delivered"]
        assert (first.config.do[-1], first.config.limits.breaker) == ("notify", 3)  # as it was declared then
        retrain, monthly = playbooks.list()
        assert (retrain.started, retrain.skipped, retrain.left, monthly.started) == (2, 1, 4, 1)
        assert [each.model for each in playbooks.loops(model="late")] == ["late"] * 4
        assert ledger.verify().ok

    def test_what_stands_for_anything_in_a_search_is_taken_as_it_is(
        self, any_database: Any, objects: Any, clock: Any, acting: None
    ) -> None:
        """A percent sign finds no loop."""
        ledger = Ledger(any_database, objects, clock)
        declared = Declared(tell={"on": "alert.fired", "do": ["notify"]})
        playbooks = Playbooks(any_database, ledger, clock, declarations=declared, actions=Rooms())
        playbooks.tick()
        fire(ledger, any_database)
        playbooks.tick()
        for text in ("%", "_", "loop:%", ""):
            with pytest.raises(NotFound):
                playbooks.loop(text)


def _die(model: str, *, cause: str) -> Any:
    raise ValueError("it is broken")
