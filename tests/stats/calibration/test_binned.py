"""The debiased binned error."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from regrove.stats.calibration import squared_error
from regrove.stats.verdict import InvalidStatistic


class TestSquaredError:
    """By its definition, and without bias."""

    def test_it_is_the_formula_over_given_bins(self) -> None:
        """Two scores make two bins."""
        truth = [1, 1, 1, 0, 1, 1, 1, 0, 0, 0]
        scores = [0.7] * 6 + [0.9] * 4
        found = squared_error(truth, scores, bins=2)
        first = (0.9 - 0.25) ** 2 - 0.25 * 0.75 / 3
        second = (0.7 - 5 / 6) ** 2 - 5 / 36 / 5
        assert found.squared == pytest.approx(0.4 * first + 0.6 * second, abs=1e-12)
        assert found.bins == 2

    def test_the_plain_error_is_that_of_scikit_learns_curve(self) -> None:
        """Same bins of equal counts, mean absolute distance."""
        rng = np.random.default_rng(0)
        scores = rng.random(1000)
        truth = rng.random(1000) < scores
        observed, predicted = calibration_curve(truth, scores, n_bins=10, strategy="quantile")
        assert squared_error(truth, scores, bins=10).plain == pytest.approx(
            np.abs(observed - predicted).mean(), abs=2e-3
        )

    def test_a_calibrated_score_has_none_on_average(self) -> None:
        """Where the plain error says .06."""
        rng = np.random.default_rng(1)
        found, plain = [], []
        for _ in range(200):
            scores = rng.random(500)
            each = squared_error(rng.random(500) < scores, scores)
            found.append(each.squared)
            plain.append(each.plain)
        assert np.mean(found) == pytest.approx(0.0, abs=4 * np.std(found) / math.sqrt(200))
        assert np.mean(plain) > 0.05

    def test_the_interval_covers(self) -> None:
        """A score that is off by .1 everywhere, and one that is right."""
        rng = np.random.default_rng(2)
        for shift in (0.0, 0.1):
            hits = 0
            for _ in range(200):
                scores = rng.uniform(0.2, 0.8, 1000)
                hits += squared_error(rng.random(1000) < scores + shift, scores).interval.covers(shift**2)
            assert hits >= 180

    @given(
        rows=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=40), bins=st.integers(1, 20)
    )
    def test_no_input_makes_nan(self, rows, bins: int) -> None:
        """One score, one class, more bins than rows."""
        found = squared_error([y for y, _ in rows], [x for _, x in rows], bins=bins)
        assert math.isfinite(found.squared)
        assert 1 <= found.bins <= bins
        assert found.interval.low <= found.interval.high

    def test_blocks_widen_the_interval(self) -> None:
        """A day effect on the outcome."""
        rng = np.random.default_rng(3)
        day = np.repeat(np.arange(20), 50)
        scores = rng.random(1000)
        truth = rng.random(1000) < np.clip(scores + rng.normal(0.1, 0.2, 20)[day], 0, 1)
        rows, days = squared_error(truth, scores), squared_error(truth, scores, blocks=day)
        assert days.interval.width > 1.5 * rows.interval.width

    def test_one_row_is_refused(self) -> None:
        """It has no bin."""
        with pytest.raises(InvalidStatistic):
            squared_error([1], [0.5])
