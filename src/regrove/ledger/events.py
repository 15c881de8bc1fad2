"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger.event import Event

__all__ = ["PayloadErased"]


class PayloadErased(Event, frozen=True, kw_only=True):
    """The payload of an earlier event was erased; its header, and with it the chain, stays."""

    TYPE: ClassVar[str] = "ledger.payload_erased"

    position: int
    event_id: str
    reason: str
