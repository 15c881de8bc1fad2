"""Where slow begins and how scores lie, frozen from the control before a canary starts.

A canary is compared with its control on counts: requests slower than the control's 95th and 99th percentile, and
requests in each tenth of the control's scores. The edges do not move while the split lasts, whatever either side does.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LEAST_REQUESTS", "GuardEdges", "edges_of"]

LEAST_REQUESTS: Final = 200
"""Fewer requests of the control freeze nothing: their 99th percentile would be their slowest one."""

_MOST_CLASSES: Final = 9


class GuardEdges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen edges; seconds for times, the unit of the score for scores."""

    p95_s: float
    p99_s: float
    scores: tuple[float, ...] = ()
    """Inner edges of a number's tenths, ascending and different; fewer where a value is frequent."""
    classes: tuple[str, ...] = ()
    """The most frequent answers where they are no numbers."""

    @property
    def cells(self) -> int:
        """How many cells a score may fall into; the last is for no score at all."""
        return (len(self.scores) + 1 if not self.classes else len(self.classes) + 1) + 1

    def cell(self, score: Any) -> int:
        """The cell of a score: its tenth, or its class (unknown ones together), or the last for none.

        >>> edges = GuardEdges(p95_s=0.1, p99_s=0.2, scores=(0.2, 0.5))
        >>> [edges.cell(each) for each in (0.1, 0.2, 0.7, None, float("nan"))]
        [0, 1, 2, 3, 3]
        """
        if score is None or score != score:  # noqa: PLR0124  # nan is the value that differs from itself
            return self.cells - 1
        if self.classes:
            name = str(score)
            return self.classes.index(name) if name in self.classes else len(self.classes)
        return bisect_right(self.scores, float(score))


def edges_of(seconds: NDArray[np.float64], scores: list[Any]) -> GuardEdges | None:
    """The edges of a control's requests; None for fewer than `LEAST_REQUESTS`.

    ``scores`` holds the first answer of each request. Quantiles are of the inverse distribution function.
    """
    import numpy as np

    if len(seconds) < LEAST_REQUESTS:
        return None
    slow = np.quantile(seconds, [0.95, 0.99], method="inverted_cdf")
    known = [each for each in scores if each is not None and each == each]  # noqa: PLR0124  # leaves nan out
    numeric = all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in known)
    if numeric:
        inner = (
            np.quantile(np.asarray(known, dtype=np.float64), np.arange(1, 10) / 10, method="inverted_cdf")
            if known
            else ()
        )
        return GuardEdges(
            p95_s=float(slow[0]), p99_s=float(slow[1]), scores=tuple(sorted({float(each) for each in inner}))
        )
    counts: dict[str, int] = {}
    for each in known:
        counts[str(each)] = counts.get(str(each), 0) + 1
    frequent = sorted(counts, key=lambda name: (-counts[name], name))[:_MOST_CLASSES]
    return GuardEdges(p95_s=float(slow[0]), p99_s=float(slow[1]), classes=tuple(sorted(frequent)))
