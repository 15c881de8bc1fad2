"""From labels and answers to a metric: of one model with its interval, and of two on the same rows.

Everything is resampled in whole days (`regrove.stats.comparison`). Where a larger metric is the better one, rows count
by what they lack: a miss for accuracy, and for R2 the squared error over the variance of the labels, which is taken as
known.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl

from regrove.stats.comparison import Gain, Metric, Paired, paired_bootstrap, paired_losses, row_losses
from regrove.stats.verdict import Interval, InvalidStatistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regrove.registry import Signature

__all__ = ["Judged", "Measured", "Question", "higher_is_better"]

_LIKE: Final = {"accuracy", "r2"}
"""Metrics that are 1 less a mean loss."""
_TINY: Final = float(np.finfo(np.float64).eps)

Floats = Any


def higher_is_better(metric: str) -> bool:
    """Whether a larger value is a better model."""
    return metric == "roc_auc" or metric in _LIKE


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of one model."""

    value: float
    interval: Interval
    error: float
    blocks: int
    rows: int


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A metric of a candidate beside that of the champion."""

    champion: float
    candidate: float
    gain: Gain
    """In units of the metric; above 0 the candidate is better."""
    paired: Paired


class Question(msgspec.Struct, frozen=True):
    """By which metric, of which kind of model, on which labels and days."""

    metric: str
    signature: Signature
    labels: pl.Series
    days: pl.Series

    def one_class(self) -> str:
        """The class that all labels are of, as text; empty when there are several, or for numbers."""
        if self.signature.output.task == "regression":
            return ""
        return str(self.labels[0]) if self.labels.n_unique() == 1 else ""

    def of_one(self, answers: pl.DataFrame, *, level: float) -> Measured:
        """The metric of one model; InvalidStatistic where the rows do not give it."""
        if self.metric == "roc_auc":
            truth, score = self._binary(answers)
            paired = paired_bootstrap(Metric.AUC, truth, np.zeros(len(score)), score, self._blocks)
            gain = paired.gain(level=level)
            shifted = Interval(_kept(0.5 + gain.interval.low), _kept(0.5 + gain.interval.high), level)
            return _measured(0.5 + gain.value, shifted, gain)
        loss = self._losses(answers)
        gain = paired_losses(np.zeros(len(loss)), loss, self._blocks).gain(level=level)
        mean, low, high = -gain.value, -gain.interval.high, -gain.interval.low
        if self.metric in _LIKE:
            return _measured(1.0 - mean, Interval(1.0 - high, 1.0 - low, level), gain)
        if self.metric == "rmse":
            ends = Interval(math.sqrt(max(0.0, low)), math.sqrt(max(0.0, high)), level)
            return _measured(math.sqrt(max(0.0, mean)), ends, gain)
        return _measured(mean, Interval(low, high, level), gain)

    def of_two(self, champion: pl.DataFrame, candidate: pl.DataFrame, *, level: float) -> Judged:
        """The gain of the candidate; InvalidStatistic where the rows do not give it."""
        if self.metric == "roc_auc":
            truth, before = self._binary(champion)
            paired = paired_bootstrap(Metric.AUC, truth, before, self._binary(candidate)[1], self._blocks)
        elif self.metric == "rmse":
            truth, before = _numbers(self.labels), _numbers(champion["value"])
            paired = paired_bootstrap(Metric.RMSE, truth, before, _numbers(candidate["value"]), self._blocks)
        else:
            paired = paired_losses(self._losses(champion), self._losses(candidate), self._blocks)
        gain = paired.gain(level=level)
        return Judged(
            champion=self._shown(gain.champion), candidate=self._shown(gain.challenger), gain=gain, paired=paired
        )

    def of_days(self, answers: pl.DataFrame) -> list[float]:
        """The mean loss (for the area: the mean log loss) of each day in order, for a picture."""
        loss = self._losses(answers, "log_loss" if self.metric == "roc_auc" else self.metric)
        frame = pl.DataFrame({"day": self.days, "loss": loss}).group_by("day").agg(pl.col("loss").mean()).sort("day")
        return frame["loss"].to_list()

    def trivial(self, train_labels: pl.Series) -> float | None:
        """The metric of always answering with the shares of the classes, or the mean, of ``train_labels``."""
        known = train_labels.drop_nulls()
        if not known.len():
            return None
        if self.metric == "roc_auc":
            return 0.5
        output = self.signature.output
        rows = len(self.labels)
        if output.task == "regression":
            answers = pl.DataFrame({"value": np.full(rows, float(_numbers(known).mean()))})
        elif output.task == "binary":
            answers = pl.DataFrame({"score": np.full(rows, _share(known, output.classes[1]))})
        else:
            shares = {name: _share(known, name) for name in output.classes}
            best = max(shares, key=lambda name: shares[name])
            chances = {f"probability:{name}": np.full(rows, share) for name, share in shares.items()}
            answers = pl.DataFrame({"class": [best] * rows, **chances})
        mean = float(np.mean(self._losses(answers)))
        return math.sqrt(mean) if self.metric == "rmse" else self._shown(mean)

    @property
    def _blocks(self) -> NDArray[np.int64]:
        return self.days.to_physical().to_numpy().astype(np.int64)

    def _shown(self, mean: float) -> float:
        return 1.0 - mean if self.metric in _LIKE else mean

    def _binary(self, answers: pl.DataFrame) -> tuple[NDArray[np.bool_], Floats]:
        truth = (self.labels == self.signature.output.classes[1]).to_numpy()
        return truth, _numbers(answers["score"])

    def _losses(self, answers: pl.DataFrame, metric: str = "") -> Floats:
        task, metric = self.signature.output.task, metric or self.metric
        if task == "regression":
            truth, found = _numbers(self.labels), _numbers(answers["value"])
            error = row_losses(Metric.MAE if metric == "mae" else Metric.RMSE, truth, found)
            return error / _spread(truth) if metric == "r2" else error
        if task == "binary":
            truth, score = self._binary(answers)
            if metric == "accuracy":
                return 1.0 - row_losses(Metric.ACCURACY, truth, score > 0.5)
            return row_losses(Metric.BRIER if metric == "brier" else Metric.LOG_LOSS, truth, score)
        if metric == "accuracy":
            return (answers["class"] != self.labels).to_numpy().astype(np.float64)
        classes = self.signature.output.classes
        chances = np.stack([_numbers(answers[f"probability:{name}"]) for name in classes], axis=1)
        right = np.stack([(self.labels == name).to_numpy() for name in classes], axis=1)
        losses: Floats = -np.log(np.clip((chances * right).sum(axis=1), _TINY, 1.0))
        return losses


def _measured(value: float, interval: Interval, gain: Gain) -> Measured:
    return Measured(value=value, interval=interval, error=gain.error, blocks=gain.blocks, rows=gain.rows)


def _numbers(values: pl.Series) -> Floats:
    return np.asarray(values.cast(pl.Float64).to_numpy(), dtype=np.float64)


def _share(labels: pl.Series, name: object) -> float:
    return float(np.mean((labels == name).to_numpy()))


def _spread(truth: Floats) -> float:
    spread = float(truth.var())
    if spread == 0.0:
        raise InvalidStatistic("R2 has no meaning where all labels are one number", expected="labels that differ")
    return spread


def _kept(share: float) -> float:
    return min(1.0, max(0.0, share))
