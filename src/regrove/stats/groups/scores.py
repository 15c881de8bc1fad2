"""Scores by group: observed over expected, and the AUC."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import binary, codes, finite, same_rows, shares
from regrove.stats.placements import auc_interval
from regrove.stats.verdict import Interval

__all__ = ["GroupScore", "group_auc", "group_calibration"]


class GroupScore(msgspec.Struct, frozen=True, kw_only=True):
    """A number on the scores of one group."""

    group: str
    value: float | None
    """None where it cannot be computed, and the reason says why."""
    interval: Interval
    rows: int
    positives: int
    reason: str
    """Empty where there is a value."""


def group_calibration(
    truth: npt.ArrayLike, scores: npt.ArrayLike, groups: npt.ArrayLike, *, level: float = 0.95
) -> tuple[GroupScore, ...]:
    """Observed over expected positives in each group: 1 for a calibrated score, above 1 where it promises too little.

    The interval holds all factors f for which the observed count lies within the normal quantile of f times the
    expected one, with the variance f times the sum of p (1 - p), as in Wilson's and in the Poisson score interval;
    independent rows. It is rough below about 10 expected positives, and where p is near 1.

    >>> [score] = group_calibration([1, 0, 0, 1] * 50, [0.5] * 200, ["a"] * 200)
    >>> score.value, str(score.interval)
    (1.0, '0.8707 to 1.149 (95%)')
    """
    real, p = binary("truth", truth), shares("scores", scores)
    names, places = codes(groups)
    same_rows(truth=real, scores=p, groups=places)
    z = float(special.ndtri(0.5 + level / 2.0))
    found = []
    for place, name in enumerate(names):
        here = places == place
        observed, expected = int(real[here].sum()), float(p[here].sum())
        value, interval, reason = None, Interval(0.0, math.inf, level), "no positives are expected"
        if expected > 0.0:
            noise = z * z * float((p[here] * (1.0 - p[here])).sum()) / (2.0 * expected)
            centre, half = observed + noise, math.sqrt(noise * (2.0 * observed + noise))
            value, reason = observed / expected, ""
            interval = Interval(
                min(value, max(0.0, (centre - half) / expected)), max(value, (centre + half) / expected), level
            )
        found.append(
            GroupScore(
                group=name,
                value=value,
                interval=interval,
                rows=int(here.sum()),
                positives=observed,
                reason=reason,
            )
        )
    return tuple(found)


def group_auc(
    truth: npt.ArrayLike, scores: npt.ArrayLike, groups: npt.ArrayLike, *, level: float = 0.95
) -> tuple[GroupScore, ...]:
    """The AUC in each group, with DeLong's variance on the logit scale; independent rows.

    >>> [score] = group_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], ["a"] * 4)
    >>> score.value
    0.75
    """
    real, s = binary("truth", truth), finite("scores", scores)
    names, places = codes(groups)
    same_rows(truth=real, scores=s, groups=places)
    found = []
    for place, name in enumerate(names):
        here = places == place
        positives, negatives = s[here & real], s[here & ~real]
        value, interval, reason = None, Interval(0.0, 1.0, level), "one class only"
        if len(positives) and len(negatives):
            value, interval = auc_interval(positives, negatives, level)
            reason = ""
        found.append(
            GroupScore(
                group=name,
                value=value,
                interval=interval,
                rows=int(np.count_nonzero(here)),
                positives=len(positives),
                reason=reason,
            )
        )
    return tuple(found)
