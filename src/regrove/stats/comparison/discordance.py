"""McNemar's mid-p test of two accuracies on the same rows."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.comparison.metrics import Metric, row_losses
from regrove.stats.verdict import InvalidStatistic, Tier

__all__ = ["McNemar", "mcnemar"]


class McNemar(msgspec.Struct, frozen=True, kw_only=True):
    """Who was right where the other was wrong."""

    better: int
    """Rows that only the challenger has right."""
    worse: int
    """Rows that only the champion has right."""
    value: float
    """Accuracy of the challenger minus accuracy of the champion."""
    p: float
    """Two-sided mid-p."""
    rows: int
    tier: Tier = Tier.IID


def mcnemar(truth: npt.ArrayLike, champion: npt.ArrayLike, challenger: npt.ArrayLike) -> McNemar:
    """Whether the accuracies of two models differ on the same independent rows; labels of any number of classes.

    The mid-p counts half of the chance of what was seen; unlike the exact test it is not far below its level. Source:
    Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13:91. Stated level: .05 at p <= .05.

    >>> mcnemar([1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [1, 1, 1, 1, 1]).p
    0.0625
    """
    left, right = (row_losses(Metric.ACCURACY, truth, each) == 1.0 for each in (champion, challenger))
    if not len(left):
        raise InvalidStatistic("The holdout is empty", expected="at least 1 row", received="0 rows")
    better, worse = int(np.sum(right & ~left)), int(np.sum(left & ~right))
    return McNemar(
        better=better,
        worse=worse,
        value=(better - worse) / len(left),
        p=_mid_p(min(better, worse), better + worse),
        rows=len(left),
    )


def _mid_p(fewer: int, discordant: int) -> float:
    if discordant == 0:
        return 1.0
    upto = float(special.bdtr(fewer, discordant, 0.5))
    if 2 * fewer == discordant:
        return 1.0 - (upto - float(special.bdtr(fewer - 1, discordant, 0.5))) / 2.0
    before = float(special.bdtr(fewer - 1, discordant, 0.5)) if fewer else 0.0
    return min(1.0, upto + before)
