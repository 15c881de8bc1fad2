"""The sums of expected outcomes from which performance is estimated without labels."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, finite, same_rows, shares
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["ExpectedConfusion", "expected_auc", "expected_confusion"]


class ExpectedConfusion(msgspec.Struct, frozen=True, kw_only=True):
    """Expected counts of the four kinds of answers, and how much labels may scatter around them."""

    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float
    noise_above: float
    """Variance of the number of true positives: a Poisson-binomial count."""
    noise_below: float
    """Variance of the number of false negatives, independent of it."""


def expected_confusion(probabilities: npt.ArrayLike, answers: npt.ArrayLike) -> ExpectedConfusion:
    """Expected counts when each row's outcome is 1 with its probability, independently.

    Source: Kivimaki, Bialek, Nurminen and Kuberski (2025), arXiv:2505.05295.

    >>> expected_confusion([0.75, 0.25], [1, 0]).true_positives
    0.75
    """
    p = shares("probabilities", probabilities)
    yes = np.asarray(answers, dtype=bool)
    same_rows(probabilities=p, answers=yes)
    noise = p * (1.0 - p)
    true_positives, positives, answered = float(p[yes].sum()), float(p.sum()), int(yes.sum())
    above = float(noise[yes].sum())
    false_negatives = max(0.0, positives - true_positives)
    return ExpectedConfusion(
        true_positives=true_positives,
        false_positives=max(0.0, answered - true_positives),
        false_negatives=false_negatives,
        true_negatives=max(0.0, len(p) - answered - false_negatives),
        noise_above=above,
        noise_below=max(0.0, float(noise.sum()) - above),
    )


def expected_auc(
    probabilities: npt.ArrayLike, scores: npt.ArrayLike, *, level: float = 0.95
) -> tuple[float | None, Interval]:
    """The AUC that scores have when outcomes follow the probabilities: E[pairs in order] / E[pairs], in O(n log n).

    Pairs of a row with itself, which the usual short formula counts, are left out, so that both expectations are exact;
    tied scores count half. The interval is by linearisation over the outcomes (delta method). None with 0 to 1 where no
    pair of unlike outcomes is possible.

    >>> expected_auc([0.0, 1.0, 1.0], [0.1, 0.2, 0.9])[0]
    1.0
    """
    p, score = shares("probabilities", probabilities), finite("scores", scores)
    same_rows(probabilities=p, scores=score)
    if not 0.0 < level < 1.0:
        raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(level))
    order = np.argsort(score, kind="stable")
    p, score = p[order], score[order]
    q = 1.0 - p
    noise = p * q
    starts = np.flatnonzero(np.concatenate([[True], score[1:] != score[:-1]])) if len(p) else np.zeros(0, dtype=int)
    positive, negative = float(p.sum()), float(q.sum())
    pairs = positive * negative - float(noise.sum())
    if pairs <= 1e-12 * max(1.0, positive * negative):
        return None, Interval(0.0, 1.0, level)
    below, above = _around(q, starts), _around(p, starts)
    above = positive - above  # mass of the positives above, ties half
    value = (float(p @ below) - 0.5 * float(noise.sum())) / pairs
    value = min(1.0, max(0.0, value))
    # one row's outcome moves the ordered pairs by (below - above), the pairs by (negatives - positives) besides itself
    slope = (below - 0.5 * q) - (above - 0.5 * p) - value * ((negative - q) - (positive - p))
    half = float(special.ndtri(0.5 + level / 2.0)) * math.sqrt(max(0.0, float(noise @ slope**2))) / pairs
    return value, Interval(max(0.0, value - half), min(1.0, value + half), level)


def _around(mass: Floats, starts: npt.NDArray[np.intp]) -> Floats:
    """For rows in the order of the score, the mass below each, with half the mass of its ties (itself included)."""
    total = np.concatenate([[0.0], np.cumsum(mass)])
    if len(starts) == len(mass):
        alone: Floats = total[:-1] + 0.5 * mass
        return alone
    ends = np.append(starts[1:], len(mass))
    middle: Floats = np.repeat(0.5 * (total[starts] + total[ends]), ends - starts)
    return middle
