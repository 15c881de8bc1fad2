"""Steadier rates of small groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from regrove.stats.groups import intersections, shrunk
from regrove.stats.verdict import InvalidStatistic


class TestShrunk:
    """Empirical Bayes over groups."""

    def test_the_prior_has_the_largest_likelihood(self) -> None:
        """Against scipy's beta-binomial and a general optimiser."""
        rng = np.random.default_rng(0)
        rows = rng.integers(5, 400, 30)
        counts = rng.binomial(rows, rng.beta(4, 12, 30))
        found = shrunk([str(i) for i in range(30)], counts, rows)

        def loss(log):
            a, b = np.exp(log)
            return -stats.betabinom(rows, a, b).logpmf(counts).sum()

        best = optimize.minimize(loss, [1.0, 2.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
        a, b = np.exp(best.x)
        assert found.mean == pytest.approx(a / (a + b), rel=1e-4)
        assert found.strength == pytest.approx(a + b, rel=1e-3)
        first = stats.beta(
            counts[0] + found.mean * found.strength, rows[0] - counts[0] + (1 - found.mean) * found.strength
        )
        assert found.rates[0].value == pytest.approx(first.mean(), abs=1e-12)
        assert found.rates[0].interval.low == pytest.approx(first.ppf(0.05), abs=1e-9)

    def test_groups_that_are_alike_are_drawn_together(self) -> None:
        """No more spread than chance makes."""
        found = shrunk(["a", "b", "c"], [30, 31, 29], [100, 100, 100])
        assert max(each.value for each in found.rates) - min(each.value for each in found.rates) < 1e-3

    @settings(max_examples=25, deadline=None)
    @given(data=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
    def test_a_shrunk_rate_lies_between_its_own_and_the_mean(self, data) -> None:
        """Also with counts of 0, of all, and groups without rows."""
        counts, rows = [a for a, _ in data], [a + b for a, b in data]
        if not sum(rows):
            return
        found = shrunk([str(i) for i in range(len(data))], counts, rows)
        for each in found.rates:
            low, high = sorted([found.mean, found.mean if each.raw is None else each.raw])
            assert low - 1e-9 <= each.value <= high + 1e-9
            assert each.interval.covers(each.value)

    def test_credible_intervals_cover_on_average(self) -> None:
        """Over 40 groups from one prior, 90% within the room of chance."""
        rng = np.random.default_rng(1)
        hits = trials = 0
        for _ in range(15):
            rows = rng.integers(3, 200, 40)
            truth = rng.beta(6, 14, 40)
            found = shrunk([""] * 40, rng.binomial(rows, truth), rows)
            hits += sum(each.interval.covers(p) for each, p in zip(found.rates, truth, strict=True))
            trials += 40
        assert 0.86 <= hits / trials <= 0.94

    def test_bad_counts_are_refused(self) -> None:
        """More than there are rows, none, or of other lengths."""
        for counts, rows in (([2], [1]), ([0], [0]), ([1, 2], [3]), ([-1], [3]), ([1], [np.nan])):
            with pytest.raises(InvalidStatistic):
                shrunk(["a"], counts, rows)

    def test_intersections_name_both_values(self) -> None:
        """Absent values included."""
        assert intersections(["x", None], [True, False]) == ["x & True", "(none) & False"]
