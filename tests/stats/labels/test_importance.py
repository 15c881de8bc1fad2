"""Importance weighting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from regrove.stats.labels import effective_rows, importance_weighted
from regrove.stats.verdict import InvalidStatistic


class TestImportanceWeighted:
    """Weighted means, refused when a few rows carry them."""

    def test_the_value_is_statsmodels(self) -> None:
        """And with equal weights the interval is the usual one."""
        rng = np.random.default_rng(0)
        loss, weights = rng.random(300), rng.random(300)
        found = importance_weighted(loss, weights)
        assert found.value == pytest.approx(DescrStatsW(loss, weights).mean, abs=1e-12)
        equal = importance_weighted(loss, np.full(300, 7.0))
        assert equal.interval.width / 2 == pytest.approx(1.959963984540054 * loss.std(ddof=1) / math.sqrt(300))
        assert equal.effective == pytest.approx(300)

    def test_coverage_under_another_mix(self) -> None:
        """19 of 20, with room for chance."""
        rng = np.random.default_rng(1)
        hold = 0
        for _ in range(300):
            x = rng.normal(size=1500)
            loss = (rng.random(1500) < 1 / (1 + np.exp(-x))).astype(float)
            hold += importance_weighted(loss, np.exp(0.7 * x)).interval.covers(0.64116)
        assert hold >= 273

    @given(weights=st.lists(st.floats(0, 1e300), max_size=30))
    def test_effective_rows_are_at_most_the_rows(self, weights: list[float]) -> None:
        """Whatever the scale of the weights."""
        found = effective_rows(weights)
        assert 0 <= found <= len(weights) + 1e-9
        if found > 0:
            assert found == pytest.approx(effective_rows(np.array(weights) / max(weights)), rel=1e-9)

    def test_too_few_effective_rows_are_refused(self) -> None:
        """With the reason; also when all weights are 0 or there is no row."""
        weights = np.ones(1000)
        weights[0] = 1e6
        for loss, weight in ((np.ones(1000), weights), (np.ones(200), np.zeros(200)), ([], [])):
            found = importance_weighted(loss, weight)
            assert found.value is None
            assert "more effective rows" in found.reason

    def test_bad_input_is_refused(self) -> None:
        """Negative, missing, unequal."""
        for loss, weight in (([1.0], [-1.0]), ([1.0], [math.nan]), ([math.inf], [1.0]), ([1.0, 2.0], [1.0])):
            with pytest.raises(InvalidStatistic):
                importance_weighted(loss, weight)
