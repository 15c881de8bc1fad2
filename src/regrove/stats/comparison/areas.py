"""DeLong's test of two AUCs on the same rows, by sorting."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import binary, finite, same_rows
from regrove.stats.placements import placements
from regrove.stats.verdict import Interval, Tier

__all__ = ["DeLong", "delong"]


class DeLong(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of two AUCs."""

    champion: float
    challenger: float
    value: float
    """AUC of the challenger minus AUC of the champion."""
    interval: Interval
    error: float
    p: float
    """Two-sided; 1 where the two rank all pairs alike."""
    positives: int
    negatives: int
    tier: Tier = Tier.IID


def delong(truth: npt.ArrayLike, champion: npt.ArrayLike, challenger: npt.ArrayLike, *, level: float = 0.9) -> DeLong:
    """The difference of the AUCs of two scores on the same independent rows, normal approximation.

    A cross-check for the block bootstrap and for audits without time; rows of one day are not independent, and then
    its p is far too small. With a single row of a class the interval is -1 to 1.

    Sources: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44:837; Sun and Xu (2014), IEEE SPL 21:1389. Stated
    level at 100 rows of each class: .05 at p <= .05.

    >>> result = delong([0, 0, 0, 1, 1, 1], [1, 2, 3, 2, 3, 4], [1, 2, 3, 4, 5, 6])
    >>> round(result.value, 4), round(result.p, 3)
    (0.2222, 0.285)
    """
    outcome, left, right = binary("truth", truth), finite("champion", champion), finite("challenger", challenger)
    same_rows(truth=outcome, champion=left, challenger=right)
    high, low = placements(left[outcome], left[~outcome])
    higher, lower = placements(right[outcome], right[~outcome])
    value = float(higher.mean() - high.mean())
    if min(len(high), len(low)) < 2:
        error, p, interval = math.inf, 1.0, Interval(-1.0, 1.0, level)
    else:
        spread = (higher - high).var(ddof=1) / len(high) + (lower - low).var(ddof=1) / len(low)
        error = float(np.sqrt(spread))
        half = float(special.ndtri(0.5 + level / 2.0)) * error
        p = float(2.0 * special.ndtr(-abs(value) / error)) if error > 1e-12 else float(abs(value) <= 1e-12)
        interval = Interval(max(-1.0, value - half), min(1.0, value + half), level)
    return DeLong(
        champion=float(high.mean()),
        challenger=float(higher.mean()),
        value=value,
        interval=interval,
        error=error,
        p=p,
        positives=len(high),
        negatives=len(low),
    )
