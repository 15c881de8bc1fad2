"""Direct loss estimation: a second model that foretells how far the first one will be off."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Codes, Floats, codes, same_rows
from regrove.stats.labels.boosting import fit_boosted, held_out_boosted, table
from regrove.stats.labels.calibrator import folds_of
from regrove.stats.labels.magnitude import measurable
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["DirectLoss", "direct_loss"]

_CELLS = 10
_LEAST = 20


class DirectLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The loss of a regression that is expected on rows without labels."""

    kind: str
    """"absolute" (the mean is the MAE) or "squared" (the MSE; its root is the RMSE)."""
    value: float
    interval: Interval
    """Of the mean loss that will come out, if the law of the loss given the features has not changed."""
    losses: Floats
    """Expected loss of each window row, for ``prediction_powered``."""
    reference: float
    """The mean loss that came out on the reference."""
    explained: float
    """Share of the losses' variance that held-out blocks show to be foretold; below 0 the model foretells nothing."""
    rows_reference: int
    blocks: int
    rows_window: int
    seed: int


def direct_loss(
    features: npt.ArrayLike,
    predicted: npt.ArrayLike,
    truth: npt.ArrayLike,
    window_features: npt.ArrayLike,
    window_predicted: npt.ArrayLike,
    *,
    kind: Literal["absolute", "squared"] = "absolute",
    blocks: npt.ArrayLike | None = None,
    folds: int = 5,
    level: float = 0.95,
    seed: int = 0,
) -> DirectLoss:
    """Estimate the mean absolute or squared error of a regression without labels.

    A boosted model learns the loss from features and prediction on reference rows that the first model did not learn
    from. The interval holds the chance of the window's own rows, that of the reference blocks, and what the estimate
    misses on held-out blocks among rows of like expected loss. It fails for rows unlike all reference rows and for
    targets with a trend; trust it by its ``track_record``. Stated coverage: 93% or more at 95%, for independent rows
    of an unchanged law, also when rows have moved within the reference (``python -m soak labels``).

    Args:
        features: shape (rows, features) of the reference; nan counts as absent.
        predicted: the model's prediction there.
        truth: what came out.
        window_features: the same features of the window.
        window_predicted: the prediction there.
        kind: which loss.
        blocks: the day or batch of each reference row.
        folds: models that are held out.
        level: of the interval.
        seed: of the models.

    Raises:
        MissingExtra: scikit-learn is not installed.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0, 1, size=(2000, 1))
    >>> y = 2 * x[:, 0] + x[:, 0] * rng.normal(size=2000)     # the noise grows with x
    >>> found = direct_loss(x, 2 * x[:, 0], y, x[x[:, 0] > 0.8], 2 * x[x[:, 0] > 0.8, 0])
    >>> round(found.reference, 1), 0.65 < found.value < 0.85
    (0.4, True)
    """
    x, z = table("features", features), table("window_features", window_features)
    guess, came = measurable("predicted", predicted), measurable("truth", truth)
    new = measurable("window_predicted", window_predicted)
    rows = same_rows(features=x, predicted=guess, truth=came)
    count = same_rows(window_features=z, window_predicted=new)
    if (
        x.shape[1] != z.shape[1]
        or rows < 10
        or count < 1
        or not 0.0 < level < 1.0
        or kind not in {"absolute", "squared"}
    ):
        raise InvalidStatistic(
            "The loss cannot be learnt",
            expected="at least 10 reference rows and 1 window row with as many features; absolute or squared",
            received=f"{x.shape} against {z.shape}, kind {kind}",
        )
    error = np.abs(came - guess)
    loss = error if kind == "absolute" else error * error
    measurable("the loss", loss)
    inputs, wanted = np.column_stack([x, guess]), np.column_stack([z, new])
    fold = folds_of(rows, blocks, folds)
    held = held_out_boosted(inputs, loss, fold, classes=False, seed=seed)
    expected = np.maximum(0.0, fit_boosted(inputs, loss, classes=False, seed=seed)(wanted))
    block = np.arange(rows, dtype=np.int64) if blocks is None else codes(blocks)[1]
    here, there = _alike(expected, held)
    half = _half_width(loss - held, here, there, block, level)
    missed, spread, value = loss - held, float(loss.var()), float(expected.mean())
    return DirectLoss(
        kind=kind,
        value=value,
        interval=Interval(max(0.0, value - half), value + half, level),
        losses=expected,
        reference=float(loss.mean()),
        explained=1.0 - float(missed @ missed) / rows / spread if spread > 0.0 else 0.0,
        rows_reference=rows,
        blocks=len(np.unique(block)),
        rows_window=count,
        seed=seed,
    )


def _alike(expected: Floats, held: Floats) -> tuple[Codes, Codes]:
    """Cells of equal window mass by the expected loss, joined until each holds reference rows enough."""
    edges = np.unique(np.quantile(expected, np.linspace(0.0, 1.0, _CELLS + 1)[1:-1]))
    while len(edges):
        inside = np.bincount(edges.searchsorted(held, "right"), minlength=len(edges) + 1)
        poorest = int(np.argmin(inside))
        if inside[poorest] >= _LEAST:
            break
        edges = np.delete(edges, min(poorest, len(edges) - 1))
    return edges.searchsorted(expected, "right").astype(np.int64), edges.searchsorted(held, "right").astype(np.int64)


def _half_width(missed: Floats, here: Codes, there: Codes, block: Codes, level: float) -> float:
    """Of the window's mean, from what held-out reference rows miss; each cell with the weight it has in the window.

    The mean miss itself is added and not taken off: cells are of noisy predictions, and a correction by them would err
    with the shift. Blocks are the units: their design effect on the mean miss is taken to hold in the window too.
    """
    cells = int(max(here.max(), there.max())) + 1
    share, inside = np.bincount(here, minlength=cells) / len(here), np.bincount(there, minlength=cells)
    mean = np.bincount(there, weights=missed, minlength=cells) / np.maximum(inside, 1)
    centred = missed - mean[there]
    weight = (share / np.maximum(inside, 1))[there]
    blocks = int(block.max()) + 1
    of_blocks = np.bincount(block, weights=weight * centred, minlength=blocks)
    of_rows = float((weight * centred) @ (weight * centred))
    of_reference = max(of_rows, float(of_blocks @ of_blocks) * blocks / max(1, blocks - 1))
    design = of_reference / of_rows if of_rows > 0.0 else 1.0
    spread = np.bincount(there, weights=centred * centred, minlength=cells) / np.maximum(inside - 1, 1)
    of_window = float(share @ spread) / len(here) * min(design, float(len(here)))
    scale = float(special.stdtrit(max(1, blocks - 1), 0.5 + level / 2.0))
    return scale * math.sqrt(of_reference + of_window) + abs(float(share @ mean))
