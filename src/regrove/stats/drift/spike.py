"""How much of the noise lies along the one line in which blocks move a column."""

from __future__ import annotations

import math

import numpy as np

from regrove.stats.drift.counts import Floats

__all__ = ["line_noise"]


_CLEAR = 1.1
"""How far an eigenvalue must stand above the edge of pure noise, which itself varies by a few percent."""


def line_noise(noise: Floats, floor: float, blocks: float = math.inf) -> float:
    """The variance along the line in which the noise is largest; 0 where independent rows would make it as large.

    The largest eigenvalue of a covariance is too large when few blocks or draws are behind it: of pure noise it comes
    out as ``floor * (1 + sqrt(cells / blocks + cells / draws))^2``. Up to there nothing is found; what is above is
    taken back to the variance that gives it (the spiked covariance: Baik and Silverstein, 2006, J. Multivariate
    Analysis 97:1382).

    Args:
        noise: differences under the null, shape (draws, cells), each cell scaled to the variance ``floor`` that
            independent rows give it.
        floor: that variance.
        blocks: how many blocks the draws were made of; infinite for draws that are independent.

    >>> rng = np.random.default_rng(0)
    >>> flat = rng.normal(size=(400, 20))
    >>> line_noise(flat, 1.0)
    0.0
    >>> flat[:, 3] *= 3.0
    >>> round(line_noise(flat, 1.0))
    9
    """
    used = int(np.count_nonzero(noise.any(axis=0)))
    if not used or not blocks:
        return 0.0
    largest = float(np.linalg.eigvalsh(noise.T @ noise / len(noise))[-1])
    ratio = used / blocks + used / len(noise)
    if largest <= _CLEAR * floor * (1.0 + math.sqrt(ratio)) ** 2:
        return 0.0
    both = largest + floor * (1.0 - ratio)
    return (both + math.sqrt(max(0.0, both * both - 4.0 * largest * floor))) / 2.0
