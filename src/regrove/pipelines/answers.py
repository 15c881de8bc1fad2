"""What a fitted estimator says of rows, under the names that the answers of a served model have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from regrove.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regrove.pipelines.config import Task

__all__ = ["PREFIX", "answers", "asked", "checked"]

PREFIX = "output."
"""Before the name of each field of an answer."""


def answers(estimator: Any, features: pl.DataFrame, task: Task) -> pl.DataFrame:
    """The fields of the answers, a row for each of ``features``, as the prediction log has them.

    ``output.score`` (the probability of the second class) for a binary model; ``output.class`` and
    ``output.probability:NAME`` of each class for one of several; ``output.value`` for a regression. Raises InvalidInput
    for an estimator that cannot answer for the task, and for an answer that is not finite.
    """
    if task == "regression":
        values = np.asarray(asked(estimator, "predict", task)(features), dtype=np.float64).reshape(-1)
        return pl.DataFrame({f"{PREFIX}value": checked(values, (features.height,), "predict")})
    classes = np.asarray(asked(estimator, "classes_", task)).tolist()
    answered = np.asarray(asked(estimator, "predict_proba", task)(features), dtype=np.float64)
    shares = checked(answered, (features.height, len(classes)), "predict_proba")
    if task == "binary":
        if len(classes) != 2:
            raise InvalidInput(
                "A binary model must know two classes",
                expected="2 classes in the target",
                received=f"{len(classes)}: {', '.join(map(str, classes[:10]))}",
            )
        return pl.DataFrame({f"{PREFIX}score": shares[:, 1]})
    best = pl.Series(f"{PREFIX}class", [classes[place] for place in shares.argmax(axis=1)])
    named = {f"{PREFIX}probability:{name}": shares[:, place] for place, name in enumerate(classes)}
    return pl.DataFrame({best.name: best, **named})


def asked(estimator: Any, name: str, task: str) -> Callable[..., Any]:
    """The method or attribute ``name`` of an estimator; InvalidInput when it has none."""
    try:
        return getattr(estimator, name)  # type: ignore[no-any-return]  # an estimator is known by what it answers
    except AttributeError:
        raise InvalidInput(
            f"The trainer's estimator cannot be judged as {task}",
            expected=f"an estimator with {name}",
            received=f"{type(estimator).__module__}.{type(estimator).__qualname__}",
        ) from None


def checked(answer: NDArray[np.float64], shape: tuple[int, ...], method: str) -> NDArray[np.float64]:
    """The answer, if it has this shape and is finite; otherwise InvalidInput."""
    if answer.shape != shape:
        raise InvalidInput(f"{method} answered in another shape", expected=str(shape), received=str(answer.shape))
    if not np.isfinite(answer).all():
        raise InvalidInput(f"{method} answered with NaN or infinity", expected="finite numbers")
    return answer
