"""The way back, in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from regrove.monitoring import Alert
from regrove.playbooks import Playbooks
from regrove.serving import LabelRecord
from regrove.workspace.trace import _label, trace
from tests.playbooks.doubles import Declared, Rooms
from tests.playbooks.facts import fire


def test_a_label_tells_both_its_times() -> None:
    """Labels are ordered by when they became known, so that must be seen; a client may not have said it."""
    arrived = 1_362_182_400_000_000
    said = LabelRecord(value=True, known_at=arrived - 3_600_000_000, received_at=arrived)
    assert _label(said) == "True (known 2013-03-01T23:00:00Z, arrived 2013-03-02T00:00:00Z)"
    silent = LabelRecord(value=2.5, known_at=None, received_at=arrived)
    assert _label(silent) == "2.5 (arrived 2013-03-02T00:00:00Z)"


def test_a_loop_is_followed_to_the_alert_that_began_it(database: Any, ledger: Any, clock: Any, acting: None) -> None:
    """By the event, not by a guess."""
    declared = Declared(retrain={"on": "alert.fired", "do": ["retrain"]})
    playbooks = Playbooks(database, ledger, clock, declarations=declared, actions=Rooms())
    playbooks.tick()
    fire(ledger, database, alert="0190a1b2c3d4e5f60718293a4b5c6d7e")
    ref = "alert:0190a1b2c3d4e5f60718293a4b5c6d7e"
    alert = Alert(
        id=ref.removeprefix("alert:"),
        project="test",
        monitor="late",
        kind="performance",
        deployment="late",
        model="model:late@1",
        severity="confirmed",
        state="firing",
        reason="log_loss .77",
        evidence="b3-1:aa",
        picture="",
        pending_at=1,
        fired_at=1_362_182_400_000_000,
    )
    loop = playbooks.tick()[0]
    ws: Any = SimpleNamespace(playbooks=playbooks, ledger=ledger, monitors=SimpleNamespace(alert={ref: alert}.get))
    stations = trace(ws, loop.ref).steps
    assert [(each.what, each.ref, each.depth) for each in stations] == [("loop", loop.ref, 0), ("alert", ref, 1)]
    assert dict(stations[1].facts)["of"] == "late: performance of model:late@1"
