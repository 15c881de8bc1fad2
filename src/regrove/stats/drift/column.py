"""A column as it enters a comparison: counts of both sides on the same cells, and what the cells mean."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.drift.counts import Floats, as_blocks
from regrove.stats.drift.distance import transport_weights
from regrove.stats.verdict import InvalidStatistic

__all__ = ["ColumnCounts", "Floors"]


class Floors(msgspec.Struct, frozen=True, kw_only=True):
    """The least effects that matter; smaller ones are no drift, however significant."""

    js: float = 0.05
    """Jensen-Shannon distance, 0 to 1."""
    transport: float = 0.05
    """Wasserstein distance in robust standard deviations (interquartile range / 1.349)."""
    nulls: float = 0.005
    """Change of the null rate, absolute."""
    nulls_relative: float = 0.2
    """Change of the null rate relative to the reference's; the larger of both floors holds."""
    fresh: float = 0.005
    """Share of rows with values that the reference never had."""

    def __post_init__(self) -> None:
        """Refuse floors below which everything would be drift."""
        if min(self.js, self.transport, self.nulls, self.fresh) <= 0 or self.nulls_relative < 0:
            raise InvalidStatistic("A floor must be above 0", expected="numbers above 0", received=repr(self))


class ColumnCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Block counts of one column on both sides.

    Cells stand in this order: the ordered ones (below the first edge, between neighbouring edges, from the last edge
    on), then the ones without order, among them those that ``nulls``, ``broken`` and ``fresh`` point at. A categorical
    column has no ordered cells.
    """

    name: str
    reference: npt.NDArray[np.int64]
    """Shape (reference blocks, cells); in order of time where blocks are dependent."""
    window: npt.NDArray[np.int64]
    """Shape (window blocks, cells)."""
    ordered: int = 0
    """How many cells are ordered."""
    edges: npt.NDArray[np.float64] | None = None
    """Shape (ordered - 1,), ascending; without them no transport distance is measured."""
    scale: float = 1.0
    """The reference's robust standard deviation, the unit of the transport distance."""
    nulls: int | None = None
    """The cell that counts nulls."""
    broken: int | None = None
    """The cell that counts nan and infinities."""
    fresh: tuple[int, ...] = ()
    """Cells of values that the reference never had: NEW, below its least, above its largest."""
    floors: Floors = Floors()

    def blocks(self) -> tuple[Floats, Floats]:
        """Both matrices, checked; InvalidStatistic when they cannot be compared."""
        left = as_blocks(self.reference, f"reference of {self.name}")
        right = as_blocks(self.window, f"window of {self.name}", left.shape[1])
        marked = [each for each in (self.nulls, self.broken, *self.fresh) if each is not None]
        if not (0 <= self.ordered <= left.shape[1]) or any(not 0 <= each < left.shape[1] for each in marked):
            raise InvalidStatistic(
                f"The cells of column {self.name!r} are described wrongly",
                expected=f"positions below {left.shape[1]}",
                received=f"{self.ordered} ordered cells, marked cells {marked}",
            )
        if self.edges is not None and len(self.edges) != self.ordered - 1:
            raise InvalidStatistic(
                f"Edges and cells of column {self.name!r} do not match",
                expected=f"{self.ordered - 1} edges for {self.ordered} ordered cells",
                received=f"{len(self.edges)} edges",
            )
        return left, right

    def values(self) -> npt.NDArray[np.bool_]:
        """Which cells hold values: all but nulls and broken ones."""
        mask = np.ones(np.atleast_2d(self.reference).shape[1], dtype=bool)
        mask[[each for each in (self.nulls, self.broken) if each is not None]] = False
        return mask

    def lengths(self) -> Floats | None:
        """The weights of the transport distance, or None where there is none to measure."""
        if self.edges is None or len(self.edges) < 2:
            return None
        return transport_weights(self.edges, self.scale)
