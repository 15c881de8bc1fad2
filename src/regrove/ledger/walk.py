"""One walk along the ledger, event by event, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from regrove import digest
from regrove.errors import Corrupt
from regrove.ledger import header as headers
from regrove.ledger.entry import COLUMNS, Head, StoredEvent
from regrove.ledger.events import PayloadErased
from regrove.ledger.lineage import edges_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from regrove.ledger.anchor import Anchor
    from regrove.ledger.header import Header
    from regrove.ledger.store import StoredEdge

__all__ = ["FAULTS_SHOWN", "Fault", "Walk"]

FAULTS_SHOWN: Final = 100
"""How many faults are kept; the others are counted."""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong at a position."""

    position: int
    what: str
    expected: str = ""
    received: str = ""


class Walk:
    """Holds the place in the chain, the next edge, the next anchor, and what was found wrong so far."""

    def __init__(
        self,
        begin: Head,
        edges: Iterable[StoredEdge],
        anchors: Iterable[Anchor],
        fetch: Callable[[int], StoredEvent | None],
    ) -> None:
        self.head = begin
        """The event that was read last."""
        self.events = 0
        self.found = 0
        self.faults: list[Fault] = []
        self.proof: Anchor | None = None
        """The last anchor that the chain met before it broke."""
        self._linked = True
        self._gap = False
        self._stopped = False
        self._first: int | None = None
        self._edges: Iterator[StoredEdge] | None = iter(edges)
        self._edge: StoredEdge | None = None
        self._anchors = iter(anchors)
        self._anchor: Anchor | None = None
        self._fetch = fetch
        self._next_edge()
        self._next_anchor()
        self._meet_anchors()

    @property
    def unbroken_to(self) -> int:
        """The last position before the first fault."""
        return self.head.position if self._first is None else max(0, min(self._first - 1, self.head.position))

    @property
    def proven_to(self) -> int:
        """The last position before the first fault that an anchor covers."""
        return min(self.proof.position, self.unbroken_to) if self.proof else 0

    def step(self, row: StoredEvent) -> None:
        """Check the next row."""
        self.events += 1
        position = row.position
        if not isinstance(position, int) or position <= self.head.position:
            place = position if isinstance(position, int) else self.head.position + 1
            self._fault(place, "a row stands where none can", received=f"position {position!r}")
            return
        if position > self.head.position + 1:
            self._missing(position)
        computed = headers.hash_of(row.header) if isinstance(row.header, bytes) else ""
        if row.hash != computed:
            self._fault(position, "the hash is not that of the header", expected=computed, received=_short(row.hash))
        header = self._header(position, row)
        if header is not None:
            self._link(position, header)
            self._columns(position, row, header)
            self._payload(position, row, header)
        self._edges_of(position, header)
        self._gap = not computed
        self.head = Head(position, computed)
        self._meet_anchors()

    def stop(self, error: Corrupt) -> None:
        """Note that nothing after this place can be read; what ends later cannot be checked either."""
        self._stopped = True
        self._fault(self.head.position + 1, error.happened, received=error.received)
        self._linked = False

    def finish(self, heads: list[tuple[object, object, object]]) -> None:
        """Check that the walk ended where the head table, the edges and the anchors end."""
        if self._stopped:
            return
        end = self.head.position
        kept = heads[0][1:] if heads else (0, self.head.hash)
        if len(heads) > 1 or (heads and heads[0][0] != 1):
            self._fault(end, "the head table does not hold its one row", received=_short(heads))
        elif kept != (end, self.head.hash):
            gone = isinstance(kept[0], int) and kept[0] > end
            self._fault(
                end + 1 if gone else end,
                "events are missing at the end" if gone else "the head is not the last event",
                expected=f"{kept[0]}:{_short(kept[1])}",
                received=f"{end}:{self.head.hash}",
            )
        while self._anchor is not None:
            self._fault(
                end + 1,
                "events that were anchored are missing at the end",
                expected=str(self._anchor),
                received=str(end),
            )
            self._next_anchor()
        self._stray_edges(None)

    def _missing(self, position: int) -> None:
        self._stray_edges(position)
        first = self.head.position + 1
        self._fault(
            first,
            "the event is missing" if first == position - 1 else f"events {first} to {position - 1} are missing",
            received=f"the next event has position {position}",
        )
        self._linked = False
        self._gap = True
        while self._anchor is not None and self._anchor.position < position:
            self._next_anchor()  # already told: what it names is missing

    def _header(self, position: int, row: StoredEvent) -> Header | None:
        try:
            return headers.decode(row.header)
        except Corrupt as error:
            self._fault(position, error.happened, received=error.received)
            self._linked = False
            return None

    def _link(self, position: int, header: Header) -> None:
        if self._gap or header.previous == self.head.hash:
            return  # behind a gap there is nothing to compare with, and the gap is told already
        # One of two events was changed. Where the earlier one is beyond doubt it was the later; otherwise the later
        # one vouches for what the earlier one was.
        sure = self.events == 1 or (self.proof is not None and self.proof.position == self.head.position)
        self._fault(
            position if sure else self.head.position,
            f"the chain is broken between events {self.head.position} and {position}",
            expected=header.previous,
            received=self.head.hash,
        )
        self._linked = False

    def _columns(self, position: int, row: StoredEvent, header: Header) -> None:
        for name in COLUMNS:
            chained, stored = getattr(header, name), getattr(row, name)
            if chained != stored:
                self._fault(
                    position,
                    f"the column {name} differs from the header",
                    expected=str(chained),
                    received=_short(stored),
                )

    def _payload(self, position: int, row: StoredEvent, header: Header) -> None:
        if row.payload is None:
            if not self._names(row.erased_by, position):
                self._fault(position, "the payload is missing, and no event erased it", received=_short(row.erased_by))
            return
        if not isinstance(row.payload, bytes) or digest.of_bytes(row.payload) != header.payload_digest:
            self._fault(
                position, "the payload was changed", expected=header.payload_digest, received=_short(row.payload)
            )
            return
        if row.erased_by is not None:
            self._fault(position, "the payload is there though it is marked as erased", received=_short(row.erased_by))
        if header.type == PayloadErased.TYPE:
            self._erasure(position, row.payload)

    def _erasure(self, position: int, payload: bytes) -> None:
        """What the erasure at ``position`` names must be erased, and by it."""
        erased = _erased(payload)
        target = self._fetch(erased.position) if erased else None
        if erased is None or target is None or target.payload is not None or target.erased_by != position:
            self._fault(
                erased.position if erased else position,
                f"the payload that event {position} erased is not gone",
                received="no such event" if target is None else f"erased by {_short(target.erased_by)}",
            )

    def _names(self, erasure: object, position: int) -> bool:
        """Whether the event at the position ``erasure`` says that it erased the payload at ``position``."""
        row = self._fetch(erasure) if isinstance(erasure, int) else None
        if row is None or not isinstance(row.payload, bytes) or row.type != PayloadErased.TYPE:
            return False
        erased = _erased(row.payload)
        return erased is not None and erased.position == position

    def _edges_of(self, position: int, header: Header | None) -> None:
        self._stray_edges(position)
        stored = []
        while self._edge is not None and self._edge.position == position:
            stored.append(tuple(self._edge))
            self._next_edge()
        if header is None or self._edges is None:
            return
        chained = [(position, n, e.source, e.target, e.kind) for n, e in enumerate(edges_of(header))]
        if stored != chained:
            self._fault(
                position,
                "the lineage edges differ from the header",
                expected=_short(chained),
                received=_short(stored),
            )

    def _stray_edges(self, before: int | None) -> None:
        """Edges of positions before ``before`` (None: all that are left) that no event claimed."""
        while self._edge is not None and (before is None or _below(self._edge.position, before)):
            place = self._edge.position
            self._fault(
                place if isinstance(place, int) else self.head.position + 1,
                "a lineage edge belongs to no event",
                received=_short(tuple(self._edge)),
            )
            self._next_edge()

    def _meet_anchors(self) -> None:
        while self._anchor is not None and self._anchor.position <= self.head.position:
            if self._anchor.position < self.head.position:
                pass  # before the beginning of this walk: nothing was read that it could prove
            elif self._anchor.hash != self.head.hash:
                since = self.proof.position + 1 if self.proof else 1
                self._fault(
                    self.head.position,
                    f"the chain is not the one that was anchored: an event from {since} on was changed",
                    expected=self._anchor.hash,
                    received=self.head.hash,
                )
                self._linked = False
            elif self._linked:
                self.proof = self._anchor
            self._next_anchor()

    def _next_edge(self) -> None:
        try:
            self._edge = next(self._edges, None) if self._edges is not None else None
        except Corrupt as error:
            self._edges = self._edge = None
            self._fault(self.head.position + 1, "the lineage edges cannot be read", received=error.received)

    def _next_anchor(self) -> None:
        try:
            self._anchor = next(self._anchors, None)
        except Corrupt as error:
            self._anchors, self._anchor = iter(()), None
            self._fault(self.head.position + 1, error.happened, expected=error.expected, received=error.received)

    def _fault(self, position: int, what: str, *, expected: str = "", received: str = "") -> None:
        self.found += 1
        self._first = position if self._first is None else min(self._first, position)
        if len(self.faults) < FAULTS_SHOWN:
            self.faults.append(Fault(position, what, expected, received))


def _erased(payload: bytes) -> PayloadErased | None:
    try:
        return msgspec.json.decode(payload, type=PayloadErased)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _below(position: object, before: int) -> bool:
    return isinstance(position, int) and position < before


def _short(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:200] + "..."
