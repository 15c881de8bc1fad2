"""The measures of a model on a holdout, made of sums that a block carries by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Bools, Floats, binary, finite, same_rows, shares
from regrove.stats.verdict import InvalidStatistic, Option

__all__ = ["Metric", "measure", "row_losses"]

_TINY = float(np.finfo(np.float64).eps)


class Metric(Option):
    """What is compared; "auc" for ``Metric.AUC`` does as well."""

    LOG_LOSS = "log loss"
    """Mean of -log of the probability given to the outcome, of two; probabilities are kept 2.2e-16 off 0 and 1."""
    BRIER = "brier"
    """Mean squared distance of the probability from the outcome, of two."""
    ACCURACY = "accuracy"
    """Share of rows whose predicted label is the true one; labels of any number of classes."""
    AUC = "auc"
    """Chance that a positive row has the higher score than a negative one, ties half."""
    RMSE = "rmse"
    """Root of the mean squared error."""
    MAE = "mae"
    """Mean absolute error."""
    LOSS = "loss"
    """Mean of a loss that the caller computed for each row."""

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger number is a better model."""
        return self in {Metric.ACCURACY, Metric.AUC}


def row_losses(metric: Metric | str, truth: npt.ArrayLike, prediction: npt.ArrayLike) -> Floats:
    """What each row adds to the mean of the metric: a hit for accuracy, the square for RMSE; the AUC has none.

    ``truth`` and ``prediction`` have shape (rows,): outcomes 0 and 1 with probabilities for log loss and Brier, labels
    twice for accuracy, numbers twice for RMSE and MAE.

    >>> row_losses(Metric.MAE, [1.0, 2.0], [1.5, 0.0]).tolist()
    [0.5, 2.0]
    """
    metric = Metric(metric)
    if metric in {Metric.LOG_LOSS, Metric.BRIER}:
        outcome, chance = binary("truth", truth), shares("prediction", prediction)
        same_rows(truth=outcome, prediction=chance)
        return _of_chances(metric, outcome, chance)
    if metric is Metric.ACCURACY:
        left, right = np.asarray(truth), np.asarray(prediction)
        if left.ndim != 1 or right.ndim != 1:
            raise InvalidStatistic("Labels are one a row", expected="vectors", received=f"{left.ndim}, {right.ndim}")
        same_rows(truth=left, prediction=right)
        return np.asarray(left == right, dtype=np.float64)
    if metric in {Metric.RMSE, Metric.MAE}:
        value, guess = finite("truth", truth), finite("prediction", prediction)
        same_rows(truth=value, prediction=guess)
        error = np.abs(guess - value)
        return error * error if metric is Metric.RMSE else error
    raise InvalidStatistic(
        f"There is no {metric.value} of a row", expected="a metric that is a mean over rows", received=metric.value
    )


def measure(metric: Metric | str, truth: npt.ArrayLike, prediction: npt.ArrayLike) -> float:
    """The metric of one model on a holdout.

    >>> measure(Metric.AUC, [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    metric = Metric(metric)
    if metric is Metric.AUC:
        from regrove.stats.placements import placements

        outcome, score = binary("truth", truth), finite("prediction", prediction)
        same_rows(truth=outcome, prediction=score)
        return float(placements(score[outcome], score[~outcome])[0].mean())
    losses = row_losses(metric, truth, prediction)
    if not len(losses):
        raise InvalidStatistic("The holdout is empty", expected="at least 1 row", received="0 rows")
    mean = float(losses.mean())
    return float(np.sqrt(mean)) if metric is Metric.RMSE else mean


def _of_chances(metric: Metric, outcome: Bools, chance: Floats) -> Floats:
    if metric is Metric.BRIER:
        return (chance - outcome) ** 2
    kept = np.clip(chance, _TINY, 1.0 - _TINY)
    return -np.log(np.where(outcome, kept, 1.0 - kept))
