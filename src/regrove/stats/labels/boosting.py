"""Small gradient-boosted models, held out by block: the only place in this package that fits anything large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from regrove.errors import MissingExtra
from regrove.stats.arrays import Codes, Floats
from regrove.stats.threads import few_threads
from regrove.stats.verdict import InvalidStatistic

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["fit_boosted", "held_out_boosted", "table"]


def table(name: str, features: npt.ArrayLike) -> Floats:
    """A matrix of numbers, a row a row and a column a feature; nan and infinities become nan, which counts as absent.

    >>> table("features", [[1, float("inf")]]).tolist()
    [[1.0, nan]]
    """
    try:
        array = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != 2 or not array.shape[1]:
        raise InvalidStatistic(
            f"{name} cannot be used", expected="a matrix of numbers, a column a feature", received=f"{array.shape}"
        )
    return np.where(np.isfinite(array), array, np.nan)


def fit_boosted(x: Floats, y: Floats, *, classes: bool, seed: int) -> Callable[[Floats], Floats]:
    """Fit a model and return what predicts with it: the chance of 1, or the mean.

    Raises MissingExtra where scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    except ImportError as error:
        raise MissingExtra("scikit-learn", extra="train", need="fit the model of labels or of losses") from error
    if not len(y) or bool((y == y[0]).all()):
        constant = float(y[0]) if len(y) else 0.0
        return lambda new: np.full(len(new), constant)
    empty = np.count_nonzero(~np.isnan(x), axis=0) == 0  # a column without any number cannot be binned
    options: dict[str, Any] = {
        "max_iter": 50 if classes else 100,
        "max_leaf_nodes": 15,
        "min_samples_leaf": max(2, min(40, len(y) // 20)),
        "early_stopping": False,
        "random_state": seed,
    }
    model: Any = (HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor)(**options)
    with few_threads(len(y)):
        model.fit(np.where(empty, 0.0, x), y)

    def predict(new: Floats) -> Floats:
        filled = np.where(empty, 0.0, new)
        with few_threads(len(filled)):
            answer = model.predict_proba(filled)[:, 1] if classes else model.predict(filled)
        return np.asarray(answer, dtype=np.float64)

    return predict


def held_out_boosted(x: Floats, y: Floats, fold: Codes, *, classes: bool, seed: int) -> Floats:
    """Each row's prediction by a model that was fitted without its fold."""
    held = np.empty(len(y))
    for each in range(int(fold.max()) + 1):
        here = fold == each
        held[here] = fit_boosted(x[~here], y[~here], classes=classes, seed=seed)(x[here])
    return held
