"""Statistics, divergences and shares, against other people's implementations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special, stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from regrove.stats import InvalidStatistic
from regrove.stats.drift import (
    anderson_darling,
    anderson_p,
    chi_square,
    clopper_pearson,
    homogeneity,
    js_divergence,
    newcombe,
    share_exceeds,
    stability_index,
    wilson,
)
from regrove.stats.drift.distance import transport_of, transport_weights
from regrove.stats.drift.independent import anderson_moments, drawn_chi_square_p, null_pairs
from regrove.stats.drift.noncentral import noncentral_bounds

PAIR = hnp.arrays(np.int64, st.tuples(st.just(2), st.integers(2, 9)), elements=st.integers(0, 500))


class TestChiSquare:
    """Pearson's homogeneity, not goodness of fit."""

    @given(PAIR)
    def test_it_is_scipys_table(self, counts: np.ndarray) -> None:
        """To 1e-9, cells that are empty on both sides left out."""
        used = counts[:, counts.sum(axis=0) > 0]
        assume(used.shape[1] > 1 and (used.sum(axis=1) > 0).all())
        expected = stats.chi2_contingency(used, correction=False)
        assert float(chi_square(*counts)) == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
        statistic, degrees, p = homogeneity(*used, at_least=0)
        assert (statistic, degrees, p) == pytest.approx((expected.statistic, expected.dof, expected.pvalue), abs=1e-9)

    def test_small_cells_are_one(self) -> None:
        """Two cells with an expected count below 5 are put together before the test."""
        statistic, degrees, _ = homogeneity([300, 500, 3, 4], [100, 290, 6, 3])
        merged = stats.chi2_contingency([[300, 500, 7], [100, 290, 9]], correction=False)
        assert (statistic, degrees) == pytest.approx((merged.statistic, 2))

    def test_goodness_of_fit_would_be_too_large(self) -> None:
        """By the factor 1 + m/n, with which a reference of 1,000 rows is taken for the truth."""
        rng = np.random.default_rng(0)
        ours, theirs = [], []
        for _ in range(400):
            left, right = rng.multinomial(1000, [0.1] * 10), rng.multinomial(1000, [0.1] * 10)
            ours.append(homogeneity(left, right)[2] <= 0.05)
            theirs.append(stats.chisquare(right, left).pvalue <= 0.05)
        assert np.mean(ours) < 0.09 < 0.3 < np.mean(theirs)

    def test_an_empty_side_is_no_difference(self) -> None:
        """Statistic 0, p 1."""
        assert homogeneity([0, 0], [3, 4]) == (0.0, 0, 1.0)


class TestAnderson:
    """Two samples on ordered cells."""

    @given(PAIR)
    def test_it_is_the_formula_cell_by_cell(self, counts: np.ndarray) -> None:
        """A plain loop over the inner edges."""
        left, right = counts
        n, m = left.sum(), right.sum()
        assume(n > 0 and m > 0)
        total, expected = (left + right) / (n + m), 0.0
        for j in range(counts.shape[1] - 1):
            f, g, h = left[: j + 1].sum() / n, right[: j + 1].sum() / m, total[: j + 1].sum()
            if 0 < h < 1 - 1e-15:
                expected += (f - g) ** 2 / (h * (1 - h)) * (total[j] + total[j + 1]) / 2
        assert float(anderson_darling(left, right)) == pytest.approx(n * m / (n + m) * expected, rel=1e-9, abs=1e-12)

    def test_on_fine_cells_it_is_scipys(self) -> None:
        """Distinct values, a cell each: the midrank form of Scholz and Stephens."""
        rng = np.random.default_rng(1)
        x, y = rng.normal(size=80), rng.normal(0.3, 1.2, size=60)
        edges = np.sort(np.r_[x, y])
        counted = [np.bincount(np.searchsorted(edges, each), minlength=140) for each in (x, y)]
        a2 = float(anderson_darling(*counted))
        n, m, big = 80, 60, 140
        order = np.argsort(np.r_[x, y])
        inside = np.cumsum((order < n)[:-1])
        j = np.arange(1, big)
        textbook = ((big * inside - n * j) ** 2 / (j * (big - j))).sum() / (n * m)
        assert a2 == pytest.approx(textbook, rel=0.02)

    def test_the_level_holds_for_independent_rows(self) -> None:
        """5% at 5%, and p is 1 when a side is empty."""
        rng = np.random.default_rng(2)
        found = [
            anderson_p(rng.multinomial(900, [0.05] * 20), rng.multinomial(100, [0.05] * 20))[1] <= 0.05
            for _ in range(800)
        ]
        assert abs(np.mean(found) - 0.05) < 4 * (0.05 * 0.95 / 800) ** 0.5
        assert anderson_p([0, 0], [1, 2]) == (0.0, 1.0)

    def test_moments_are_those_of_draws(self) -> None:
        """Mean and variance of 20,000 statistics of multinomial samples."""
        rng, shares = np.random.default_rng(3), np.array([0.4, 0.3, 0.2, 0.1])
        left, right = rng.multinomial(4000, shares, 20_000), rng.multinomial(4000, shares, 20_000)
        drawn = anderson_darling(left, right)
        mean, variance, _ = anderson_moments(shares)
        assert drawn.mean() == pytest.approx(mean, rel=0.03) and drawn.var() == pytest.approx(variance, rel=0.06)


class TestDistances:
    """Raw divergences."""

    @given(PAIR)
    def test_jensen_shannon_is_scipys(self, counts: np.ndarray) -> None:
        """In nats, squared."""
        assume((counts.sum(axis=1) > 0).all())
        expected = jensenshannon(counts[0] / counts[0].sum(), counts[1] / counts[1].sum()) ** 2
        assert float(js_divergence(*counts)) == pytest.approx(np.nan_to_num(expected), abs=1e-9)

    @given(PAIR)
    def test_psi_is_never_negative_and_has_no_sides(self, counts: np.ndarray) -> None:
        """Window and reference may be exchanged."""
        assert float(stability_index(*counts)) >= 0
        assert float(stability_index(*counts)) == pytest.approx(float(stability_index(*counts[::-1])), abs=1e-9)

    def test_transport_is_scipys_wasserstein(self) -> None:
        """Rows spread evenly inside cells between 0 and 10, as many fine points."""
        rng = np.random.default_rng(4)
        edges = np.arange(11.0)
        left, right = (np.r_[0, rng.integers(1, 50, 10), 0].astype(float) for _ in range(2))
        points = np.linspace(0, 10, 20_001)
        middle = (points[1:] + points[:-1]) / 2
        cell = middle.astype(int) + 1
        expected = stats.wasserstein_distance(middle, middle, left[cell], right[cell])
        assert float(transport_of(left, right, transport_weights(edges, 1.0))) == pytest.approx(expected, rel=1e-3)

    @pytest.mark.parametrize(
        ("edges", "scale"), [([1.0], 1.0), ([1.0, 1.0], 1.0), ([1.0, np.inf], 1.0), ([0.0, 1.0], 0.0)]
    )
    def test_edges_that_measure_nothing_are_refused(self, edges: list, scale: float) -> None:
        """One edge, equal ones, infinite ones, no scale."""
        with pytest.raises(InvalidStatistic):
            transport_weights(edges, scale)


class TestShares:
    """Intervals for shares."""

    @given(st.integers(0, 60), st.integers(1, 60), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
    def test_wilson_and_clopper_pearson_are_statsmodels(self, count: int, rows: int, level: float) -> None:
        """To 1e-9."""
        assume(count <= rows)
        for ours, method in ((wilson, "wilson"), (clopper_pearson, "beta")):
            low, high = proportion_confint(count, rows, 1 - level, method)
            found = ours(count, rows, level)
            assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)

    @given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 40), st.integers(1, 40))
    def test_newcombe_is_statsmodels(self, x: int, n: int, y: int, m: int) -> None:
        """The hybrid score interval, to 1e-9."""
        assume(x <= n and y <= m)
        low, high = confint_proportions_2indep(y, m, x, n, method="newcomb", compare="diff", alpha=0.05)
        found = newcombe(x, n, y, m, 0.95)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)

    def test_none_in_a_thousand_is_not_never(self) -> None:
        """One null in a window of 100 does not exceed it; the tail is that of the binomial at the upper bound."""
        bound = clopper_pearson(0, 1000, 0.9).high
        expected = stats.binom.sf(2, 100, bound)
        assert share_exceeds(0, 1000, 3, 100) == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize(("count", "rows"), [(-1, 3), (4, 3), (0, np.inf), (np.nan, 3)])
    def test_what_is_no_share_is_refused(self, count: float, rows: float) -> None:
        """Below nothing, above all, endless."""
        with pytest.raises(InvalidStatistic):
            wilson(count, rows)


class TestNoise:
    """Noncentral bounds and draws."""

    @given(st.floats(1, 900), st.floats(1, 80))
    @settings(max_examples=60)
    def test_bounds_turn_scipys_law_around(self, statistic: float, degrees: float) -> None:
        """At the lower bound the statistic stands at the 95% point."""
        low, high = noncentral_bounds(statistic, degrees)
        if low > 1e-6:
            assert special.chndtr(statistic, degrees, low) == pytest.approx(0.95, abs=1e-4)
        if statistic > special.chdtri(degrees, 0.5) and high > 1e-6:
            assert special.chndtr(statistic, degrees, high) == pytest.approx(0.05, abs=1e-4)
        assert low <= high

    def test_both_samples_are_drawn(self) -> None:
        """A small table: the level holds where the chi-square law does not."""
        rng, alarms = np.random.default_rng(5), 0
        for _ in range(300):
            left, right = rng.multinomial(12, [0.2] * 5), rng.multinomial(6, [0.2] * 5)
            alarms += drawn_chi_square_p(left, right, draws=199, rng=rng)[1] <= 0.1
        assert alarms / 300 < 0.1 + 4 * (0.09 / 300) ** 0.5
        assert drawn_chi_square_p([0, 0], [1, 2], rng=rng)[1] == 1.0

    def test_pairs_have_the_sizes_that_are_asked_for(self) -> None:
        """On average, fractions included."""
        left, right = null_pairs(np.array([3.0, 1.0]), 50.5, 10.25, 4000, np.random.default_rng(6))
        assert left.sum(axis=1).mean() == pytest.approx(50.5, rel=0.02)
        assert right.sum(axis=1).mean() == pytest.approx(10.25, rel=0.03)
