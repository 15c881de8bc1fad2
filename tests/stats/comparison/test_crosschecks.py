"""DeLong, McNemar and the corrected resampled t, against plain formulas and other packages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import contingency_tables

from regrove.stats.comparison import delong, mcnemar, resampled_t
from regrove.stats.verdict import InvalidStatistic


def _plain(truth: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """DeLong's difference and variance from the matrix of all pairs and covariances of the components."""
    components = []
    for score in (left, right):
        wins = np.sign(score[truth][:, None] - score[~truth][None, :]) / 2 + 0.5
        components.append((wins.mean(axis=1), wins.mean(axis=0)))
    s10, s01 = (np.cov(np.stack([each[side] for each in components])) for side in (0, 1))
    s = s10 / truth.sum() + s01 / (~truth).sum()
    return components[1][0].mean() - components[0][0].mean(), s[0, 0] + s[1, 1] - 2 * s[0, 1]


class TestDelong:
    """Two AUCs on the same rows."""

    @settings(max_examples=80, deadline=None)
    @given(seed=st.integers(0, 10_000), ties=st.integers(1, 8))
    def test_it_is_the_sum_over_all_pairs(self, seed: int, ties: int) -> None:
        """With ties, to 1e-9."""
        rng = np.random.default_rng(seed)
        truth = np.arange(30) % 3 == 0
        left, right = rng.integers(0, 4 * ties, 30) + truth, rng.integers(0, 4 * ties, 30) + 2 * truth
        value, variance = _plain(truth, left, right)
        found = delong(truth, left, right, level=0.95)
        assert found.value == pytest.approx(value, abs=1e-9)
        assert found.error == pytest.approx(np.sqrt(variance), abs=1e-9)
        if variance > 1e-12:
            assert found.p == pytest.approx(2 * stats.norm.sf(abs(value) / np.sqrt(variance)), abs=1e-9)
            assert found.interval.high == pytest.approx(
                min(1, value + stats.norm.ppf(0.975) * np.sqrt(variance)), abs=1e-9
            )

    def test_scores_that_rank_alike_do_not_differ(self) -> None:
        """A monotone change of the scores changes nothing."""
        rng = np.random.default_rng(0)
        truth, score = rng.integers(0, 2, 60), rng.normal(size=60)
        found = delong(truth, score, np.exp(score))
        assert (found.value, found.p, found.interval.width) == (0, 1, 0)

    def test_opposite_rankings_differ_beyond_doubt(self) -> None:
        """No variance and a difference of 1."""
        found = delong([0, 0, 1, 1], [4, 3, 2, 1], [1, 2, 3, 4])
        assert (found.value, found.p) == (1.0, 0.0)

    def test_a_single_row_of_a_class_shows_nothing(self) -> None:
        """There is no spread to estimate."""
        found = delong([0, 0, 1], [1, 2, 0], [1, 2, 3])
        assert (found.p, found.interval.low, found.interval.high) == (1, -1, 1)

    @pytest.mark.parametrize("truth", [[1, 1], [0, 0], [], [0, 1, 1]])
    def test_a_missing_class_is_refused(self, truth: list[int]) -> None:
        """Also other lengths and nothing at all."""
        with pytest.raises(InvalidStatistic):
            delong(truth, [0.1, 0.2], [0.1, 0.2])


class TestMcnemar:
    """Two accuracies on the same rows."""

    @settings(max_examples=120, deadline=None)
    @given(better=st.integers(0, 30), worse=st.integers(0, 30), alike=st.integers(1, 5))
    def test_it_is_the_list_of_all_outcomes(self, better: int, worse: int, alike: int) -> None:
        """All counts as far from the middle or farther, half of those as far; at most statsmodels' exact p."""
        truth = np.ones(better + worse + alike)
        champion = np.r_[np.zeros(better), np.ones(worse + alike)]
        challenger = np.r_[np.ones(better), np.zeros(worse), np.ones(alike)]
        found = mcnemar(truth, champion, challenger)
        n = better + worse
        off = np.abs(np.arange(n + 1) - n / 2)
        chance = stats.binom.pmf(np.arange(n + 1), n, 0.5)
        seen = abs(better - n / 2)
        listed = chance[off > seen + 1e-9].sum() + chance[np.abs(off - seen) < 1e-9].sum() / 2
        assert found.p == pytest.approx(listed if n else 1.0, abs=1e-9)
        assert (found.better, found.worse) == (better, worse)
        if n:
            exact = contingency_tables.mcnemar([[0, better], [worse, 0]], exact=True).pvalue
            assert found.p <= exact + 1e-12
            assert found.value == pytest.approx((better - worse) / len(truth))

    def test_nothing_to_compare_is_refused(self) -> None:
        """No rows, or not the same number."""
        for truth, guess in (([], []), ([1, 0], [1])):
            with pytest.raises(InvalidStatistic):
                mcnemar(truth, guess, guess)


class TestResampledT:
    """Gains of folds."""

    def test_without_a_test_part_it_is_the_t_test(self) -> None:
        """The correction is all that it adds to scipy's."""
        gains = np.random.default_rng(0).normal(0.1, 1, 12)
        found, plain = resampled_t(gains, train=1e12, test=1), stats.ttest_1samp(gains, 0)
        assert found.p == pytest.approx(plain.pvalue, abs=1e-9)
        ends = plain.confidence_interval(0.9)
        assert (found.interval.low, found.interval.high) == pytest.approx((ends.low, ends.high), abs=1e-9)

    def test_it_is_the_formula_of_nadeau_and_bengio(self) -> None:
        """Ten folds of ten repetitions: variance (1/100 + 1/9) s^2, 99 degrees of freedom."""
        gains = np.random.default_rng(1).normal(0.02, 0.05, 100)
        t = gains.mean() / np.sqrt((1 / 100 + 1 / 9) * gains.var(ddof=1))
        found = resampled_t(gains, train=900, test=100)
        assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 99), abs=1e-9)

    def test_folds_that_are_all_alike_have_a_defined_answer(self) -> None:
        """No spread: sure of a difference, and of none."""
        assert resampled_t([0.1, 0.1, 0.1], train=2, test=1).p == 0.0
        assert resampled_t([0.0, 0.0], train=2, test=1).p == 1.0

    @pytest.mark.parametrize(("gains", "train", "test"), [([0.1], 1, 1), ([0.1, 0.2], 0, 1), ([0.1, np.nan], 1, 1)])
    def test_bad_input_is_refused(self, gains: list[float], train: float, test: float) -> None:
        """One fold, no rows, nan."""
        with pytest.raises(InvalidStatistic):
            resampled_t(gains, train=train, test=test)
