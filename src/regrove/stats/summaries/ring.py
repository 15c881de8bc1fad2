"""A ring of the latest rows, so that a server appends in no time and counts in blocks."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from regrove.stats.verdict import InvalidStatistic

__all__ = ["Ring"]

Row = TypeVar("Row")


class Ring(Generic[Row]):
    """The latest rows, at most ``capacity``; the oldest give way and are counted.

    Holds references and copies nothing. It belongs to one thread.

    >>> ring = Ring(2)
    >>> for row in "abc":
    ...     ring.append(row)
    >>> ring.take(), ring.lost, len(ring)
    (['b', 'c'], 1, 0)
    """

    __slots__ = ("_appended", "_rows", "_taken")

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise InvalidStatistic("A ring holds rows", expected="a capacity of at least 1", received=str(capacity))
        self._rows: deque[Row] = deque(maxlen=capacity)
        self._appended = 0
        self._taken = 0

    def __len__(self) -> int:
        """Rows that wait to be taken."""
        return len(self._rows)

    @property
    def lost(self) -> int:
        """Rows that gave way before they were taken."""
        return self._appended - self._taken - len(self._rows)

    def append(self, row: Row) -> None:
        """Put a row at the end; in a full ring the oldest gives way."""
        self._rows.append(row)
        self._appended += 1

    def take(self) -> list[Row]:
        """The waiting rows, oldest first; they leave the ring."""
        rows = self._rows
        taken = [rows.popleft() for _ in range(len(rows))]
        self._taken += len(taken)
        return taken
