"""One event as it stands in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from regrove import digest
from regrove.errors import Corrupt
from regrove.ledger import event as events
from regrove.ledger import header as headers
from regrove.ledger.header import GENESIS, Header

if TYPE_CHECKING:
    from regrove.ledger.event import Event

__all__ = ["COLUMNS", "ORIGIN", "Entry", "Head", "StoredEvent", "entry"]


class Head(msgspec.Struct, frozen=True):
    """The last position of the ledger and its hash; position 0 before the first event."""

    position: int
    hash: str


ORIGIN: Final = Head(0, GENESIS)
"""The head of a ledger without events."""


class StoredEvent(NamedTuple):
    """A row as the database holds it. Nothing is taken for granted: a changed row may hold values of any type."""

    position: object
    event_id: object
    type: object
    version: object
    occurred_at: object
    recorded_at: object
    actor: object
    project: object
    cause: object
    subject: object
    payload_digest: object
    hash: object
    header: object
    payload: object
    erased_by: object


COLUMNS: Final = StoredEvent._fields[:11]
"""The columns that repeat the header so that the database can search it; `Header` has a field of each name."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its place, its circumstances and its payload.

    Read from the chained header, never from the columns that index it.
    """

    position: int
    event_id: str
    type: str
    version: int
    occurred_at: int
    recorded_at: int
    actor: str
    project: str
    cause: str
    subject: str
    used: tuple[str, ...]
    generated: tuple[str, ...]
    payload_digest: str
    hash: str
    payload: bytes | None
    """The exact canonical JSON, or None when it was erased."""

    @property
    def event(self) -> Event | None:
        """The typed event; None when it was erased or when no imported room declares its type.

        Raises Corrupt when the payload does not have the fields of its type.
        """
        return None if self.payload is None else events.decode(self.type, self.version, self.payload)

    @property
    def head(self) -> Head:
        """The head of the ledger as it was when this was the last event."""
        return Head(self.position, self.hash)


def entry(row: StoredEvent) -> Entry:
    """The entry of a row. Raises Corrupt, naming the position, when header, hash or payload do not agree."""
    try:
        header = headers.decode(row.header)
    except Corrupt as error:
        raise _corrupt(row, error.happened, received=error.received) from error
    payload = row.payload if isinstance(row.payload, bytes) else None
    if row.hash != headers.hash_of(headers.encode(header)) or row.position != header.position:
        raise _corrupt(row, "its header is not the one that was chained")
    if payload is None and row.payload is not None:
        raise _corrupt(row, "its payload is not bytes", received=type(row.payload).__name__)
    if payload is None and row.erased_by is None:
        raise _corrupt(row, "its payload is missing, and no event says that it was erased")
    if payload is not None and digest.of_bytes(payload) != header.payload_digest:
        raise _corrupt(row, "its payload is not the one that was recorded", expected=header.payload_digest)
    return _entry(header, str(row.hash), payload)


def _entry(header: Header, hash_: str, payload: bytes | None) -> Entry:
    return Entry(
        position=header.position,
        event_id=header.event_id,
        type=header.type,
        version=header.version,
        occurred_at=header.occurred_at,
        recorded_at=header.recorded_at,
        actor=header.actor,
        project=header.project,
        cause=header.cause,
        subject=header.subject,
        used=header.used,
        generated=header.generated,
        payload_digest=header.payload_digest,
        hash=hash_,
        payload=payload,
    )


def _corrupt(row: StoredEvent, what: str, *, expected: str = "", received: str = "") -> Corrupt:
    return Corrupt(
        f"Event {row.position} of the ledger was changed: {what}",
        expected=expected,
        received=received,
        mend="regrove audit verify",
    )
