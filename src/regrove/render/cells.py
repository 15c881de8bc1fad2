"""Counts of a reference and a window on the same cells: what a picture of drift is drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import msgspec

from regrove.errors import InvalidInput

__all__ = ["Cells"]


class Cells(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of both sides in each cell.

    The first ``ordered`` cells follow each other on an axis; the others (categories, nulls, values never seen before)
    have no order. A side without rows is allowed: its shares are 0. ``edges`` are the bounds between ordered cells that
    hold numbers.
    """

    labels: tuple[str, ...]
    reference: tuple[float, ...]
    window: tuple[float, ...]
    ordered: int = 0
    edges: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse counts that are not those of one set of cells."""
        sizes = {len(self.labels), len(self.reference), len(self.window)}
        if len(sizes) != 1 or not self.labels or not 0 <= self.ordered <= len(self.labels):
            raise InvalidInput(
                "These are not the counts of one set of cells",
                expected="a label and two counts for each cell, and at least one cell",
                received=f"{len(self.labels)} labels, {len(self.reference)} and {len(self.window)} counts, "
                f"{self.ordered} ordered",
            )
        if self.edges and len(self.edges) != self.ordered - 1:
            raise InvalidInput(
                "Edges and ordered cells do not match",
                expected=f"{max(self.ordered - 1, 0)} edges between {self.ordered} ordered cells",
                received=f"{len(self.edges)} edges",
            )
        if not all(math.isfinite(each) and each >= 0 for each in (*self.reference, *self.window)):
            raise InvalidInput("A count is not a number of rows", expected="0 or more", received="less, or not finite")

    @classmethod
    def numeric(
        cls, edges: Sequence[float], reference: Sequence[float], window: Sequence[float], *, others: Sequence[str] = ()
    ) -> Self:
        """Cells between ascending ``edges``, one below and one from the last edge on, then those called ``others``.

        >>> Cells.numeric([0, 15], [1, 2, 1, 0], [0, 1, 3, 1], others=["null"]).labels
        ('below 0', '0 to 15', '15 and more', 'null')
        """
        ends = [f"{each:.6g}" for each in edges]
        inner = [f"{low} to {high}" for low, high in pairwise(ends)]
        ordered = [f"below {ends[0]}", *inner, f"{ends[-1]} and more"] if ends else ["all values"]
        return cls(
            labels=(*ordered, *others),
            reference=tuple(map(float, reference)),
            window=tuple(map(float, window)),
            ordered=len(ordered),
            edges=tuple(map(float, edges)),
        )

    @property
    def rows(self) -> tuple[int, int]:
        """How many rows the reference and the window have."""
        return round(math.fsum(self.reference)), round(math.fsum(self.window))

    def shares(self) -> tuple[list[float], list[float]]:
        """The share of each cell in the reference and in the window."""
        return _shares(self.reference), _shares(self.window)

    def folded(self, most: int) -> Self:
        """With at most ``most`` cells that have no order: those whose share changed most, the rest put together.

        The order of those that stay is kept.

        >>> many = Cells(labels=tuple("abcd"), reference=(4, 3, 2, 1), window=(4, 1, 2, 3))
        >>> many.folded(3).labels, many.folded(3).window
        (('b', 'd', '2 others'), (1, 3, 6))
        """
        free = range(self.ordered, len(self.labels))
        if len(free) <= most:
            return self
        before, after = self.shares()
        ranked = sorted(free, key=lambda cell: (-abs(after[cell] - before[cell]), cell))
        kept = [*range(self.ordered), *sorted(ranked[: most - 1])]
        rest = [cell for cell in free if cell not in set(kept)]
        return type(self)(
            labels=(*(self.labels[cell] for cell in kept), f"{len(rest)} others"),
            reference=(*(self.reference[cell] for cell in kept), sum(self.reference[cell] for cell in rest)),
            window=(*(self.window[cell] for cell in kept), sum(self.window[cell] for cell in rest)),
            ordered=self.ordered,
            edges=self.edges,
        )


def _shares(counts: Sequence[float]) -> list[float]:
    total = math.fsum(counts)
    return [each / total if total else 0.0 for each in counts]
