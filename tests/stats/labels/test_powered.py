"""Prediction-powered inference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regrove.stats.labels import audit_sample, prediction_powered
from regrove.stats.verdict import InvalidStatistic

VALUES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=30)


class TestPredictionPowered:
    """A few labels correct many estimates."""

    def test_the_formula_is_that_of_the_paper(self) -> None:
        """Plain PPI without imagined row: mean of estimates plus mean of misses, with both variances."""
        rng = np.random.default_rng(0)
        window, some, loss = rng.random(900), rng.random(40), rng.random(40)
        found = prediction_powered(window, some, loss, tuned=False, span=0)
        value = window.mean() + (loss - some).mean()
        spread = math.sqrt(window.var(ddof=1) / 900 + (loss - some).var(ddof=1) / 40)
        assert found.value == pytest.approx(value, abs=1e-12)
        assert found.interval.high == pytest.approx(value + stats.t.ppf(0.975, 39) * spread, abs=1e-9)

    def test_tuning_is_that_of_the_paper(self) -> None:
        """Covariance over variance, shrunk by labelled over all rows (PPI++, where both variances agree)."""
        rng = np.random.default_rng(1)
        some = rng.random(60)
        loss = 0.5 * some + 0.2 * rng.random(60)
        window = np.tile(some, 10)
        found = prediction_powered(window, some, loss, span=0)
        slope = np.cov(loss, some)[0, 1] / some.var(ddof=1)
        assert found.tuning == pytest.approx(slope / (1 + 60 / 600), rel=0.03)

    def test_worthless_estimates_do_no_harm(self) -> None:
        """Tuned, the interval is at most a little wider than that of the labels alone; useful ones make it narrower."""
        rng = np.random.default_rng(2)
        loss = (rng.random(400) < 0.2).astype(float)
        noise = prediction_powered(rng.random(5000), rng.random(400), loss)
        assert noise.interval.width <= 1.02 * noise.plain_interval.width
        good = 0.8 * loss + 0.1
        close = prediction_powered(rng.choice(good, 5000), good, loss)
        assert close.interval.width < 0.5 * close.plain_interval.width
        assert close.gain > 4

    def test_coverage_with_estimates_that_are_wrong(self) -> None:
        """19 of 20, though the estimates are off by .3, with rows drawn in strata."""
        rng = np.random.default_rng(3)
        p = rng.beta(2, 6, 4000)
        loss = (rng.random(4000) < p).astype(float)
        estimates = np.clip(p + 0.3, 0, 1)
        hold = 0
        for _ in range(300):
            sample = audit_sample(4000, 100, rng, strata=np.digitize(p, [0.2, 0.4]))
            rows = sample.rows
            found = prediction_powered(estimates, estimates[rows], loss[rows], chances=sample.chances)
            hold += found.interval.covers(loss.mean())
            assert found.bias == pytest.approx(-0.3, abs=0.25)
        assert hold >= 276

    @pytest.mark.parametrize("mean", [0.05, 0.95])
    def test_coverage_with_few_labels_and_rare_errors(self, mean: float) -> None:
        """19 of 20 with 50 labels, of which every thirteenth sample holds no error at all."""
        rng = np.random.default_rng(4)
        hold = plain = 0
        for _ in range(400):
            p = rng.beta(4 * mean, 4 * (1 - mean), 2000)
            loss = (rng.random(2000) < p).astype(float)
            found = prediction_powered(np.clip(p + 0.2, 0, 1), np.clip(p[:50] + 0.2, 0, 1), loss[:50])
            hold += found.interval.covers(loss.mean())
            plain += found.plain_interval.covers(loss.mean())
        assert min(hold, plain) >= 380

    @given(rows=VALUES, window=st.lists(st.floats(0, 1), min_size=1, max_size=9), tuned=st.booleans())
    def test_nothing_is_nan(self, rows: list[tuple[float, float]], window: list[float], tuned: bool) -> None:
        """And no sample, however uniform, claims certainty."""
        found = prediction_powered(window, [r[0] for r in rows], [r[1] for r in rows], tuned=tuned)
        assert found.interval.covers(found.value)
        assert found.interval.width > 0
        assert 0 <= found.tuning <= 1
        assert math.isfinite(found.gain)

    def test_bad_input_is_refused(self) -> None:
        """No window, one label, no chance."""
        for ask in (
            lambda: prediction_powered([], [0, 1], [0, 1]),
            lambda: prediction_powered([1], [0], [0]),
            lambda: prediction_powered([1], [0, 1], [0]),
            lambda: prediction_powered([math.nan], [0, 1], [0, 1]),
            lambda: prediction_powered([1], [0, 1], [0, 1], chances=[0, 1]),
            lambda: prediction_powered([1], [0, 1], [0, 1], chances=[1]),
            lambda: prediction_powered([1], [0, 1], [0, 1], span=math.inf),
        ):
            with pytest.raises(InvalidStatistic):
                ask()
