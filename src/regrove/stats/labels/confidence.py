"""Confidence-based performance estimation: what calibrated probabilities say of the labels that have not come."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, shares
from regrove.stats.labels.confusion import ExpectedConfusion, expected_auc, expected_confusion
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Cbpe", "MetricEstimate", "cbpe", "no_estimate"]


class MetricEstimate(msgspec.Struct, frozen=True):
    """One metric as it is expected to come out."""

    name: str
    value: float | None
    """None where the metric has no meaning: no row answered 1, no outcome possible."""
    interval: Interval
    """Where the metric of these very rows will lie if the probabilities are right: chance of the labels alone."""


class Cbpe(msgspec.Struct, frozen=True, kw_only=True):
    """Estimates of all metrics, in the order accuracy, precision, recall, f1, log_loss, brier, auc."""

    metrics: tuple[MetricEstimate, ...]
    confusion: ExpectedConfusion
    threshold: float
    rows: int
    reason: str
    """What the numbers rest on, or why there are none."""

    def __getitem__(self, name: str) -> MetricEstimate:
        """The estimate of this name; KeyError for a name that is none."""
        for each in self.metrics:
            if each.name == name:
                return each
        raise KeyError(name)


def cbpe(
    probabilities: npt.ArrayLike, scores: npt.ArrayLike | None = None, *, threshold: float = 0.5, level: float = 0.95
) -> Cbpe:
    """Estimate the performance of a classifier on rows without labels.

    Right under three assumptions: the probabilities are calibrated (``fit_calibrator``), the outcome given the features
    has not changed, and there are no rows unlike all that was seen. When the second fails the estimate fails silently;
    an estimate may decide something only as part of a ``track_record`` that is VALIDATED.

    Args:
        probabilities: the calibrated probability of 1 for each row.
        scores: the model's own score, 0 to 1, that decides at the threshold and whose loss is estimated; the
            probabilities where none are given.
        threshold: the answer is 1 at this score or above.
        level: of the intervals.

    Precision, recall and F1 are ratios of expectations. Stated coverage when the probabilities are right: at least 93%
    at 95%, for 500 rows and more (``python -m soak labels``).

    >>> found = cbpe([0.9, 0.8, 0.3, 0.1])
    >>> round(found["accuracy"].value, 3), round(found["precision"].value, 3), round(found["recall"].value, 3)
    (0.825, 0.85, 0.81)
    """
    p = shares("probabilities", probabilities)
    score = p if scores is None else shares("scores", scores)
    if not (math.isfinite(threshold) and 0.0 < level < 1.0):
        raise InvalidStatistic("Threshold and level are numbers", received=f"{threshold}, {level}")
    confusion = expected_confusion(p, score >= threshold)
    if not len(p):
        return no_estimate(threshold, level, "there are no rows; needs 1 more row")
    z = float(special.ndtri(0.5 + level / 2.0))
    found = [*_ratios(confusion, len(p), z, level), *_losses(p, score, z, level)]
    return Cbpe(
        metrics=(*found, MetricEstimate("auc", *expected_auc(p, score, level=level))),
        confusion=confusion,
        threshold=threshold,
        rows=len(p),
        reason=f"expected from the probabilities of {len(p):,} rows; holds if they are calibrated there",
    )


def no_estimate(threshold: float, level: float, reason: str) -> Cbpe:
    """The answer where nothing can be estimated: every value missing, every interval open.

    >>> no_estimate(0.5, 0.95, "there are no rows")["auc"].value is None
    True
    """
    return Cbpe(
        metrics=tuple(MetricEstimate(name, None, _open(name, level)) for name in _NAMES),
        confusion=expected_confusion(np.zeros(0), np.zeros(0)),
        threshold=threshold,
        rows=0,
        reason=reason,
    )


_NAMES = ("accuracy", "precision", "recall", "f1", "log_loss", "brier", "auc")


def _ratios(c: ExpectedConfusion, rows: int, z: float, level: float) -> list[MetricEstimate]:
    """Accuracy, precision, recall and F1, with the deviation of each by linearisation in the two counts."""
    tp, fn, above, below = c.true_positives, c.false_negatives, c.noise_above, c.noise_below
    answered, positives = tp + c.false_positives, tp + fn
    both = answered + positives
    # name, numerator, denominator, slope by a true positive more, slope by a false negative more
    parts = [
        ("accuracy", tp + c.true_negatives, float(rows), 1.0, -1.0),
        ("precision", tp, answered, 1.0, 0.0),
        ("recall", tp, positives, fn / positives if positives else 0.0, -tp / positives if positives else 0.0),
        ("f1", 2.0 * tp, both, 2.0 - 2.0 * tp / both if both else 0.0, -2.0 * tp / both if both else 0.0),
    ]
    found = []
    for name, numerator, denominator, by_true, by_missed in parts:
        if denominator <= 0.0:
            found.append(MetricEstimate(name, None, _open(name, level)))
            continue
        value = min(1.0, numerator / denominator)
        half = z * math.sqrt(by_true**2 * above + by_missed**2 * below) / denominator
        found.append(MetricEstimate(name, value, Interval(max(0.0, value - half), min(1.0, value + half), level)))
    return found


def _losses(p: Floats, score: Floats, z: float, level: float) -> list[MetricEstimate]:
    """Log loss and Brier score, both linear in the outcomes."""
    kept = np.clip(score, 1e-15, 1.0 - 1e-15)
    one, zero = -np.log(kept), -np.log1p(-kept)
    found = []
    for name, of_one, of_zero in (("log_loss", one, zero), ("brier", (1.0 - score) ** 2, score**2)):
        value = float(np.mean(p * of_one + (1.0 - p) * of_zero))
        half = z * math.sqrt(float((p * (1.0 - p)) @ (of_one - of_zero) ** 2)) / len(p)
        high = value + half if name == "log_loss" else min(1.0, value + half)
        found.append(MetricEstimate(name, value, Interval(max(0.0, value - half), high, level)))
    return found


def _open(name: str, level: float) -> Interval:
    return Interval(0.0, math.inf if name == "log_loss" else 1.0, level)
