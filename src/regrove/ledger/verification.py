"""Verifying: is the ledger what was recorded, and how far is that proven?

The chain alone shows that nobody changed one event without the others after it. Only an anchor, kept where the
database cannot reach it, shows that nobody wrote the chain anew; so what is *proven* ends at the last anchor, and what
is only *unbroken* may reach further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regrove.clock import iso
from regrove.errors import Corrupt
from regrove.ledger import store
from regrove.ledger.anchor import Anchor, Anchors, parse
from regrove.ledger.entry import ORIGIN, Head, StoredEvent
from regrove.ledger.walk import Fault, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from regrove.ledger.store import StoredEdge
    from regrove.storage.database import Database

__all__ = ["Fault", "Verification", "anchorable", "check", "confirm", "verify"]


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    ok: bool
    """Whether nothing was found wrong."""
    events: int
    """How many events were read."""
    unbroken_to: int
    """The last position up to which events, edges and chain agree with each other."""
    proven_to: int
    """The last position up to which they are also those that were anchored; 0 when no anchor proves any."""
    anchored_at: int
    """When the anchor that proves it was made; 0 when there is none or it was given as text."""
    head: Head
    """The last event that was read, which ``str(Anchor)`` of this run would name."""
    faults: tuple[Fault, ...]
    """What is wrong, in order of discovery, at most `FAULTS_SHOWN`."""
    faults_found: int


def verify(database: Database, anchors: Anchors, anchor: str | None = None) -> Verification:
    """Check the whole ledger of ``database`` against its chain, the ``anchors``, and the one given as text."""
    given = [parse(anchor)] if anchor else []
    last = anchors.last()  # before the snapshot: a later anchor would lie beyond it without any fault
    with database.read() as connection:
        return check(
            store.stream(connection, None),
            store.stream_edges(connection, None),
            heads=store.heads(connection),
            anchors=_merged(anchors.all(up_to=last), given),
            fetch=lambda position: store.by_position(connection, position),
        )


def anchorable(database: Database, anchors: Anchors) -> Head:
    """The head, once everything since the last anchor was found unbroken; raises Corrupt naming the first fault."""
    start = anchors.latest()
    begin = Head(start.position, start.hash) if start else ORIGIN
    with database.read() as connection:
        found = check(
            store.stream(connection, begin.position),
            store.stream_edges(connection, begin.position),
            heads=store.heads(connection),
            fetch=lambda position: store.by_position(connection, position),
            begin=begin,
        )
    if not found.ok:
        fault = found.faults[0]
        raise Corrupt(
            f"The ledger cannot be anchored: at position {fault.position} {fault.what}",
            expected=fault.expected,
            received=fault.received,
            mend="regrove audit verify",
        )
    return found.head


def confirm(database: Database, anchors: Anchors, *, empty: bool = False) -> None:
    """Raise Corrupt unless the ledger reaches the last anchor and has its hash there; see `Ledger.confirm`."""
    anchor = anchors.latest()  # before the snapshot: a later anchor would lie beyond it without any fault
    if anchor is None:
        return
    head, found = ORIGIN, None
    if not empty:
        with database.read() as connection:
            head, found = store.head(connection), store.by_position(connection, anchor.position)
    if found is not None and found.hash == anchor.hash and head.position >= anchor.position:
        return
    short = head.position < anchor.position
    raise Corrupt(
        "The database is not the one whose ledger was anchored last: it was emptied, set back or replaced",
        expected=f"event {anchor.position} with the hash {anchor.hash}, anchored at {iso(anchor.anchored_at)}",
        received=f"another event {anchor.position} there"
        if not short
        else f"a ledger that ends with event {head.position}"
        if head.position
        else "an empty ledger",
        mend=f"{database.restoring()}; or, to go on with this one and without what it lacks, move the anchors"
        f"{f' after event {head.position}' if short and head.position else ''} out of {anchors!r}",
    )


def check(
    events: Iterable[StoredEvent],
    edges: Iterable[StoredEdge],
    *,
    heads: list[tuple[object, object, object]],
    anchors: Iterable[Anchor] = (),
    fetch: Callable[[int], StoredEvent | None],
    begin: Head = ORIGIN,
) -> Verification:
    """Check rows that come in order of position, the first of them following ``begin``.

    ``heads`` are the rows of the head table (id, position, hash), ``anchors`` come in order of position, and ``fetch``
    gives the row at a position: an erasure and what it erased name each other.
    """
    walk = Walk(begin, edges, anchors, fetch)
    try:
        for row in events:
            walk.step(row)
    except Corrupt as error:  # the database itself, or an anchor, cannot be read any further
        walk.stop(error)
    walk.finish(heads)
    return Verification(
        ok=not walk.found,
        events=walk.events,
        unbroken_to=walk.unbroken_to,
        proven_to=walk.proven_to,
        anchored_at=walk.proof.anchored_at if walk.proof and walk.proven_to else 0,
        head=walk.head,
        faults=tuple(walk.faults),
        faults_found=walk.found,
    )


def _merged(stored: Iterator[Anchor], given: list[Anchor]) -> Iterator[Anchor]:
    for each in stored:
        while given and given[0].position <= each.position:
            yield given.pop(0)
        yield each
    yield from given
