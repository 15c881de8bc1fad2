"""What a detector learns from the reference: the mean loss of its blocks, and how far the truth may lie above it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, finite
from regrove.stats.verdict import InvalidStatistic

__all__ = ["block_losses", "ceiling"]


def block_losses(name: str, losses: npt.ArrayLike, least: int = 0) -> Floats:
    """Mean losses of blocks, each from 0 to 1 (0/1 error, Brier score, a clipped and scaled error)."""
    values = finite(name, losses)
    if len(values) < least or (len(values) and (values.min() < 0.0 or values.max() > 1.0)):
        raise InvalidStatistic(
            f"{name} cannot be used",
            expected=f"at least {least} mean losses of blocks, from 0 to 1",
            received=f"{len(values)}" + (f", from {values.min():.6g} to {values.max():.6g}" if len(values) else ""),
        )
    return values


def ceiling(reference: npt.ArrayLike, *, level: float = 0.95, tolerance: float = 0.1) -> float:
    """The largest mean loss that still counts as unchanged: an upper bound of the reference's mean, and a tolerance.

    The bound is Student's t; when all blocks are alike it is ``1 - (1 - level)^(1/n)`` above them instead, because
    blocks without a loss do not show that there is none.

    Args:
        reference: shape (blocks,), mean losses from 0 to 1, at least 2.
        level: of the one-sided bound.
        tolerance: part by which the mean loss may grow without being called worse.

    >>> round(ceiling([0.18, 0.22, 0.2, 0.2], tolerance=0.0), 4)
    0.2192
    """
    values = block_losses("reference", reference, 2)
    if not (0.5 <= level < 1.0 and 0.0 <= tolerance < math.inf):
        raise InvalidStatistic(
            "There is no ceiling", expected="a level of .5 to 1, a tolerance from 0", received=f"{level}, {tolerance}"
        )
    count, spread = len(values), float(values.std(ddof=1))
    above = float(special.stdtrit(count - 1, level)) * spread / math.sqrt(count)
    if spread <= 1e-12:
        above = 1.0 - (1.0 - level) ** (1.0 / count)
    return min(1.0, (float(np.mean(values)) + above) * (1.0 + tolerance))
