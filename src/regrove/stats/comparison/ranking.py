"""The AUC of many resamples of blocks from one sort."""

from __future__ import annotations

import numpy as np

from regrove.stats.arrays import Bools, Codes, Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Ranking"]


class Ranking:
    """A model's scores, sorted once, from which the AUC of any weights of the blocks costs one pass over the rows.

    With weight w_b for all rows of block b the AUC is the sum over pairs of w_b(i) w_b(j) [s_i > s_j], ties half,
    divided by the weight of all pairs; the inner sum is a cumulated weight of the sorted negatives.

    ``outcome`` and ``score`` have shape (rows,), ``block`` is each row's place among ``blocks`` blocks.

    >>> rank = Ranking(np.array([False, True, True]), np.array([0.2, 0.1, 0.9]), np.array([0, 0, 1]), 2)
    >>> rank.value, rank.weighted(np.array([1.0, 3.0]))
    (0.5, 0.75)
    """

    def __init__(self, outcome: Bools, score: Floats, block: Codes, blocks: int) -> None:
        positives, negatives = int(outcome.sum()), int((~outcome).sum())
        if not (positives and negatives):
            raise InvalidStatistic(
                "The AUC needs both classes",
                expected="at least 1 row of each",
                received=f"{positives} positives, {negatives} negatives",
            )
        order = np.argsort(score, kind="stable")
        ranked, known, home = score[order], outcome[order], block[order]
        self._blocks = blocks
        low, high = ranked[~known], ranked[known]
        self._home_low, self._home_high = home[~known], home[known]
        self._under = low.searchsorted(high)
        upto = low.searchsorted(high, "right")
        self._upto = None if np.array_equal(upto, self._under) else upto
        self._low, self._high = low, high

    @property
    def value(self) -> float:
        """The AUC of the rows as they are."""
        return self.weighted(np.ones(self._blocks))

    def weighted(self, weights: Floats) -> float:
        """The AUC with these weights of the blocks, shape (blocks,); nan when a class has no weight."""
        below = np.empty(len(self._low) + 1)
        below[0] = 0.0
        np.cumsum(weights[self._home_low], out=below[1:])
        own = weights[self._home_high]
        pairs = below[-1] * own.sum()
        if pairs <= 0.0:
            return float("nan")
        inside = own @ below[self._under]
        if self._upto is not None:
            inside = 0.5 * (inside + own @ below[self._upto])
        return float(inside / pairs)

    def without_each(self) -> Floats:
        """The AUC without each block in turn, shape (blocks,), from pair counts; nan where a class would be missing."""
        count = self._blocks
        upto = self._under if self._upto is None else self._upto
        of_high = np.bincount(self._home_high, (self._under + upto) / 2.0, count)
        above = len(self._high) - (self._high.searchsorted(self._low) + self._high.searchsorted(self._low, "right")) / 2
        of_low = np.bincount(self._home_low, above, count)
        both = of_high.sum() - of_high - of_low + self._inside()
        high = len(self._high) - np.bincount(self._home_high, minlength=count)
        low = len(self._low) - np.bincount(self._home_low, minlength=count)
        pairs = (high * low).astype(np.float64)
        value: Floats = np.divide(both, pairs, out=np.full(count, np.nan), where=pairs > 0)
        return value

    def _inside(self) -> Floats:
        """Pairs in order within each block."""
        everything = np.unique(np.concatenate([self._low, self._high]))
        wide = len(everything) + 1
        low = np.sort(self._home_low * wide + everything.searchsorted(self._low))
        high = self._home_high * wide + everything.searchsorted(self._high)
        start = low.searchsorted(self._home_high * wide)
        inside = (low.searchsorted(high) + low.searchsorted(high, "right")) / 2.0 - start
        return np.asarray(np.bincount(self._home_high, inside, self._blocks), dtype=np.float64)
