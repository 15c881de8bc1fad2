"""An event of the tests, and a short way to record it."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event, Ledger


class Noted(Event, frozen=True, kw_only=True):
    """Something was noted."""

    TYPE: ClassVar[str] = "test.noted"

    text: str


def note(ledger: Ledger, database, text: str = "x", *, subject: str = "run:a", **more) -> str:
    """Record one event in a transaction of its own."""
    with database.transaction():
        return ledger.record(Noted(text=text), subject=subject, **more)
