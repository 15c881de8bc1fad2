"""How badly the reference's directions describe a row: an error that grows when columns stop moving together."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.drift.counts import Floats
from regrove.stats.multivariate.exchange import BlockTest, exchange_blocks, stacked
from regrove.stats.multivariate.projection import Projection, scaled_rows
from regrove.stats.verdict import InvalidStatistic

__all__ = ["ErrorSums", "reconstruction_sums", "reconstruction_test"]


class ErrorSums(msgspec.Struct, frozen=True):
    """What is kept of a block: two numbers that add up."""

    rows: int
    total: float
    """Sum over rows of the distance between the row and what the directions give back, in scaled units."""


def reconstruction_sums(rows: npt.ArrayLike, projection: Projection) -> ErrorSums:
    """The errors of a block, shape (rows, inputs).

    >>> from regrove.stats.multivariate import fit_projection
    >>> line = np.outer(np.linspace(-1, 1, 50), [1.0, 2.0])
    >>> reconstruction_sums(line, fit_projection(line)).total < 1e-9
    True
    """
    array = np.asarray(rows, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != len(projection.centre):
        raise InvalidStatistic(
            "The block does not fit the projection",
            expected=f"shape (rows, {len(projection.centre)})",
            received=f"shape {array.shape}",
        )
    scaled = scaled_rows(array, projection)
    back = scaled @ projection.directions @ projection.directions.T
    return ErrorSums(len(array), float(np.sqrt(((scaled - back) ** 2).sum(axis=1)).sum()))


def reconstruction_test(
    reference: Sequence[ErrorSums],
    window: Sequence[ErrorSums],
    *,
    strata_reference: Sequence[Hashable] | None = None,
    strata_window: Sequence[Hashable] | None = None,
    draws: int = 1999,
    seed: int = 0,
) -> BlockTest:
    """Whether rows of the window are described worse or better than those of the reference, by exchanged blocks.

    The statistic is the distance of the mean errors, the effect what is left of it when that of chance is taken away,
    both in scaled units. Stated level: that of ``exchange_blocks``.

    Args:
        reference: the errors of each reference block, which should not be the rows that the directions were fitted on.
        window: the errors of each window block.
        strata_reference: weekday or hour of each reference block.
        strata_window: of each window block.
        draws: choices of blocks besides the observed one.
        seed: of the draws.

    >>> even = [ErrorSums(100, 50.0 + day % 5) for day in range(30)]
    >>> reconstruction_test(even, [ErrorSums(100, 80.0 + day) for day in range(4)]).p < 0.001
    True
    """
    return exchange_blocks(
        "reconstruction error",
        *stacked(*([(each.total, each.rows) for each in side] for side in (reference, window))),
        _distance,
        strata_reference=strata_reference,
        strata_window=strata_window,
        draws=draws,
        seed=seed,
    )


def _distance(window: Floats, reference: Floats) -> Floats:
    distance: Floats = np.abs(window - reference)[:, 0]
    return distance
