"""The fixed cells on which a column is counted, now and later: only counts on the same cells can be compared."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.verdict import InvalidStatistic

__all__ = ["CategoryLayout", "NumericLayout"]


class NumericLayout(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Edges for a numeric column: a value x falls into cell j when edge j-1 <= x < edge j.

    The first cell lies below the reference's least value, the last one above its largest. A value that is frequent of
    itself (an atom) has a cell of its own, between itself and the next float.
    """

    edges: npt.NDArray[np.float64]
    """Shape (edges,), finite and ascending."""
    atoms: tuple[float, ...] = ()
    """Values with their own cell, ascending."""
    scale: float = 1.0
    """The reference's robust standard deviation: its interquartile range / 1.349, or what stands in for it."""
    fingerprint: str = ""
    """Names the cells; equal for equal edges."""

    def __post_init__(self) -> None:
        """Check the edges, freeze them, and name them."""
        edges = np.array(self.edges, dtype=np.float64)
        if edges.ndim != 1 or not len(edges) or not np.all(np.isfinite(edges)) or np.any(edges[1:] <= edges[:-1]):
            raise InvalidStatistic(
                "These are no edges",
                expected="at least 1 finite number, in ascending order",
                received=f"shape {edges.shape}",
            )
        if not 0.0 < self.scale < np.inf:
            raise InvalidStatistic("The scale must be above 0", expected="a finite number", received=str(self.scale))
        edges = edges + 0.0  # minus zero is zero, so that equal edges have equal bytes
        edges.flags.writeable = False
        msgspec.structs.force_setattr(self, "edges", edges)
        name = hashlib.blake2b(b"numeric" + edges.astype("<f8").tobytes(), digest_size=16).hexdigest()
        msgspec.structs.force_setattr(self, "fingerprint", name)

    @property
    def cells(self) -> int:
        """Ordered cells: one more than edges."""
        return len(self.edges) + 1


class CategoryLayout(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The categories of a column: the most frequent with a cell each, the other known ones, and new ones."""

    top: tuple[str, ...]
    """Categories with a cell of their own."""
    rest: tuple[str, ...] = ()
    """Other categories of the reference, ascending; counted together as OTHER."""
    complete: bool = True
    """Whether ``rest`` names all others; if not, what is neither here nor in ``top`` counts as OTHER, never as NEW."""
    fingerprint: str = ""
    """Names the cells; equal for equal categories."""

    def __post_init__(self) -> None:
        """Check that no category stands twice, and name them."""
        if len(set(self.top) | set(self.rest)) != len(self.top) + len(self.rest):
            raise InvalidStatistic("A category stands twice", expected="each category once")
        packed = msgspec.msgpack.encode([self.top, self.rest, self.complete])
        name = hashlib.blake2b(b"category" + packed, digest_size=16).hexdigest()
        msgspec.structs.force_setattr(self, "fingerprint", name)

    @property
    def cells(self) -> int:
        """Cells of values: the top ones, OTHER and NEW."""
        return len(self.top) + 2
