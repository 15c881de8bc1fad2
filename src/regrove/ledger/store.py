"""The SQL of this room.

Rows are read as the database holds them, without the type conversions that would fail on a changed row: what reads
them checks them against the chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

from sqlalchemy import (
    Column,
    LargeBinary,
    Select,
    Text,
    bindparam,
    cast,
    exc,
    insert,
    select,
    type_coerce,
    update,
)
from sqlalchemy.types import NULLTYPE

from regrove.clock import wall
from regrove.errors import Conflict, Corrupt
from regrove.ledger.entry import ORIGIN, Head, StoredEvent
from regrove.ledger.tables import cursors, edges, events
from regrove.ledger.tables import head as head_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from regrove.storage.transaction import Transaction

__all__ = [
    "StoredEdge",
    "append",
    "by_id",
    "by_position",
    "cursor_position",
    "edges_at",
    "erase",
    "head",
    "heads",
    "lock_head",
    "move_cursor",
    "page",
    "stream",
    "stream_edges",
]

PAGE: Final = 1_000
"""Rows read at a time by a stream."""

_LEVEL: Final = 500
"""Refs asked for in one statement of a walk."""


class StoredEdge(NamedTuple):
    """An edge as the database holds it."""

    position: object
    number: object
    source: object
    target: object
    kind: object


Row = TypeVar("Row", StoredEvent, StoredEdge)


def _raw(columns: Iterable[Column[Any]]) -> list[Any]:
    return [type_coerce(column, NULLTYPE).label(column.name) for column in columns]


_EVENT: Final = _raw(events.c[name] for name in StoredEvent._fields)
_INSERT_EVENTS: Final = insert(events)
_INSERT_EDGES: Final = insert(edges)
_LOCK: Final = select(head_table.c.position, head_table.c.hash).where(head_table.c.id == 1).with_for_update()
_HEADS: Final = select(*_raw(head_table.c)).limit(2)
_MOVE: Final = (
    update(head_table)
    .where(head_table.c.id == 1)
    .values(position=bindparam("position_now"), hash=bindparam("hash_now"))
)


def lock_head(transaction: Transaction) -> Head:
    """The head, held by ``transaction`` until it ends; nobody else can append meanwhile."""
    row = transaction.execute(_LOCK).one_or_none()
    if row is None:  # the first event ever
        transaction.insert_new(head_table, {"id": 1, "position": ORIGIN.position, "hash": ORIGIN.hash})
        row = transaction.execute(_LOCK).one()
    return Head(row.position, row.hash)


def append(
    transaction: Transaction,
    rows: Sequence[Mapping[str, Any]],
    edge_rows: Sequence[Mapping[str, Any]],
    *,
    head: Head,
) -> None:
    """Write events and their edges, and move the head to the last of them."""
    # One row goes without the driver's machinery for many, which costs PostgreSQL another round trip.
    transaction.execute(_INSERT_EVENTS, rows if len(rows) > 1 else rows[0])
    if edge_rows:
        transaction.execute(_INSERT_EDGES, edge_rows if len(edge_rows) > 1 else edge_rows[0])
    transaction.execute(_MOVE, {"position_now": head.position, "hash_now": head.hash})


def erase(transaction: Transaction, position: int, *, by: int) -> bool:
    """Take the payload of ``position`` away because of the event at ``by``; False when there is none."""
    if transaction.connection.dialect.name == "sqlite":
        transaction.connection.exec_driver_sql("PRAGMA secure_delete = ON")  # overwrite the freed bytes in the file
    where = (events.c.position == position) & events.c.payload.is_not(None)
    return transaction.execute(update(events).where(where).values(payload=None, erased_by=by)).rowcount == 1


def heads(connection: Connection) -> list[tuple[object, object, object]]:
    """The rows of the head table (id, position, hash), at most two: more than one is a fault in any case."""
    return [(row.id, row.position, row.hash) for row in connection.execute(_HEADS)]


def head(connection: Connection) -> Head:
    """The head; `ORIGIN` before the first event."""
    row = connection.execute(_HEADS).first()
    return Head(row.position, row.hash) if row is not None else ORIGIN


def by_position(connection: Connection, position: int) -> StoredEvent | None:
    """The row at ``position``."""
    return _one(connection, select(*_EVENT).where(events.c.position == position))


def by_id(connection: Connection, event_id: str) -> StoredEvent | None:
    """The row of the event ``event_id``."""
    return _one(connection, select(*_EVENT).where(events.c.event_id == event_id))


def page(
    connection: Connection,
    after: int,
    limit: int,
    *,
    types: Sequence[str] = (),
    subject: str = "",
    project: str = "",
) -> list[StoredEvent]:
    """Up to ``limit`` rows after the position ``after`` in order; an empty filter lets everything through."""
    query = select(*_EVENT).where(events.c.position > after).order_by(events.c.position).limit(limit)
    if types:
        query = query.where(events.c.type.in_(types))
    if subject:
        query = query.where(events.c.subject == subject)
    if project:
        query = query.where(events.c.project == project)
    return [StoredEvent._make(row) for row in connection.execute(query)]


def stream(connection: Connection, after: int | None) -> Iterator[StoredEvent]:
    """All rows after ``after`` (None: from the lowest position, whatever it is) in order, a page in memory.

    Raises Corrupt where the database cannot give its rows.
    """

    def where(query: Select[Any], last: StoredEvent | None) -> Select[Any]:
        place = after if last is None else last.position
        query = query.order_by(events.c.position)
        return query if place is None else query.where(events.c.position > place)

    return _pages(connection, StoredEvent, [events.c[name] for name in StoredEvent._fields], where)


def stream_edges(connection: Connection, after: int | None) -> Iterator[StoredEdge]:
    """All edges of events after the position ``after`` in order, a page in memory; raises Corrupt like `stream`."""

    def where(query: Select[Any], last: StoredEdge | None) -> Select[Any]:
        query = query.order_by(edges.c.position, edges.c.number)
        if last is not None:
            same = (edges.c.position == last.position) & (edges.c.number > last.number)
            return query.where((edges.c.position > last.position) | same)
        return query if after is None else query.where(edges.c.position > after)

    return _pages(connection, StoredEdge, [edges.c[name] for name in StoredEdge._fields], where)


def _pages(
    connection: Connection,
    kind: type[Row],
    columns: Sequence[Column[Any]],
    where: Callable[[Select[Any], Row | None], Select[Any]],
) -> Iterator[Row]:
    last: Row | None = None
    while True:
        try:
            rows = [kind(*row) for row in connection.execute(where(select(*_raw(columns)), last).limit(PAGE))]
        except exc.DatabaseError as error:
            if connection.dialect.name != "sqlite":
                raise Corrupt("The next rows cannot be read", received=str(error.orig)) from error
            rows = _as_bytes(connection, kind, columns, where, last)
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1]


def _as_bytes(
    connection: Connection,
    kind: type[Row],
    columns: Sequence[Column[Any]],
    where: Callable[[Select[Any], Row | None], Select[Any]],
    last: Row | None,
) -> list[Row]:
    """A page of SQLite in which a text is not UTF-8, which the driver refuses: that text stays bytes."""
    texts = {column.name for column in columns if isinstance(column.type, Text)}
    forms: list[Any] = [
        type_coerce(cast(column, LargeBinary) if column.name in texts else column, NULLTYPE) for column in columns
    ]
    try:
        rows = connection.execute(where(select(*forms), last).limit(PAGE)).all()
    except exc.DatabaseError as error:
        raise Corrupt("The next rows cannot be read", received=str(error.orig)) from error
    return [kind(*(_text(v) if c.name in texts else v for c, v in zip(columns, row, strict=True))) for row in rows]


def _text(value: object) -> object:
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def edges_at(
    connection: Connection, column: Literal["source", "target"], refs: Sequence[str]
) -> Iterator[tuple[str, str, str, int]]:
    """The edges whose ``column`` is one of ``refs`` as (source, target, kind, position), in order of position."""
    for start in range(0, len(refs), _LEVEL):
        where = edges.c[column].in_(refs[start : start + _LEVEL])
        query: Select[Any] = select(edges.c.source, edges.c.target, edges.c.kind, edges.c.position)
        for row in connection.execute(query.where(where).order_by(edges.c.position, edges.c.number)):
            yield row.source, row.target, row.kind, row.position


def cursor_position(connection: Connection, project: str, name: str) -> int:
    """How far the cursor has come; 0 when it was never moved."""
    where = (cursors.c.project == project) & (cursors.c.name == name)
    return connection.execute(select(cursors.c.position).where(where)).scalar_one_or_none() or 0


def move_cursor(transaction: Transaction, project: str, name: str, *, before: int, to: int) -> None:
    """Move the cursor from ``before`` to ``to``. Raises Conflict when it does not stand at ``before`` any more."""
    key = {"project": project, "name": name}
    transaction.insert_new(cursors, key | {"position": 0, "moved_at": wall()})
    where = (cursors.c.project == project) & (cursors.c.name == name) & (cursors.c.position == before)
    if transaction.execute(update(cursors).where(where).values(position=to, moved_at=wall())).rowcount != 1:
        raise Conflict(
            f"The cursor {name!r} was moved by another reader",
            expected=f"position {before}",
            received=f"position {cursor_position(transaction.connection, project, name)}",
            mend="read again from where it stands now",
        )


def _one(connection: Connection, query: Select[Any]) -> StoredEvent | None:
    row = connection.execute(query).one_or_none()
    return StoredEvent._make(row) if row is not None else None
