"""The design effect: how many dependent rows are worth one independent row (Rao and Scott)."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.anderson import anderson_weights
from regrove.stats.drift.counts import Floats, as_blocks
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Design", "anderson_design", "design_effect", "f_p", "share_design"]


class Design(msgspec.Struct, frozen=True):
    """By how much dependence inside blocks inflates a statistic, and how concentrated it is."""

    effect: float
    """The design effect D, at least 1: the null mean of the statistic divided by its mean for independent rows."""
    degrees: float
    """Effective degrees of freedom of the statistic (Satterthwaite), at least 1."""
    blocks: int
    """Reference blocks with rows, from which both were estimated."""


def design_effect(blocks: npt.ArrayLike) -> Design:
    """The design effect of the chi-square on these cells, from reference blocks.

    ``D = sum (1 - p_j) d_j / sum (1 - p_j)`` with d_j the variance of the share p_j between blocks divided by its
    binomial variance (Rao and Scott, 1981, JASA 76:221; 1984, Annals of Statistics 12:46), not below 1. The degrees
    are those of their second-order correction, ``(sum of eigenvalues)^2 / sum of squares``: day effects often move all
    cells along one line, and 63 degrees would then promise far too thin a tail.

    Args:
        blocks: counts, shape (blocks, cells); blocks without rows are left out, cells without rows too.

    >>> rng = np.random.default_rng(0)
    >>> round(design_effect(rng.multinomial(100, [0.2] * 5, size=2000)).effect, 1)
    1.0
    >>> design_effect([[10, 0], [0, 10], [10, 0], [0, 10]]).effect > 10
    True
    """
    counts = as_blocks(blocks, "reference")
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if len(counts) < 2:
        raise InvalidStatistic(
            "A design effect needs blocks", expected="at least 2 blocks with rows", received=f"{len(counts)}"
        )
    if counts.shape[1] < 2:
        return Design(1.0, 1.0, len(counts))
    rows, total = counts.sum(axis=1), counts.sum(axis=0)
    shares = total / total.sum()
    scores = (counts - rows[:, None] * shares) / np.sqrt(total)
    return _design(scores, float(counts.shape[1] - 1))


def anderson_design(blocks: npt.ArrayLike) -> Design:
    """The same for the Anderson-Darling statistic on ordered cells; its mean for independent rows is about 1.

    >>> rng = np.random.default_rng(0)
    >>> round(anderson_design(rng.multinomial(100, [0.05] * 20, size=2000)).effect, 1)
    1.0
    """
    counts = as_blocks(blocks, "reference")
    counts = counts[counts.sum(axis=1) > 0]
    if len(counts) < 2:
        raise InvalidStatistic(
            "A design effect needs blocks", expected="at least 2 blocks with rows", received=f"{len(counts)}"
        )
    rows, total = counts.sum(axis=1), counts.sum(axis=0)
    weights = anderson_weights(total)
    below = np.cumsum(total)[:-1] / total.sum()
    mean = float(np.sum(weights * below * (1.0 - below)))
    if mean <= 0.0:
        return Design(1.0, 1.0, len(counts))
    scores = (np.cumsum(counts, axis=1)[:, :-1] - rows[:, None] * below) * np.sqrt(weights / total.sum())
    return _design(scores, mean)


def f_p(statistic: float, mean: float, design: Design) -> float:
    """The p-value of a statistic whose mean for independent rows is ``mean``, by an F with blocks - 1 degrees.

    Stated level: about 5% at a nominal 5% from 8 reference blocks on, when windows and reference blocks have the same
    design effect; it is the fallback for fewer than 20 blocks, and approximate.

    >>> round(f_p(12.6, 6.0, Design(1.0, 6.0, 100_000)), 3)      # chi-square with 6 degrees: 0.05
    0.05
    """
    if mean <= 0.0:
        return 1.0
    return float(special.fdtrc(design.degrees, design.blocks - 1, max(0.0, statistic / (mean * design.effect))))


def _design(scores: Floats, mean: float) -> Design:
    blocks = len(scores)
    gram = scores @ scores.T * (blocks / (blocks - 1.0))
    trace = float(np.trace(gram))
    square = float(np.sum(gram * gram))
    degrees = trace**2 / square if square > 0.0 else mean
    # where dependence is no stronger than chance the degrees of independent rows hold, which few blocks cannot show
    return Design(max(1.0, trace / mean), max(1.0, min(degrees, mean) if mean > 1.0 else degrees), blocks)


def share_design(blocks: npt.ArrayLike, cells: list[int]) -> float:
    """The design effect of the share of rows in some cells, from reference blocks; at least 1.

    >>> share_design([[10, 0], [0, 10], [10, 0], [0, 10]], [1])
    13.333333333333334
    """
    counts = as_blocks(blocks, "reference")
    counts = counts[counts.sum(axis=1) > 0]
    rows, inside = counts.sum(axis=1), counts[:, cells].sum(axis=1)
    share = float(inside.sum() / rows.sum()) if len(counts) else 0.0
    if len(counts) < 2 or not 0.0 < share < 1.0:
        return 1.0
    variance = float(np.sum((inside - share * rows) ** 2)) * len(counts) / (len(counts) - 1.0)
    return max(1.0, variance / (float(rows.sum()) * share * (1.0 - share)))
