"""The ledger as the rooms above hold it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from regrove import refs
from regrove.errors import InvalidInput, NotFound, Refused
from regrove.ledger import event as events
from regrove.ledger import store
from regrove.ledger.actor import attribution
from regrove.ledger.anchor import Anchor, Anchors
from regrove.ledger.append import Pending, buffer
from regrove.ledger.cursor import Cursor
from regrove.ledger.entry import Entry, Head, entry
from regrove.ledger.events import PayloadErased
from regrove.ledger.lineage import Lineage
from regrove.ledger.verification import Verification, anchorable, confirm, verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from regrove.clock import Clock
    from regrove.ledger.event import Event
    from regrove.storage.database import Database
    from regrove.storage.objects import ObjectStore

__all__ = ["Ledger"]

_MOST_REFS: Final = 4096


class Ledger:
    """What happened, in order. Safe to share between threads and processes: all state is in the database."""

    def __init__(self, database: Database, objects: ObjectStore, clock: Clock) -> None:
        self._database = database
        self._anchors = Anchors(objects)
        self._clock = clock
        self.lineage: Final = Lineage(database)
        """Walks over what was used and generated."""

    def record(
        self,
        event: Event,
        *,
        subject: str,
        used: Sequence[str] = (),
        generated: Sequence[str] = (),
        occurred_at: int | None = None,
    ) -> str:
        """Record that ``event`` happened to ``subject``, which used and generated the things of these refs.

        It enters the chain when the open transaction commits, after everything else in it. Returns the event's id.
        ``occurred_at`` is in microseconds UTC (default: the clock's now).

        Raises RegroveError outside a transaction or when nobody is acting, InvalidInput for an event without a JSON
        form, for something that is no ref, and for an alias among ``used`` or ``generated``: evidence does not move.
        """
        return self._record(event, subject=subject, used=used, generated=generated, occurred_at=occurred_at)

    def read(
        self,
        after: int = 0,
        *,
        limit: int = 1000,
        types: Sequence[str] = (),
        subject: str = "",
        project: str = "",
    ) -> list[Entry]:
        """Up to ``limit`` entries after the position ``after``, oldest first; an empty filter lets all through.

        What the open transaction recorded is not in the ledger before it commits. Raises Corrupt, naming the
        position, for an entry whose bytes are not those that were recorded.
        """
        if limit < 1:
            raise InvalidInput("A page of no entries was asked for", expected="at least 1", received=str(limit))
        with self._database.read() as connection:
            rows = store.page(connection, after, limit, types=types, subject=subject, project=project)
        return [entry(row) for row in rows]

    def get(self, which: int | str) -> Entry:
        """The entry at a position, or of an event id (``event:`` before it is allowed). Raises NotFound."""
        with self._database.read() as connection:
            if isinstance(which, int):
                row = store.by_position(connection, which)
            else:
                row = store.by_id(connection, refs.check_id(which.removeprefix("event:"), what="event id"))
        if row is None:
            raise NotFound("There is no such event in the ledger", received=str(which), mend="regrove audit log")
        return entry(row)

    def head(self) -> Head:
        """The last position and its hash; position 0 when nothing was recorded yet."""
        with self._database.read() as connection:
            return store.head(connection)

    def cursor(self, name: str, *, project: str = "") -> Cursor:
        """The durable place of the reader ``name``, in one project or (default) in all of the workspace."""
        if project:
            refs.check_name(project, what="project")
        return Cursor(self._database, refs.check_name(name, what="cursor"), project)

    def anchor(self) -> Anchor:
        """Keep the head as a create-only object, after checking all that came since the last anchor.

        Raises Corrupt, naming the position, when the chain does not hold: what was changed is not made proof.
        """
        head = anchorable(self._database, self._anchors)
        return self._anchors.make(head) if head.position else Anchor(position=0, hash=head.hash)

    def anchors(self) -> Iterator[Anchor]:
        """All anchors, oldest first, read one at a time."""
        return self._anchors.all()

    def confirm(self, *, empty: bool = False) -> None:
        """Refuse to go on with another ledger than the one that was anchored last.

        A look at the last anchor and at one event, however long the ledger is: it tells a database that was emptied,
        set back to an older copy, or replaced; what was changed in between only `verify` tells. ``empty`` is for a
        database that holds nothing yet, which is not looked into. Raises Corrupt with what brings the ledger back.
        """
        confirm(self._database, self._anchors, empty=empty)

    def verify(self, anchor: str | None = None) -> Verification:
        """Check every event, edge and the head against the chain, and the chain against the anchors.

        ``anchor`` (``POSITION:HASH``) is one that was kept elsewhere; it counts beside those in the object store.
        Runs in constant memory on one snapshot, while others record.
        """
        return verify(self._database, self._anchors, anchor)

    def erase(self, position: int, reason: str) -> str:
        """Take the payload of the event at ``position`` away for good, and record that and why.

        The header stays, so the chain still verifies. Copies in backups are not reached. Returns the id of the event
        that records it. Raises NotFound, or Refused when the payload is gone already or records an erasure itself.
        """
        if not reason.strip():
            raise InvalidInput("An erasure needs a reason", received=repr(reason))
        with self._database.transaction():
            old = self.get(position)
            if old.payload is None or old.type == PayloadErased.TYPE:
                raise Refused(
                    f"The payload of event {position} cannot be erased",
                    expected="a payload that is there and does not itself record an erasure",
                    received="nothing: it was erased" if old.payload is None else old.type,
                )
            event = PayloadErased(position=position, event_id=old.event_id, reason=reason.strip())
            return self._record(event, subject=f"event:{old.event_id}", erases=position)

    def _record(
        self,
        event: Event,
        *,
        subject: str,
        used: Sequence[str] = (),
        generated: Sequence[str] = (),
        occurred_at: int | None = None,
        erases: int = 0,
    ) -> str:
        transaction = self._database.current()
        at = self._clock.now() if occurred_at is None else occurred_at
        if type(at) is not int or not -(2**63) <= at < 2**63:
            raise InvalidInput("This is not an instant", expected="microseconds UTC as an integer", received=repr(at))
        pending = Pending(
            event_id=refs.new_id(),
            attribution=attribution(),
            payload=events.encode(event),
            type=event.TYPE,
            version=event.VERSION,
            occurred_at=at,
            subject=str(refs.parse(subject)),
            used=_evidence(used, "used"),
            generated=_evidence(generated, "generated"),
            erases=erases,
        )
        buffer(transaction, pending)
        return pending.event_id


def _evidence(given: Sequence[str], what: str) -> tuple[str, ...]:
    """The refs of ``given``, each once, none of them an alias."""
    if isinstance(given, str) or len(given) > _MOST_REFS:
        raise InvalidInput(
            f"What was {what} is not a list of refs",
            expected=f"at most {_MOST_REFS} refs",
            received="one text" if isinstance(given, str) else f"{len(given)}",
        )
    for each in given:
        ref = refs.parse(each)
        if ref.version and ref.ordinal is None:
            raise InvalidInput(
                f"An alias cannot be evidence of what was {what}: it moves",
                expected="a ref with a number, such as model:late-arrival@7",
                received=each,
            )
    return tuple(dict.fromkeys(given))
