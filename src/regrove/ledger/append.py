"""Appending: what a transaction recorded enters the chain as its last act, under the head lock.

Events gather in the open transaction and are appended by the hook that runs last before the commit. So the head lock
is held from there to the commit only, no transaction waits for another lock while it holds it (and so none can
deadlock on it), and positions are gapless in the order of the commits: whoever sees position 7 sees 1 to 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove import digest
from regrove.clock import wall
from regrove.errors import Conflict
from regrove.ledger import header as headers
from regrove.ledger import store
from regrove.ledger.entry import COLUMNS, Head
from regrove.ledger.header import Header
from regrove.ledger.lineage import edges_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regrove.ledger.actor import Attribution
    from regrove.storage.transaction import Transaction

__all__ = ["Pending", "buffer"]

_NOTE: Final = "ledger"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An event that waits for the commit of its transaction."""

    event_id: str
    type: str
    version: int
    occurred_at: int
    attribution: Attribution
    subject: str
    used: tuple[str, ...]
    generated: tuple[str, ...]
    payload: bytes
    erases: int = 0
    """The position whose payload goes with this event; 0 for none."""


def buffer(transaction: Transaction, pending: Pending) -> None:
    """Let ``pending`` be appended when ``transaction`` commits."""
    transaction.notes.setdefault(_NOTE, []).append(pending)
    transaction.before_commit(_NOTE, _append)


def _append(transaction: Transaction) -> None:
    pending: list[Pending] = transaction.notes.pop(_NOTE, [])
    if not pending:
        return
    before = store.lock_head(transaction)
    recorded_at = wall()
    rows: list[dict[str, Any]] = []
    edges: list[dict[str, Any]] = []
    head = before
    for each in pending:
        header = _header(each, head, recorded_at)
        data = headers.encode(header)
        head = Head(header.position, headers.hash_of(data))
        rows.append(_row(header, data, head.hash, each.payload))
        edges += [msgspec.structs.asdict(edge) | {"number": n} for n, edge in enumerate(edges_of(header))]
    store.append(transaction, rows, edges, head=head)
    _erase(transaction, pending, before)


def _header(pending: Pending, head: Head, recorded_at: int) -> Header:
    by = pending.attribution
    return Header(
        position=head.position + 1,
        event_id=pending.event_id,
        type=pending.type,
        version=pending.version,
        occurred_at=pending.occurred_at,
        recorded_at=recorded_at,
        actor=by.actor,
        project=by.project,
        cause=by.cause,
        subject=pending.subject,
        used=pending.used,
        generated=pending.generated,
        payload_digest=digest.of_bytes(pending.payload),
        previous=head.hash,
    )


def _row(header: Header, data: bytes, hash_: str, payload: bytes) -> dict[str, Any]:
    row = {name: getattr(header, name) for name in COLUMNS}
    return row | {"header": data, "hash": hash_, "payload": payload, "erased_by": None}


def _erase(transaction: Transaction, pending: Sequence[Pending], before: Head) -> None:
    for position, each in enumerate(pending, start=before.position + 1):
        if each.erases and not store.erase(transaction, each.erases, by=position):
            raise Conflict(f"The payload of event {each.erases} has been erased already", mend="nothing is left to do")
