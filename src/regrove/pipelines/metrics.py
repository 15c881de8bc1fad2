"""The metrics that a model is judged by, on plain arrays.

Each takes the truth and the prediction and returns a float. Probabilities are clipped away from 0 and 1 by the
machine epsilon of float64, as scikit-learn does, so a single wrong certainty does not make the loss infinite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["accuracy", "brier", "log_loss", "mae", "r2", "rmse", "roc_auc"]


def log_loss(truth: NDArray[np.intp], probabilities: NDArray[np.float64]) -> float:
    """Mean negative log-likelihood; ``truth`` (n,) holds class indices, ``probabilities`` (n, classes) sum to 1.

    >>> round(log_loss(np.array([0, 1]), np.array([[0.8, 0.2], [0.5, 0.5]])), 6)
    0.458145
    """
    edge = np.finfo(np.float64).eps
    chosen = probabilities[np.arange(len(truth)), truth]
    total = probabilities.sum(axis=1)
    return float(-np.mean(np.log(np.clip(chosen / total, edge, 1.0 - edge))))


def roc_auc(truth: NDArray[np.intp], score: NDArray[np.float64]) -> float:
    """The chance that a positive row (``truth`` 1) has a higher ``score`` than a negative one; ties count half.

    NaN when only one class is present, for which the metric has no meaning.

    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """
    positive = int(truth.sum())
    negative = len(truth) - positive
    if positive == 0 or negative == 0:
        return float("nan")
    ranks = _mid_ranks(score)
    return float((ranks[truth == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: NDArray[np.float64] = last - (counts - 1) / 2
    return middle[inverse]


def brier(truth: NDArray[np.intp], score: NDArray[np.float64]) -> float:
    """Mean squared distance of the probability of class 1 from the truth.

    >>> round(brier(np.array([0, 1]), np.array([0.2, 0.5])), 3)
    0.145
    """
    return float(np.mean((score - truth) ** 2))


def accuracy(truth: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Share of rows whose class is predicted.

    >>> accuracy(np.array([0, 1]), np.array([0, 0]))
    0.5
    """
    return float(np.mean(truth == predicted))


def rmse(truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Root of the mean squared error.

    >>> rmse(np.array([0.0, 0.0]), np.array([3.0, 3.0]))
    3.0
    """
    return float(np.sqrt(np.mean((truth - predicted) ** 2)))


def mae(truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Mean absolute error.

    >>> mae(np.array([0.0, 0.0]), np.array([1.0, -3.0]))
    2.0
    """
    return float(np.mean(np.abs(truth - predicted)))


def r2(truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Share of the variance explained; NaN when the truth does not vary.

    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    """
    spread = float(np.sum((truth - truth.mean()) ** 2))
    if spread == 0.0:
        return float("nan")
    return 1.0 - float(np.sum((truth - predicted) ** 2)) / spread
