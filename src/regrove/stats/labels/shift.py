"""How much more often do rows like this one come now? Weights from a classifier of window and reference."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, codes, same_rows
from regrove.stats.labels.boosting import held_out_boosted, table
from regrove.stats.labels.calibrator import Calibrator, fit_calibrator, folds_of
from regrove.stats.labels.confidence import Cbpe, cbpe, no_estimate
from regrove.stats.labels.importance import effective_rows
from regrove.stats.placements import auc_interval
from regrove.stats.verdict import Interval, InvalidStatistic, needs

__all__ = ["DomainWeights", "WeightedCbpe", "domain_weights", "weighted_cbpe"]


class DomainWeights(msgspec.Struct, frozen=True, kw_only=True):
    """Weights of the reference rows, and how far the window lies from them."""

    weights: Floats
    """One a reference row, 0 or more, mean 1."""
    effective: float
    """What the weighted rows are worth; the less, the farther the window."""
    auc: float
    """Of telling window rows from reference rows, held out; .5 where they are alike."""
    interval: Interval
    """Of the AUC, for independent rows."""
    outside: float
    """Share of window rows with a number below or above all that the reference holds, or absent where it never was;
    less what chance alone puts there, which is the more the fewer rows and the more columns the reference has."""
    rows_reference: int
    rows_window: int
    seed: int


class WeightedCbpe(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate from a calibrator that was fitted for the mix of the window."""

    estimate: Cbpe
    calibrator: Calibrator
    effective: float
    reason: str


def domain_weights(
    reference: npt.ArrayLike,
    window: npt.ArrayLike,
    *,
    blocks_reference: npt.ArrayLike | None = None,
    blocks_window: npt.ArrayLike | None = None,
    folds: int = 5,
    largest: float = 50.0,
    seed: int = 0,
) -> DomainWeights:
    """Estimate the density ratio window / reference for each reference row.

    A boosted classifier is fitted on whole blocks that leave the row's own out; w = p / (1 - p) * n_reference /
    n_window. Without blocks held out the classifier would know days by heart and find a shift where there is none.

    Args:
        reference: shape (rows, features); nan counts as absent.
        window: the same features.
        blocks_reference: the day or batch of each row.
        blocks_window: the same for the window.
        folds: models that are fitted.
        largest: weights above it are cut, so that one row cannot carry the estimate.
        seed: of the models and, without blocks, of the folds.

    Raises:
        MissingExtra: scikit-learn is not installed.

    >>> rng = np.random.default_rng(0)
    >>> found = domain_weights(rng.normal(size=(600, 1)), rng.normal(size=(600, 1)) + 1)
    >>> found.auc > 0.65, found.effective < 500
    (True, True)
    """
    old, new = table("reference", reference), table("window", window)
    if old.shape[1] != new.shape[1] or min(len(old), len(new)) < 2 or not largest > 0.0:
        raise InvalidStatistic(
            "Window and reference cannot be told apart",
            expected="as many features and at least 2 rows on both sides, a largest weight above 0",
            received=f"{old.shape} against {new.shape}",
        )
    rng = np.random.default_rng(seed)
    fold = np.concatenate([_fold(len(old), blocks_reference, folds, rng), _fold(len(new), blocks_window, folds, rng)])
    side = np.repeat([0.0, 1.0], [len(old), len(new)])
    chance = held_out_boosted(np.concatenate([old, new]), side, fold, classes=True, seed=seed)
    value, interval = auc_interval(chance[len(old) :], chance[: len(old)])
    kept = np.minimum(chance[: len(old)], 1.0 - 1e-9)
    weights = np.minimum(kept / (1.0 - kept) * len(old) / len(new), largest)
    mean = float(weights.mean())
    weights = weights / mean if mean > 0.0 else np.ones(len(old))
    return DomainWeights(
        weights=weights,
        effective=effective_rows(weights),
        auc=value,
        interval=interval,
        outside=_outside(old, new),
        rows_reference=len(old),
        rows_window=len(new),
        seed=seed,
    )


def weighted_cbpe(
    truth: npt.ArrayLike,
    reference_scores: npt.ArrayLike,
    window_scores: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    blocks: npt.ArrayLike | None = None,
    threshold: float = 0.5,
    level: float = 0.95,
    least: float = 100.0,
) -> WeightedCbpe:
    """CBPE with a calibrator for the window's mix of rows; no estimate below ``least`` effective rows.

    A score that is calibrated over the reference is not so among the rows that have become frequent. Source: Bialek,
    Kuberski, Perrakis and Bifet (2024), arXiv:2401.08348. It mends covariate shift, not a change of concept.

    Args:
        truth: outcomes of the reference rows.
        reference_scores: the model's scores there, 0 to 1.
        window_scores: its scores on the window.
        weights: of the reference rows, from ``domain_weights``.
        blocks: the day or batch of each reference row.
        threshold: the answer is 1 at this score or above.
        level: of the intervals.
        least: effective rows below which there is no estimate.

    >>> rng = np.random.default_rng(0)
    >>> score = rng.random(2000)
    >>> found = weighted_cbpe(rng.random(2000) < score, score, score[score > 0.5], 1.0 + (score > 0.5))
    >>> round(found.estimate["accuracy"].value, 1)
    0.8
    """
    calibrator = fit_calibrator(truth, reference_scores, blocks=blocks, weights=weights)
    effective = calibrator.effective
    if effective < least:
        reason = f"weighted reference rows are worth {effective:.2g} equal ones; {needs(least - effective, 'rows')}"
        estimate = no_estimate(threshold, level, reason)
    else:
        estimate = cbpe(calibrator.apply(window_scores), window_scores, threshold=threshold, level=level)
        reason = f"{estimate.reason}; the calibrator rests on {effective:,.0f} effective rows"
    return WeightedCbpe(estimate=estimate, calibrator=calibrator, effective=effective, reason=reason)


def _fold(rows: int, blocks: npt.ArrayLike | None, folds: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Whole blocks in folds; a side with a single block, or none given, is dealt row by row."""
    if blocks is not None:
        names, block = codes(blocks)
        same_rows(rows=np.empty(rows), blocks=block)
        if len(names) > 1:
            return folds_of(rows, blocks, folds)
    return rng.permutation(folds_of(rows, None, folds))


def _outside(old: Floats, new: Floats) -> float:
    """The share of window rows outside, less that of reference rows that lie outside of all other reference rows.

    With 40 columns and 1,000 reference rows 7% of rows that have not moved exceed the range of some column. What is
    taken off is known to within chance itself: with 10 columns and 100 reference rows one unmoved window in seven is
    still above 5%, with 200 one in twenty-five, with 500 or more, or 40 columns and 1,000, none of 300.
    """
    seen = ~np.isnan(old)
    low = np.where(seen, old, np.inf).min(axis=0)
    high = np.where(seen, old, -np.inf).max(axis=0)
    absent = np.isnan(new)
    beyond = ~absent & ((np.where(absent, 0.0, new) < low) | (np.where(absent, 0.0, new) > high))
    raw = float((beyond | (absent & seen.all(axis=0))).any(axis=1).mean())
    # a reference row lies outside all others where it alone holds an end, or alone lacks the value
    alone = np.zeros(len(old), dtype=bool)
    for at_end in (old == low, old == high, ~seen):
        alone |= at_end[:, np.count_nonzero(at_end, axis=0) == 1].any(axis=1)
    chance = float(alone.mean())
    return max(0.0, (raw - chance) / (1.0 - chance)) if chance < 1.0 else 0.0
