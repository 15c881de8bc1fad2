"""The Brier score in three parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from regrove.stats.calibration import corp, miscalibration_gate, recalibrated
from regrove.stats.gate import Gate
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=1, max_size=30)


class TestCorp:
    """Against scikit-learn's isotonic regression."""

    @settings(max_examples=60, deadline=None)
    @given(rows=ROWS)
    def test_recalibration_is_scikit_learns(self, rows) -> None:
        """Ties of the score are one point."""
        truth, scores = np.array([y for y, _ in rows]), np.array([x for _, x in rows]) / 10
        oracle = IsotonicRegression(y_min=0, y_max=1).fit_transform(scores, truth)
        assert recalibrated(truth, scores) == pytest.approx(oracle, abs=1e-9)

    @settings(max_examples=40, deadline=None)
    @given(rows=ROWS, seed=st.integers(0, 9))
    def test_the_parts_add_up_to_the_brier_score(self, rows, seed: int) -> None:
        """Exactly, each at least 0, in any order of the rows."""
        truth, scores = np.array([y for y, _ in rows]), np.array([x for _, x in rows]) / 10
        found = corp(truth, scores, draws=20)
        oracle = np.mean((truth - scores) ** 2)
        assert found.brier == pytest.approx(oracle, abs=1e-12)
        assert found.miscalibration - found.discrimination + found.uncertainty == pytest.approx(oracle, abs=1e-12)
        assert min(found.miscalibration, found.discrimination) >= 0.0
        assert found.interval.covers(found.miscalibration)
        order = np.random.default_rng(seed).permutation(len(rows))
        assert corp(truth[order], scores[order], draws=20).miscalibration == pytest.approx(
            found.miscalibration, abs=1e-12
        )

    def test_the_brier_score_is_scikit_learns(self) -> None:
        """The usual definition."""
        rng = np.random.default_rng(0)
        truth, scores = rng.integers(0, 2, 50), rng.random(50)
        assert corp(truth, scores, draws=20).brier == pytest.approx(brier_score_loss(truth, scores), abs=1e-12)

    def test_the_bounds_hold_the_true_miscalibration(self) -> None:
        """A score that is too sure by a known amount."""
        rng = np.random.default_rng(1)
        low = high = 0
        for trial in range(25):
            scores = rng.random(600)
            truth = rng.random(600) < 0.25 + 0.5 * scores
            found = corp(truth, scores, draws=60, seed=trial)
            low += found.interval.low > 0.25 / 12
            high += found.interval.high < 0.25 / 12
        assert low <= 5
        assert high <= 5

    def test_p_is_about_uniform_for_a_calibrated_score(self) -> None:
        """Small values are as rare as they say."""
        rng = np.random.default_rng(2)
        found = []
        for trial in range(60):
            scores = rng.random(150)
            found.append(corp(rng.random(150) < scores, scores, draws=39, seed=trial).p)
        assert np.mean(np.array(found) <= 0.1) <= 0.25
        assert np.mean(found) == pytest.approx(0.5, abs=0.12)

    def test_blocks_widen_the_bound(self) -> None:
        """Days on which everything happens, or nothing."""
        rng = np.random.default_rng(3)
        day = np.repeat(np.arange(15), 40)
        scores = np.full(600, 0.5)
        truth = rng.random(15)[day] < 0.5
        rows, days = corp(truth, scores), corp(truth, scores, blocks=day)
        assert days.interval.high > 2 * rows.interval.high
        assert days.blocks == 15

    def test_one_block_and_one_class_have_answers(self) -> None:
        """No bound, and no warning."""
        assert corp([1, 1, 0], [0.2, 0.5, 0.9], blocks=["a"] * 3).interval.high == 1.0
        one = corp([1] * 50, [0.9] * 50)
        assert one.discrimination == 0.0
        assert one.uncertainty == 0.0

    def test_bad_input_is_refused(self) -> None:
        """Logits, no rows, too few draws."""
        for wrong in ({"scores": [2.0]}, {"truth": [], "scores": []}, {"draws": 3}, {"level": 0.3}):
            with pytest.raises(InvalidStatistic):
                corp(**({"truth": [1], "scores": [0.5]} | wrong))


class TestGate:
    """The miscalibration against its limit."""

    def test_a_calibrated_score_passes_and_a_wrong_one_fails(self) -> None:
        """With thousands of rows."""
        rng = np.random.default_rng(4)
        scores = rng.random(3000)
        draw = rng.random(3000)
        assert miscalibration_gate(corp(draw < scores, scores, draws=50)).gate is Gate.PASS
        assert miscalibration_gate(corp(draw < scores**3, scores, draws=50)).gate is Gate.FAIL

    def test_few_rows_are_inconclusive(self) -> None:
        """The bound is high."""
        rng = np.random.default_rng(5)
        scores = rng.random(60)
        assert miscalibration_gate(corp(rng.random(60) < scores, scores)).gate is Gate.INCONCLUSIVE
