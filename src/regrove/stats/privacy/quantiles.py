"""A stronger guess: is this row's score higher than rows like it should have?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from regrove.errors import MissingExtra
from regrove.stats.arrays import Floats, finite, same_rows
from regrove.stats.labels.boosting import table
from regrove.stats.privacy.membership import RATES, Attack, attack
from regrove.stats.threads import few_threads
from regrove.stats.verdict import InvalidStatistic

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["quantile_attack"]


def quantile_attack(
    member_scores: npt.ArrayLike,
    member_features: npt.ArrayLike,
    held_out_scores: npt.ArrayLike,
    held_out_features: npt.ArrayLike,
    *,
    rates: tuple[float, ...] = RATES,
    level: float = 0.95,
    folds: int = 5,
    seed: int = 0,
) -> Attack:
    """Compare each row's score with what rows like it score when they were held out.

    One gradient-boosted model of the held-out scores' quartiles given the features stands in for many shadow models;
    the attack's score is (score - median) / (upper quartile - lower quartile), so that an easy row is no suspect.
    Held-out rows are scored by models that did not learn from them (``folds``), members by the mean of these models'.
    Source: Bertran et al. (2023), NeurIPS 36, with quartiles and a scale in place of one quantile a rate.

    Args:
        member_scores: ``logit_scores`` (or minus losses) of rows that the model learnt from.
        member_features: shape (members, features); nan and infinities count as absent.
        held_out_scores: the same of rows that it did not learn from, of the same time.
        held_out_features: shape (held out, features).
        rates: of false alarms.
        level: of the intervals.
        folds: models that are fitted.
        seed: of the folds and the models.

    Raises:
        MissingExtra: scikit-learn is not installed.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 2))
    >>> quantile_attack(rng.normal(size=200) + 2, x[:200], rng.normal(size=200), x[200:]).auc > 0.8
    True
    """
    scores, held = finite("member_scores", member_scores), finite("held_out_scores", held_out_scores)
    x, z = table("member_features", member_features), table("held_out_features", held_out_features)
    same_rows(member_scores=scores, member_features=x)
    same_rows(held_out_scores=held, held_out_features=z)
    if not 2 <= folds <= len(held) or not len(scores) or x.shape[1] != z.shape[1]:
        raise InvalidStatistic(
            "The attack cannot be fitted",
            expected="members, at least 2 folds, a held-out row for each, as many features on both sides",
            received=f"{len(scores)} members, {folds} folds, {len(held)} held out, {x.shape[1]}, {z.shape[1]} features",
        )
    fit = _fitting(seed)
    fold = np.random.default_rng(seed).permutation(len(held)) % folds
    of_members, of_held = np.zeros((3, len(scores))), np.zeros((3, len(held)))
    for each in range(folds):
        here = fold == each
        for row, quantile in enumerate((0.25, 0.5, 0.75)):
            predict = fit(z[~here], held[~here], quantile)
            of_held[row, here] = predict(z[here])
            of_members[row] += predict(x) / folds
    least = max(1e-9, 0.01 * float(held.std()))
    return attack(
        "quantile",
        _relative(scores, of_members, least),
        _relative(held, of_held, least),
        rates=rates,
        level=level,
        seed=seed,
    )


def _relative(scores: Floats, quartiles: Floats, least: float) -> Floats:
    low, middle, high = quartiles
    relative: Floats = (scores - middle) / np.maximum(high - low, least)
    return relative


def _fitting(seed: int) -> Callable[[Floats, Floats, float], Callable[[Floats], Floats]]:
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError as error:
        raise MissingExtra("scikit-learn", extra="train", need="fit the quantile attack") from error

    def fit(features: Floats, scores: Floats, quantile: float) -> Callable[[Floats], Floats]:
        empty = np.count_nonzero(~np.isnan(features), axis=0) == 0  # a column without any number cannot be binned
        fill = np.where(empty, 0.0, np.nan)
        unfitted = HistGradientBoostingRegressor(
            loss="quantile",
            quantile=quantile,
            max_iter=60,
            max_leaf_nodes=8,
            min_samples_leaf=max(5, min(40, len(scores) // 20)),
            early_stopping=False,
            random_state=seed,
        )
        with few_threads(len(scores)):
            model = unfitted.fit(_filled(features, fill), scores)

        def predict(new: Floats) -> Floats:
            with few_threads(len(new)):
                answer: Floats = model.predict(_filled(new, fill))
            return answer

        return predict

    return fit


def _filled(features: Floats, fill: Floats) -> Floats:
    """Columns with a number to fill with hold only that; others keep their own values."""
    return np.where(np.isnan(fill), features, fill)
