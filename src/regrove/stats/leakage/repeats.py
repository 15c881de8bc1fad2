"""Rows (or entities) of the test part that the training part holds too."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.drift.shares import wilson
from regrove.stats.gate import GateVerdict, keeps
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Overlap", "overlap"]


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows are on both sides."""

    verdict: GateVerdict
    """The share of test rows that stand in the training part too, against the limit."""
    shared: int
    """Test rows that stand in the training part too."""
    rows: int
    repeated_train: int
    """Training rows that repeat an earlier training row."""
    repeated_test: int


def overlap(train: npt.ArrayLike, test: npt.ArrayLike, *, limit: float = 0.01, level: float = 0.9) -> Overlap:
    """Count test rows whose hash stands in the training part, exactly.

    Give ``row_hashes`` of features (and of the target, to spare rows that are alike by chance), or the keys of
    entities. The interval is Wilson's, for the share among rows like these.

    >>> found = overlap([1, 2, 3, 3], [3, 4])
    >>> found.shared, found.repeated_train, found.verdict.value
    (1, 1, 0.5)
    """
    left, right = np.asarray(train), np.asarray(test)
    if left.ndim != 1 or right.ndim != 1 or "O" in {left.dtype.kind, right.dtype.kind} or not 0.0 <= limit <= 1.0:
        raise InvalidStatistic(
            "These rows cannot be compared",
            expected="a hash or key for each row, and a limit of 0 to 1",
            received=f"{left.dtype} of shape {left.shape}, {right.dtype} of shape {right.shape}, limit {limit}",
        )
    shared = int(np.isin(right, left).sum()) if len(left) and len(right) else 0
    rows = len(right)
    verdict = keeps(
        "share of test rows seen in training",
        shared / rows if rows else None,
        wilson(shared, rows, level),
        limit,
        rows=rows,
    )
    return Overlap(
        verdict=verdict,
        shared=shared,
        rows=rows,
        repeated_train=len(left) - len(np.unique(left)),
        repeated_test=rows - len(np.unique(right)),
    )
