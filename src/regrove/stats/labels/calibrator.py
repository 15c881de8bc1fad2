"""Scores made into probabilities, by isotonic regression on reference rows that the model did not learn from."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Codes, Floats, binary, codes, finite, same_rows, shares
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Calibrator", "cross_fitted", "fit_calibrator"]


class Calibrator(msgspec.Struct, frozen=True, kw_only=True):
    """A rising map from score to probability; constant outside the scores that were seen, linear between."""

    scores: Floats
    probabilities: Floats
    used: bool
    """False where calibration did not improve held-out blocks: ``apply`` then returns the scores as they are."""
    gain: float
    """Held-out Brier score before minus after; above 0 where calibration helps."""
    rows: int
    effective: float
    """Rows after weighting: (sum w)^2 / sum w^2."""

    def apply(self, scores: npt.ArrayLike) -> Floats:
        """The probability for each score."""
        given = shares("scores", scores)
        return np.interp(given, self.scores, self.probabilities) if self.used else given


def fit_calibrator(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    blocks: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    folds: int = 5,
) -> Calibrator:
    """Learn the map from reference rows; use it only if it improves blocks that were held out.

    Args:
        truth: outcomes of 0 and 1.
        scores: the model's scores, 0 to 1.
        blocks: the day or batch of each row; folds hold whole blocks, so that no day helps to judge itself. Without
            them every ``folds``-th row is a fold.
        weights: how much a row counts, 0 or more: for weighted CBPE how much more often its like comes in the window.
        folds: 2 or more, at most the number of blocks.

    >>> rng = np.random.default_rng(0)
    >>> score = rng.random(4000)
    >>> calibrator = fit_calibrator(rng.random(4000) < score**2, score)
    >>> calibrator.used, abs(float(calibrator.apply([0.5])[0]) - 0.25) < 0.06
    (True, True)
    """
    y, x, w = _checked(truth, scores, weights)
    held = cross_fitted(y, x, blocks=blocks, weights=w, folds=folds)
    before, after = (float(w @ (each - y) ** 2 / w.sum()) for each in (x, held))
    knots, fitted = _fit(y, x, w)
    return Calibrator(
        scores=knots,
        probabilities=fitted,
        used=after < before,
        gain=before - after,
        rows=len(y),
        effective=float(w.sum() ** 2 / (w @ w)),
    )


def cross_fitted(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    blocks: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    folds: int = 5,
) -> Floats:
    """The calibrated probability of each row from a map that was learnt without the row's fold.

    >>> cross_fitted([0, 0, 1, 1], [0.1, 0.1, 0.9, 0.9], folds=2).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    y, x, w = _checked(truth, scores, weights)
    fold = folds_of(len(y), blocks, folds)
    held = np.empty(len(y))
    for each in range(int(fold.max()) + 1):
        here = fold == each
        learn = ~here & (w > 0.0)
        held[here] = np.interp(x[here], *_fit(y[learn], x[learn], w[learn])) if learn.any() else x[here]
    return held


def folds_of(rows: int, blocks: npt.ArrayLike | None, folds: int) -> Codes:
    """The fold of each row; whole blocks, in turn, go to folds.

    >>> folds_of(6, ["a", "a", "b", "b", "c", "c"], 2).tolist()
    [0, 0, 1, 1, 0, 0]
    """
    unit = np.arange(rows, dtype=np.int64)
    if blocks is not None:
        unit = codes(blocks)[1]
        same_rows(rows=np.empty(rows), blocks=unit)
    count = int(unit.max()) + 1 if rows else 0
    if not folds >= 2 or count < 2:
        raise InvalidStatistic(
            "Rows cannot be held out",
            expected="at least 2 folds and 2 blocks (or rows)",
            received=f"{folds} folds, {count} blocks",
        )
    fold: Codes = unit % min(folds, count)
    return fold


def _checked(
    truth: npt.ArrayLike, scores: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    y, x = binary("truth", truth).astype(np.float64), shares("scores", scores)
    w = np.ones(len(y)) if weights is None else finite("weights", weights)
    same_rows(truth=y, scores=x, weights=w)
    if not len(y) or w.min() < 0.0 or w.max() <= 0.0:
        raise InvalidStatistic(
            "There is nothing to calibrate on",
            expected="rows with weights of 0 or more, not all 0",
            received=f"{len(y)} rows" if not len(y) else f"weights from {w.min():.6g} to {w.max():.6g}",
        )
    return y, x, w / w.max()


def _fit(y: Floats, x: Floats, w: Floats) -> tuple[Floats, Floats]:
    """Knots and values: the isotonic fit, with the middle of each flat run joined to the next by its ends."""
    from scipy.optimize import isotonic_regression  # 0.1 s to import, off the paths that do not need it

    used = w > 0.0
    order = np.argsort(x[used], kind="stable")
    y, x, w = y[used][order], x[used][order], w[used][order]
    starts = np.flatnonzero(np.diff(x, prepend=-1.0))
    weight = np.add.reduceat(w, starts)
    fitted = np.asarray(isotonic_regression(np.add.reduceat(w * y, starts) / weight, weights=weight).x)
    knots = x[starts]
    # inside a flat run only its ends matter
    inner = np.zeros(len(knots), dtype=bool)
    inner[1:-1] = (fitted[1:-1] == fitted[:-2]) & (fitted[1:-1] == fitted[2:])
    return knots[~inner], np.clip(fitted[~inner], 0.0, 1.0)
