"""The record: what happened, in order, by whom and why, in a chain that cannot be changed unseen.

Every change is an event, committed in the same transaction as the change. `Ledger` records and reads them, walks the
lineage that they carry, and verifies the chain against anchors; a `Cursor` is a reader's durable place in it; `acting`
says who acts. A room declares its facts as subclasses of `Event`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.ledger.actor import Attribution, acting, attribution
    from regrove.ledger.anchor import Anchor
    from regrove.ledger.cursor import Cursor
    from regrove.ledger.entry import Entry, Head
    from regrove.ledger.event import Event
    from regrove.ledger.events import PayloadErased
    from regrove.ledger.lineage import Edge, Lineage
    from regrove.ledger.service import Ledger
    from regrove.ledger.verification import Fault, Verification

__all__ = [
    "Anchor",
    "Attribution",
    "Cursor",
    "Edge",
    "Entry",
    "Event",
    "Fault",
    "Head",
    "Ledger",
    "Lineage",
    "PayloadErased",
    "Verification",
    "acting",
    "attribution",
]

_HOME = {
    "Anchor": "anchor",
    "Attribution": "actor",
    "Cursor": "cursor",
    "Edge": "lineage",
    "Entry": "entry",
    "Event": "event",
    "Fault": "verification",
    "Head": "entry",
    "Ledger": "service",
    "Lineage": "lineage",
    "PayloadErased": "events",
    "Verification": "verification",
    "acting": "actor",
    "attribution": "actor",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
