"""The area under the ROC curve and its variance from placements, for one score."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from regrove.stats.arrays import Floats
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["auc_interval", "placements"]


def placements(positives: Floats, negatives: Floats) -> tuple[Floats, Floats]:
    """For each positive the share of negatives below it (ties half), for each negative the share of positives above.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44:837; Sun and Xu (2014), IEEE SPL 21:1389, for
    sorting in place of pairs.

    >>> placements(np.array([2.0, 3.0]), np.array([1.0, 2.0]))[0].tolist()
    [0.75, 1.0]
    """
    if not (len(positives) and len(negatives)):
        raise InvalidStatistic(
            "The AUC needs both classes",
            expected="at least 1 row of each",
            received=f"{len(positives)} positives, {len(negatives)} negatives",
        )
    high, low = np.sort(positives), np.sort(negatives)
    of_positive = (low.searchsorted(positives) + low.searchsorted(positives, "right")) / (2.0 * len(low))
    of_negative = 1.0 - (high.searchsorted(negatives) + high.searchsorted(negatives, "right")) / (2.0 * len(high))
    return of_positive, of_negative


def auc_interval(positives: Floats, negatives: Floats, level: float = 0.95) -> tuple[float, Interval]:
    """The AUC and its interval: DeLong's variance on the logit scale, which keeps the interval within 0 and 1.

    With a single row of a class the interval is 0 to 1. For an AUC of 0 or 1, where the variance vanishes, the open end
    is that of the smaller class's rule of three: the chance that all its rows are placed alike. Independent rows.

    >>> value, interval = auc_interval(np.array([0.35, 0.8, 0.9]), np.array([0.1, 0.4, 0.2]))
    >>> round(value, 4), interval.covers(0.5)
    (0.8889, True)
    """
    of_positive, of_negative = placements(positives, negatives)
    value = float(of_positive.mean())
    least = min(len(positives), len(negatives))
    if least < 2:
        return value, Interval(0.0, 1.0, level)
    variance = float(of_positive.var(ddof=1) / len(positives) + of_negative.var(ddof=1) / len(negatives))
    edge = 1.0 - (0.5 - level / 2.0) ** (1.0 / least)
    if value <= 0.0 or value >= 1.0:
        return value, Interval(0.0, edge, level) if value <= 0.0 else Interval(1.0 - edge, 1.0, level)
    z = float(special.ndtri(0.5 + level / 2.0))
    half = z * math.sqrt(variance) / (value * (1.0 - value))
    centre = math.log(value / (1.0 - value))
    low, high = float(special.expit(centre - half)), float(special.expit(centre + half))
    return value, Interval(min(low, value), max(high, value), level)
