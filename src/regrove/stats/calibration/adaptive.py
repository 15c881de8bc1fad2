"""Adaptive conformal inference: coverage over time when the world moves."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Bools, Floats, finite, same_rows
from regrove.stats.calibration.conformal import conformal_margin
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Adapted", "adapted", "next_alpha"]


class Adapted(msgspec.Struct, frozen=True, kw_only=True):
    """What adaptive coverage did over a sequence."""

    hits: npt.NDArray[np.bool_]
    """Whether each score was at or below its margin."""
    margins: npt.NDArray[np.float64]
    """The margin of each step; infinite where everything had to be covered, minus infinite where nothing had to."""
    alpha: npt.NDArray[np.float64]
    """The working miss rate of each step; the last one more is for the next step."""
    missed: float
    """The share of steps that were not covered."""
    bound: float
    """How far ``missed`` can lie from the target, whatever the data are."""


def next_alpha(alpha: float, missed: bool, target: float = 0.1, rate: float = 0.005) -> float:
    """One step of adaptive conformal inference: alpha + rate (target - missed).

    Source: Gibbs and Candes (2021), NeurIPS 34.

    >>> round(next_alpha(0.1, True), 4), round(next_alpha(0.1, False), 4)
    (0.0955, 0.1005)
    """
    if not (0.0 < target < 1.0 and rate > 0.0):
        raise InvalidStatistic(
            "The step cannot be made", expected="a target between 0 and 1, a rate above 0", received=f"{target}, {rate}"
        )
    return alpha + rate * (target - float(missed))


def adapted(
    calibration: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    target: float = 0.1,
    rate: float = 0.005,
    window: int | None = None,
) -> Adapted:
    """Run adaptive coverage over scores in the order of time.

    The share of misses after T steps lies within (max(alpha, 1 - alpha) + rate) / (T rate) of the target for every
    sequence whatever (Gibbs and Candes 2021, proposition 4.1).

    Args:
        calibration: scores (absolute residuals, 1 minus the probability of the class) of calibration rows.
        scores: the scores of the stream; each one is known before the next margin is made.
        target: the miss rate to hold.
        rate: how fast to adapt; larger follows faster and wobbles more.
        window: use the last so many scores as calibration rows; None keeps the first ones for ever.

    >>> rng = np.random.default_rng(0)
    >>> found = adapted(rng.random(200), rng.random(2000) * 2)
    >>> abs(found.missed - 0.1) <= found.bound
    True
    """
    seen, stream = finite("calibration", calibration), finite("scores", scores)
    same_rows(scores=stream)
    if len(seen) < 1 or (window is not None and window < 1):
        raise InvalidStatistic(
            "There is nothing to start from", expected="at least 1 calibration score", received=f"{len(seen)}"
        )
    alphas, margins, hits = np.empty(len(stream) + 1), np.empty(len(stream)), np.zeros(len(stream), dtype=np.bool_)
    alphas[0] = target
    pool, sorted_pool = seen, np.sort(seen)
    for step, score in enumerate(stream.tolist()):
        if window is not None:
            pool = np.concatenate([seen, stream[:step]])[-window:]
            sorted_pool = np.sort(pool)
        margins[step] = _margin(sorted_pool, float(alphas[step]))
        hits[step] = score <= margins[step]
        alphas[step + 1] = next_alpha(float(alphas[step]), not hits[step], target, rate)
    return Adapted(
        hits=hits,
        margins=margins,
        alpha=alphas,
        missed=_share(hits),
        bound=(max(target, 1.0 - target) + rate) / (rate * len(stream)) if len(stream) else 1.0,
    )


def _margin(ordered: Floats, alpha: float) -> float:
    if alpha <= 0.0:
        return float("inf")
    if alpha >= 1.0:
        return float("-inf")
    return conformal_margin(ordered, 1.0 - alpha).margin


def _share(hits: Bools) -> float:
    return float((~hits).mean()) if len(hits) else 0.0
