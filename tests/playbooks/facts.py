"""The event that most tests listen to."""

from __future__ import annotations

from typing import Any

from regrove.monitoring.events import AlertFired

__all__ = ["fire"]


def fire(ledger: Any, database: Any, **changes: Any) -> str:
    """Record that an alert fired, as a monitor does; the id of the event."""
    fields = {
        "alert": "0190a1b2c3d4e5f60718293a4b5c6d7e",
        "monitor": "late",
        "deployment": "late",
        "model": "model:late@1",
        "kind": "performance",
        "severity": "confirmed",
        "reason": "The log loss of 2013-03-01 to 2013-03-07 is 0.041 above what was expected (0.020 to 0.062).",
        "evidence": "b3-1:" + "0" * 64,
        "picture": "",
    } | changes
    with database.transaction():
        return ledger.record(AlertFired(**fields), subject=f"alert:{fields['alert']}")
