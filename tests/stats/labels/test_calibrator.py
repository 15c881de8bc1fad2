"""From scores to probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from regrove.stats.labels import cross_fitted, fit_calibrator
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(st.tuples(st.integers(0, 10), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40)


class TestCalibrator:
    """Isotonic, and only where it helps."""

    @given(rows=ROWS.filter(lambda rows: any(r[2] for r in rows)))
    def test_the_map_is_scikit_learns(self, rows: list[tuple[int, bool, int]]) -> None:
        """Weighted isotonic regression, clipped outside."""
        score, truth, weight = (np.array(each, float) for each in zip(*rows, strict=True))
        score /= 10
        found = fit_calibrator(truth, score, weights=weight, folds=2)
        oracle = IsotonicRegression(out_of_bounds="clip").fit(score, truth, sample_weight=weight)
        grid = np.linspace(0, 1, 41)
        assert np.interp(grid, found.scores, found.probabilities) == pytest.approx(oracle.predict(grid), abs=1e-9)

    def test_a_calibrated_score_is_left_alone_or_hardly_changed(self) -> None:
        """The map may be used only if held-out blocks gain."""
        rng = np.random.default_rng(0)
        score = rng.random(3000)
        found = fit_calibrator(rng.random(3000) < score, score, blocks=np.arange(3000) // 100)
        grid = np.linspace(0.05, 0.95, 19)
        assert found.used == (found.gain > 0)
        assert np.abs(found.apply(grid) - grid).max() < 0.12

    def test_an_overconfident_score_is_mended(self) -> None:
        """Held-out Brier score falls, and probabilities are right."""
        rng = np.random.default_rng(1)
        p = rng.uniform(0.2, 0.8, 20_000)
        score = np.clip(0.5 + 1.6 * (p - 0.5), 0, 1)
        found = fit_calibrator(rng.random(20_000) < p, score)
        assert found.used
        assert np.abs(found.apply(score) - p).mean() < 0.02

    def test_rows_of_a_block_do_not_help_to_judge_it(self) -> None:
        """With one block a fold the held-out map comes from other blocks only."""
        truth, score = [0, 0, 1, 1], [0.2, 0.3, 0.2, 0.3]
        assert cross_fitted(truth, score, blocks=["a", "a", "b", "b"], folds=2).tolist() == [1, 1, 0, 0]

    def test_the_scale_of_weights_does_not_matter(self) -> None:
        """Not even where their sum would overflow."""
        rng = np.random.default_rng(2)
        score = rng.random(100)
        truth, weights = rng.random(100) < score, rng.random(100)
        one, other = (fit_calibrator(truth, score, weights=each) for each in (weights, weights * 1e308))
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-12)
        assert one.effective == pytest.approx(other.effective)

    def test_bad_input_is_refused(self) -> None:
        """Nothing to learn from, or nothing to hold out."""
        for ask in (
            lambda: fit_calibrator([], []),
            lambda: fit_calibrator([1, 0], [0.5, 0.5], weights=[0, 0]),
            lambda: fit_calibrator([1, 0], [0.5, 0.5], weights=[-1, 2]),
            lambda: fit_calibrator([1, 0], [0.5, math.inf]),
            lambda: fit_calibrator([1, 0], [0.5, 0.5], blocks=["a", "a"]),
            lambda: fit_calibrator([1, 0], [0.5, 0.5], folds=1),
            lambda: fit_calibrator([1, 0], [0.5, 0.5], blocks=["a"]),
        ):
            with pytest.raises(InvalidStatistic):
                ask()
