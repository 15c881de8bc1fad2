"""The audit sampler."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import samplesize_confint_proportion

from regrove.stats.labels import audit_sample, audit_size
from regrove.stats.verdict import InvalidStatistic


class TestAuditSize:
    """How many labels."""

    @given(half=st.floats(0.005, 0.3), share=st.floats(0.01, 0.99), level=st.sampled_from([0.9, 0.95]))
    def test_agrees_with_statsmodels(self, half: float, share: float, level: float) -> None:
        """Rounded up."""
        oracle = samplesize_confint_proportion(share, half, alpha=1 - level)
        assert audit_size(half, share=share, level=level) == pytest.approx(max(1, math.ceil(oracle - 1e-9)), abs=1)

    @given(half=st.floats(0.005, 0.3), window=st.integers(0, 5000))
    def test_never_more_labels_than_rows(self, half: float, window: int) -> None:
        """And fewer with good estimates."""
        assert audit_size(half, window=window) <= window
        assert audit_size(half, window=window, explained=0.5) <= audit_size(half, window=window)

    def test_bad_input_is_refused(self) -> None:
        """A width of 0, a share of 1, everything explained."""
        for wrong in ({"half_width": 0.0}, {"half_width": 0.1, "share": 1.0}, {"half_width": 0.1, "explained": 1.0}):
            with pytest.raises(InvalidStatistic):
                audit_size(**wrong)


class TestAuditSample:
    """Which rows."""

    @given(strata=st.lists(st.integers(0, 5), min_size=1, max_size=60), size=st.integers(1, 70), seed=st.integers(0, 9))
    def test_rows_are_distinct_and_chances_add_up(self, strata: list[int], size: int, seed: int) -> None:
        """The weights of drawn rows sum to the rows of the strata that were drawn from; the seed decides."""
        found = audit_sample(len(strata), size, np.random.default_rng(seed), strata=strata)
        again = audit_sample(len(strata), size, np.random.default_rng(seed), strata=strata)
        assert found.rows.tolist() == again.rows.tolist() == sorted(set(found.rows.tolist()))
        assert len(found.rows) == min(size, len(strata))
        drawn = {strata[row] for row in found.rows}
        assert (1 / found.chances).sum() == pytest.approx(sum(each in drawn for each in strata))
        if size >= len(set(strata)):
            assert drawn == set(strata)

    def test_each_row_is_drawn_as_often_as_its_chance_says(self) -> None:
        """Over 4,000 draws."""
        rng = np.random.default_rng(0)
        strata = np.array([0] * 3 + [1] * 9)
        seen, chance = np.zeros(12), np.zeros(12)
        for _ in range(4000):
            found = audit_sample(12, 4, rng, strata=strata)
            seen[found.rows] += 1
            chance[found.rows] = found.chances
        assert seen / 4000 == pytest.approx(chance, abs=0.04)

    def test_bad_input_is_refused(self) -> None:
        """Nothing to draw from, nothing to draw, strata of other rows."""
        rng = np.random.default_rng(0)
        for window, size, strata in ((0, 1, None), (1, 0, None), (3, 1, [1, 2])):
            with pytest.raises(InvalidStatistic):
                audit_sample(window, size, rng, strata=strata)
