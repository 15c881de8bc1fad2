"""The loss of a row, by the task of its model and the metric that is followed: from 0 to 1 for detectors, and as it is.

A log loss has no upper end. For detectors it is divided by a clip, the 99.5% quantile of the reference's losses, and
cut at 1 (`regrove.stats.labels.loss_scale`), so that one certain error cannot carry a day. What is reported beside it
is the plain mean in units of the metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from regrove.errors import InvalidDeclaration
from regrove.monitoring.config import LOSSES, Loss

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from regrove.registry import Signature

    Floats = npt.NDArray[np.float64]
else:
    Floats = Any

__all__ = ["Judged", "MatureLoss", "check_metric", "judged"]

_LEAST = 1e-15

LossKind = Literal["error", "brier", "log", "absolute"]


class MatureLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The loss of one block of a model, from the labels that had come when it was mature."""

    project: str
    monitor: str
    reference: int
    """Number of the frozen reference whose scale it has."""
    model: str
    start_at: int
    end_at: int
    local: str
    rows: int
    labelled: int
    loss: float | None
    """Mean from 0 to 1, as detectors take it; None without labels or without a scale."""
    mean: float | None
    """Mean in units of the metric; None without labels."""
    share: float
    """Of the labels that will ever come, how many should have come by then."""
    judged_at: int
    state: str = ""


def check_metric(metric: Loss, signature: Signature, *, monitor: str) -> None:
    """Refuse a loss that the model's answers do not have."""
    fitting = LOSSES[signature.output.task]
    if metric not in fitting:
        raise InvalidDeclaration(
            f"[monitors.{monitor}.performance] metric does not fit a {signature.output.task} model",
            expected=f"one of {', '.join(fitting)}",
            received=repr(metric),
            mend=f'metric = "{fitting[0]}"',
        )


class Judged(msgspec.Struct, frozen=True):
    """Rows as `regrove.stats.labels.row_losses` takes them."""

    kind: LossKind
    truth: Any
    """Shape (rows,)."""
    predicted: Any
    """Shape (rows,)."""

    def raw(self) -> Floats:
        """The loss of each row in units of the metric."""
        import numpy as np

        if self.kind == "absolute":
            far: Floats = np.abs(self.truth - self.predicted)
            return far
        if self.kind == "log":
            losses: Floats = -np.log(np.clip(self.predicted, _LEAST, 1.0))
            return losses
        return self.scaled(1.0)

    def scaled(self, scale: float) -> Floats:
        """The loss of each row from 0 to 1."""
        from regrove.stats.labels import LossKind, row_losses

        return row_losses(LossKind(self.kind), self.truth, self.predicted, clip=scale)

    def scale(self) -> float | None:
        """The loss that counts as 1, learnt from these rows; None without rows or where none has any loss."""
        from regrove.stats import InvalidStatistic
        from regrove.stats.labels import LossKind, loss_scale

        if not len(self.truth):
            return None
        try:
            return loss_scale(LossKind(self.kind), self.truth, self.predicted)
        except InvalidStatistic:
            return None


def judged(metric: Loss, signature: Signature, rows: pl.DataFrame) -> Judged:
    """The rows of a log, each with its answer and its label, as what they are judged by.

    A label that is none of the model's classes is as wrong as can be: its probability was 0.
    """
    import numpy as np

    if signature.output.task == "regression":
        return Judged("absolute", _numbers(rows, "label"), _numbers(rows, "output.value"))
    labels = _texts(rows, "label")
    classes = [_text(each) for each in signature.output.classes]
    sure = np.ones(rows.height)
    if signature.output.task == "binary":
        score = _numbers(rows, "output.score")
        positive, negative = labels == classes[1], labels == classes[0]
        if metric == "zero_one":
            return Judged("error", sure, np.where(score >= 0.5, positive, negative).astype(np.float64))
        right = np.where(positive, score, np.where(negative, 1.0 - score, 0.0))
        return Judged("brier" if metric == "brier" else "log", sure, right)
    if metric == "zero_one":
        return Judged("error", sure, (_texts(rows, "output.class") == labels).astype(np.float64))
    probabilities = np.stack([_numbers(rows, f"output.probability:{name}") for name in signature.output.classes])
    named = np.stack([labels == each for each in classes])
    right = (probabilities * named).sum(axis=0)
    if metric == "log_loss":
        return Judged("log", sure, right)
    distance = (((probabilities - named) ** 2).sum(axis=0) + ~named.any(axis=0)) / 2.0  # 0 to 1
    return Judged("brier", sure, 1.0 - np.sqrt(distance))


def _numbers(rows: pl.DataFrame, name: str) -> Floats:
    import numpy as np
    import polars as pl

    return np.asarray(rows[name].cast(pl.Float64).to_numpy(), dtype=np.float64)


def _texts(rows: pl.DataFrame, name: str) -> Any:
    import polars as pl

    return rows[name].cast(pl.String).to_numpy()


def _text(label: object) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)
