"""What a fitted estimator is worth on the holdout, and what guessing would be worth there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regrove.errors import InvalidInput
from regrove.pipelines import metrics
from regrove.pipelines.answers import asked, checked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regrove.pipelines.config import Task
    from regrove.pipelines.given import Holdout

__all__ = ["evaluate"]


def evaluate(
    estimator: Any, holdout: Holdout, train_target: NDArray[Any], task: Task
) -> tuple[dict[str, float], list[Any]]:
    """The metrics of ``task`` on the holdout, and the classes in the order of their probabilities.

    Beside each metric stands ``baseline_<metric>``: that of a model which always answers with the share of each class
    (or the mean) of ``train_target``. Raises InvalidInput when the estimator cannot answer for the task.
    """
    if task == "regression":
        return _regression(estimator, holdout, train_target.astype(np.float64)), []
    return _classes(estimator, holdout, train_target, task)


def _regression(estimator: Any, holdout: Holdout, train_target: NDArray[np.float64]) -> dict[str, float]:
    truth = holdout.target.to_numpy().astype(np.float64)
    predicted = np.asarray(asked(estimator, "predict", "regression")(holdout.features), dtype=np.float64).reshape(-1)
    checked(predicted, (len(truth),), "predict")
    guess = np.full(len(truth), train_target.mean())
    values: dict[str, float] = {}
    for name, metric in (("rmse", metrics.rmse), ("mae", metrics.mae), ("r2", metrics.r2)):
        values[name] = metric(truth, predicted)
        values[f"baseline_{name}"] = metric(truth, guess)
    return values


def _classes(
    estimator: Any, holdout: Holdout, train_target: NDArray[Any], task: Task
) -> tuple[dict[str, float], list[Any]]:
    classes = np.asarray(asked(estimator, "classes_", task))
    if task == "binary" and len(classes) != 2:
        raise InvalidInput(
            "A binary model must know two classes",
            expected="2 classes in the target of train",
            received=f"{len(classes)}: {', '.join(map(str, classes[:10]))}",
        )
    truth = _indices(holdout.target.to_numpy(), classes)
    probabilities = np.asarray(asked(estimator, "predict_proba", task)(holdout.features), dtype=np.float64)
    checked(probabilities, (len(truth), len(classes)), "predict_proba")
    share = np.bincount(_indices(train_target, classes), minlength=len(classes)) / len(train_target)
    guess = np.tile(share, (len(truth), 1))
    values: dict[str, float] = {}
    for prefix, answer in (("", probabilities), ("baseline_", guess)):
        values[f"{prefix}log_loss"] = metrics.log_loss(truth, answer)
        values[f"{prefix}accuracy"] = metrics.accuracy(truth, answer.argmax(axis=1))
        if task == "binary":
            values[f"{prefix}roc_auc"] = metrics.roc_auc(truth, answer[:, 1])
            values[f"{prefix}brier"] = metrics.brier(truth, answer[:, 1])
    return values, classes.tolist()


def _indices(values: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.intp]:
    """Where each value stands among the sorted classes; a value that is no class is refused."""
    order = np.argsort(classes)
    places = np.clip(np.searchsorted(classes, values, sorter=order), 0, len(classes) - 1)
    found = order[places]
    if not np.array_equal(classes[found], values):
        unknown = sorted({str(each) for each in values} - {str(each) for each in classes})
        raise InvalidInput(
            "The holdout has a class that train has not",
            expected=f"one of {', '.join(map(str, classes))}",
            received=", ".join(unknown[:10]),
            mend="choose a longer stretch for train, or a shorter holdout",
        )
    return found
