"""Where a thing comes from and what became of it: walks over the edges that events left.

An edge points in the direction in which data flows: from what was used to the subject that used it, and from the
subject to what it generated (PROV-DM, 2013: *used* and *wasGeneratedBy*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from regrove.errors import InvalidInput
from regrove.ledger import store
from regrove.refs import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from regrove.ledger.header import Header
    from regrove.storage.database import Database

__all__ = ["Edge", "Lineage", "edges_of"]

Kind = Literal["used", "generated"]


class Edge(msgspec.Struct, frozen=True, order=True):
    """``target`` used ``source``, or ``source`` generated ``target``; the event at ``position`` says so."""

    source: str
    target: str
    kind: Kind
    position: int


class Lineage:
    """The graph of everything that was used and generated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def upstream(self, ref: str, depth: int = 100) -> list[Edge]:
        """Every edge on the way back from ``ref``, nearest first, at most ``depth`` edges away.

        Each edge comes once, with the first event that says it; a cycle ends the walk, not the program.
        """
        return self._walk(ref, depth, along=lambda edge: edge.source, column="target")

    def downstream(self, ref: str, depth: int = 100) -> list[Edge]:
        """Every edge on the way from ``ref`` to what became of it, nearest first, at most ``depth`` edges away."""
        return self._walk(ref, depth, along=lambda edge: edge.target, column="source")

    def _walk(
        self, ref: str, depth: int, *, along: Callable[[Edge], str], column: Literal["source", "target"]
    ) -> list[Edge]:
        start = str(parse(ref))
        if depth < 1:
            raise InvalidInput("A walk of no depth finds nothing", expected="at least 1", received=str(depth))
        found: dict[tuple[str, str, str], Edge] = {}
        seen, level = {start}, [start]
        with self._database.read() as connection:
            while level and depth:
                depth -= 1
                near = [Edge(*row) for row in store.edges_at(connection, column, level)]  # type: ignore[arg-type]  # the row's kind is checked by verify
                for edge in near:
                    found.setdefault((edge.source, edge.target, edge.kind), edge)
                level = list(dict.fromkeys(each for edge in near if (each := along(edge)) not in seen))
                seen.update(level)
        return list(found.values())


def edges_of(header: Header) -> Sequence[Edge]:
    """The edges that an event leaves, in the order of its ``used`` and ``generated``."""
    used = [Edge(each, header.subject, "used", header.position) for each in header.used]
    return used + [Edge(header.subject, each, "generated", header.position) for each in header.generated]
