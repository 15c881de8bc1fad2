"""Losses of 0 to 1, one a row: what block means are made of, and what sequential detectors may bet on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, binary, same_rows, shares
from regrove.stats.labels.magnitude import measurable
from regrove.stats.verdict import InvalidStatistic, Option

__all__ = ["LossKind", "loss_scale", "row_losses"]


class LossKind(Option):
    """Which loss of a row."""

    ERROR = "error"
    """1 where the answer at the threshold is wrong, else 0."""
    BRIER = "brier"
    """The squared distance of probability and outcome."""
    LOG = "log"
    """The log loss, divided by its clip and clipped at 1."""
    ABSOLUTE = "absolute"
    """The absolute error of a number, divided by its clip and clipped at 1."""


def row_losses(
    kind: LossKind | str,
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    *,
    clip: float | None = None,
    threshold: float = 0.5,
) -> Floats:
    """The loss of each row, 0 to 1.

    Args:
        kind: the loss.
        truth: outcomes of 0 and 1; numbers for ABSOLUTE.
        predicted: probabilities of 1; numbers for ABSOLUTE.
        clip: the loss that counts as 1, for LOG and ABSOLUTE; take it once, from ``loss_scale`` of the reference.
        threshold: ERROR answers 1 at this probability or above.

    >>> row_losses(LossKind.ABSOLUTE, [1.0, 5.0], [2.0, 2.0], clip=2.0).tolist()
    [0.5, 1.0]
    """
    kind = LossKind(kind)
    if kind in {LossKind.LOG, LossKind.ABSOLUTE}:
        if clip is None or not np.isfinite(clip) or clip < 1e-100:
            raise InvalidStatistic(
                f"The {kind.value} loss has no upper end of its own",
                expected="a clip above 0 (1e-100 at least)",
                received=str(clip),
                mend="take loss_scale of the reference rows",
            )
        return np.minimum(1.0, _raw(kind, truth, predicted) / clip)
    y, p = binary("truth", truth), shares("predicted", predicted)
    same_rows(truth=y, predicted=p)
    losses: Floats = (p - y) ** 2 if kind is LossKind.BRIER else ((p >= threshold) != y).astype(np.float64)
    return losses


def loss_scale(
    kind: LossKind | str, truth: npt.ArrayLike, predicted: npt.ArrayLike, *, quantile: float = 0.995
) -> float:
    """The clip of a loss: its quantile on the reference, so that single rows cannot carry a block.

    1 for ERROR and BRIER. Where every reference loss is 0 there is no scale, and that is refused.

    >>> loss_scale(LossKind.ABSOLUTE, [0.0, 0.0, 0.0], [1.0, 2.0, 4.0], quantile=0.5)
    2.0
    """
    kind = LossKind(kind)
    if kind in {LossKind.ERROR, LossKind.BRIER}:
        return 1.0
    raw = _raw(kind, truth, predicted)
    if not len(raw) or not 0.0 < quantile <= 1.0:
        raise InvalidStatistic(
            "There is no loss to scale by", expected="at least 1 row, a quantile of 0 to 1", received=f"{len(raw)} rows"
        )
    scale = float(np.quantile(raw, quantile))
    scale = scale if scale > 0.0 else float(raw.max())
    if scale <= 0.0:
        raise InvalidStatistic(
            "The reference loss is 0 on every row",
            expected="some loss",
            received=f"{len(raw)} rows without any",
            mend="check that the reference is not what the model learnt from",
        )
    return scale


def _raw(kind: LossKind, truth: npt.ArrayLike, predicted: npt.ArrayLike) -> Floats:
    if kind is LossKind.ABSOLUTE:
        number, guess = measurable("truth", truth), measurable("predicted", predicted)
        same_rows(truth=number, predicted=guess)
        return np.abs(number - guess)
    y, p = binary("truth", truth), shares("predicted", predicted)
    same_rows(truth=y, predicted=p)
    right = np.clip(np.where(y, p, 1.0 - p), 1e-15, 1.0)
    losses: Floats = -np.log(right)
    return losses
