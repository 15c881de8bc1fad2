"""Playbooks as their users hold them: from an alert to an outcome."""

from __future__ import annotations

from typing import Any

from tests.playbooks.facts import fire


class TestLoop:
    """An alert begins a loop, which is walked to its end."""

    def test_an_alert_is_answered_by_a_promoted_model(
        self, playbooks: Any, settle: Any, rooms: Any, ledger: Any, database: Any
    ) -> None:
        """Retrained, judged, rolled out; every step because of the alert, done by the playbook."""
        alert = fire(ledger, database)
        (loop,) = settle()
        assert (loop.state, loop.present.action, loop.cause) == ("running", "rollout", alert)
        rooms.end_rollouts()
        (loop,) = settle()
        assert (loop.state, loop.outcome, loop.candidate) == ("finished", "promoted", "model:late@2")
        assert rooms.asked == ["retrain", "gate", "rollout"]
        entries = [each for each in ledger.read() if each.type.startswith("loop.")]
        assert [each.type for each in entries] == [
            "loop.started",
            "loop.advanced",
            "loop.advanced",
            "loop.advanced",
            "loop.advanced",
            "loop.finished",
        ]
        assert {(each.actor, each.cause, each.subject) for each in entries} == {("playbook:retrain", alert, loop.ref)}
        assert ledger.verify().ok

    def test_nothing_is_written_when_there_is_nothing_to_do(self, playbooks: Any, ledger: Any, database: Any) -> None:
        """An idle tick costs reads only."""
        from sqlalchemy import event

        written = []
        event.listen(database._engine, "commit", lambda connection: written.append(1))
        assert playbooks.tick() == []
        assert not written
