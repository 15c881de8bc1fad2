"""The most frequent values of a text column, in a summary that can be added.

At most `CAPACITY` values with lower bounds of their counts, and one error that bounds what each count may lack
(Misra and Gries, 1982; merged as in Agarwal et al., Mergeable summaries, 2012): never more than rows / (CAPACITY + 1),
and 0 as long as there were no more values than `CAPACITY`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CAPACITY", "Frequent"]

CAPACITY: Final = 64
"""Values kept, a part of format 1 of the profile."""


class Frequent(msgspec.Struct, frozen=True):
    """Values and their counts, the most frequent first; each count is too small by ``error`` at most.

    >>> Frequent((("EWR", 2),)) + Frequent((("JFK", 3), ("EWR", 2)))
    Frequent(values=(('EWR', 4), ('JFK', 3)), error=0)
    """

    values: tuple[tuple[str, int], ...] = ()
    error: int = 0

    @classmethod
    def of(cls, counts: pl.DataFrame) -> Frequent:
        """The summary of exact counts: a frame of the columns ``value`` and ``count``."""
        most = counts.top_k(CAPACITY + 1, by="count")
        return _kept(dict(zip(most["value"].to_list(), most["count"].to_list(), strict=True)), 0)

    def __add__(self, other: Frequent) -> Frequent:
        """The summary of both."""
        both = Counter(dict(self.values)) + Counter(dict(other.values))
        return _kept(both, self.error + other.error)


def _kept(counts: Mapping[str, int], error: int) -> Frequent:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) <= CAPACITY:
        return Frequent(tuple(ordered), error)
    less = ordered[CAPACITY][1]
    return Frequent(tuple((value, count - less) for value, count in ordered[:CAPACITY] if count > less), error + less)
