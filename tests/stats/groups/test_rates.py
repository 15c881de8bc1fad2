"""Rates, gaps and the single numbers of fairness."""

from __future__ import annotations

import math

import fairlearn.metrics as fl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from regrove.stats.groups import (
    RateKind,
    fairness,
    gap,
    group_auc,
    group_calibration,
    group_rates,
    group_residuals,
    rate_table,
    ratio,
)
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.sampled_from("abc")), min_size=1, max_size=40)


def _rates(p: int, n: int, q: int, m: int):
    return group_rates(
        RateKind.SELECTION, ["a"] * n + ["b"] * m, decided=[1] * p + [0] * (n - p) + [1] * q + [0] * (m - q)
    )


class TestRates:
    """Counts by group, against fairlearn and statsmodels."""

    @settings(max_examples=60, deadline=None)
    @given(rows=ROWS)
    def test_each_rate_is_fairlearns(self, rows) -> None:
        """By group, wherever fairlearn's number is defined."""
        truth, decided, groups = (np.array(each) for each in zip(*rows, strict=True))
        oracle = {
            RateKind.SELECTION: fl.selection_rate,
            RateKind.TRUE_POSITIVE: fl.true_positive_rate,
            RateKind.FALSE_NEGATIVE: fl.false_negative_rate,
            RateKind.FALSE_POSITIVE: fl.false_positive_rate,
        }
        for kind, function in oracle.items():
            for rate in group_rates(kind, groups, decided=decided, truth=truth):
                here = groups == rate.group
                if rate.value is not None:
                    extra = {} if kind is RateKind.SELECTION else {"labels": [0, 1]}
                    expected = _quietly(function, truth[here], decided[here], extra)
                    assert rate.value == pytest.approx(expected, abs=1e-12)
                else:
                    assert rate.rows == 0

    def test_wilson_and_newcombe_are_statsmodels(self) -> None:
        """To 1e-9."""
        left, right = _rates(12, 100, 33, 150)
        assert (left.interval.low, left.interval.high) == pytest.approx(
            proportion_confint(12, 100, method="wilson"), abs=1e-9
        )
        found = gap(left, right)
        assert (found.low, found.high) == pytest.approx(
            confint_proportions_2indep(33, 150, 12, 100, method="newcomb", correction=False), abs=1e-9
        )

    def test_precision_and_error_count_what_they_say(self) -> None:
        """By hand."""
        truth, decided = [1, 0, 1, 0], [1, 1, 0, 0]
        [precision] = group_rates(RateKind.PRECISION, ["a"] * 4, decided=decided, truth=truth)
        [error] = group_rates(RateKind.ERROR, ["a"] * 4, decided=decided, truth=truth)
        assert (precision.count, precision.rows, error.count, error.rows) == (1, 2, 2, 4)

    @given(rows=ROWS, seed=st.integers(0, 99))
    def test_the_order_of_rows_and_the_cut_into_blocks_do_not_matter(self, rows, seed: int) -> None:
        """Counts add up to the same."""
        order = np.random.default_rng(seed).permutation(len(rows))
        truth, decided, groups = (np.array(each) for each in zip(*rows, strict=True))
        plain = rate_table(RateKind.ERROR, groups, decided=decided, truth=truth)
        mixed = rate_table(
            RateKind.ERROR, groups[order], decided=decided[order], truth=truth[order], blocks=np.arange(len(rows)) % 3
        )
        assert plain.rates() == mixed.rates()

    @given(p=st.integers(0, 30), q=st.integers(0, 30))
    def test_a_ratio_lies_in_its_interval(self, p: int, q: int) -> None:
        """Also for counts of 0, where the ends are open."""
        left, right = _rates(p, 30, q, 30)
        interval = ratio(left, right)
        assert 0.0 <= interval.low <= interval.high
        if p:
            assert interval.low <= q / p * (1 + 1e-12)
            assert interval.high >= q / p * (1 - 1e-12)
        else:
            assert math.isinf(interval.high)

    def test_bad_input_is_refused(self) -> None:
        """No rows, no labels, lengths that differ."""
        with pytest.raises(InvalidStatistic, match="no rows"):
            group_rates(RateKind.SELECTION, [], decided=[])
        with pytest.raises(InvalidStatistic, match="needs labels"):
            group_rates(RateKind.ERROR, ["a"], decided=[1])
        with pytest.raises(InvalidStatistic, match="different numbers"):
            group_rates(RateKind.SELECTION, ["a"], decided=[1, 0])


class TestFairness:
    """Against fairlearn."""

    @settings(max_examples=40, deadline=None)
    @given(seed=st.integers(0, 10_000))
    def test_the_numbers_are_fairlearns(self, seed: int) -> None:
        """On rows in which every group has both classes."""
        rng = np.random.default_rng(seed)
        groups = np.repeat(["a", "b", "c"], 40)
        truth, decided = rng.integers(0, 2, 120), rng.integers(0, 2, 120)
        given = {"sensitive_features": groups}
        found = fairness(truth, decided, groups)
        expected = {
            "selection_difference": fl.demographic_parity_difference(truth, decided, **given),
            "selection_ratio": fl.demographic_parity_ratio(truth, decided, **given),
            "equal_opportunity": fl.equal_opportunity_difference(truth, decided, **given),
            "equalized_odds": fl.equalized_odds_difference(truth, decided, **given),
            "false_negative_ratio": fl.MetricFrame(
                metrics=fl.false_negative_rate, y_true=truth, y_pred=decided, **given
            ).ratio(),
            "false_positive_ratio": fl.MetricFrame(
                metrics=fl.false_positive_rate, y_true=truth, y_pred=decided, **given
            ).ratio(),
        }
        for name, value in expected.items():
            assert getattr(found, name) == pytest.approx(value, abs=1e-12), name

    def test_what_cannot_be_computed_is_none(self) -> None:
        """One group, or no positives: never nan."""
        alone = fairness([0, 1], [0, 1], ["a", "a"])
        assert alone.selection_difference is None
        assert alone.equalized_odds is None
        assert fairness([0, 0], [0, 0], ["a", "b"]).selection_ratio is None

    def test_small_groups_can_be_left_out(self) -> None:
        """Five rows make no gap."""
        decided = [1] * 5 + [0, 1] * 50
        assert fairness(decided, decided, ["small"] * 5 + ["big"] * 100, least=30).selection_difference is None


class TestScores:
    """Calibration and AUC inside groups."""

    def test_the_auc_of_each_group_is_scikit_learns(self) -> None:
        """And a group of one class has none."""
        rng = np.random.default_rng(0)
        truth, scores, groups = rng.integers(0, 2, 90), rng.random(90).round(1), np.repeat(["a", "b", "c"], 30)
        truth[60:] = 1
        a, b, c = group_auc(truth, scores, groups)
        assert a.value == pytest.approx(roc_auc_score(truth[:30], scores[:30]), abs=1e-12)
        assert b.value == pytest.approx(roc_auc_score(truth[30:60], scores[30:60]), abs=1e-12)
        assert (c.value, c.reason) == (None, "one class only")

    def test_observed_over_expected_solves_its_quadratic(self) -> None:
        """The ends are the factors at which the observed count is just rejected."""
        rng = np.random.default_rng(1)
        scores = rng.random(200)
        truth = rng.random(200) < scores
        [found] = group_calibration(truth, scores, ["a"] * 200)
        expected, spread = scores.sum(), (scores * (1 - scores)).sum()
        z = stats.norm.ppf(0.975)
        for end in (found.interval.low, found.interval.high):
            assert (truth.sum() - end * expected) ** 2 == pytest.approx(z * z * end * spread, rel=1e-9)
        assert found.value == pytest.approx(truth.sum() / expected)

    def test_no_expected_positives_have_no_ratio(self) -> None:
        """A division by nothing is said, not made."""
        [found] = group_calibration([0, 1], [0.0, 0.0], ["a", "a"])
        assert (found.value, found.reason) == (None, "no positives are expected")


class TestResiduals:
    """Regression by group."""

    def test_mean_and_interval_are_scipys(self) -> None:
        """Student's interval for rows, and Wasserstein's distance."""
        rng = np.random.default_rng(2)
        truth, predicted, groups = rng.normal(size=50), rng.normal(size=50), np.repeat(["a", "b"], 25)
        a, _ = group_residuals(truth, predicted, groups)
        residual = truth - predicted
        oracle = stats.ttest_1samp(residual[:25], 0.0).confidence_interval(0.95)
        assert (a.interval.low, a.interval.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)
        assert a.transport == pytest.approx(stats.wasserstein_distance(residual[:25], residual[25:]), abs=1e-9)

    def test_blocks_widen_the_interval(self) -> None:
        """Fifty copies of ten days are ten days."""
        days = np.random.default_rng(3).normal(size=10)
        truth = np.repeat(days, 50)
        [rows] = group_residuals(truth, np.zeros(500), ["a"] * 500)
        [blocks] = group_residuals(truth, np.zeros(500), ["a"] * 500, blocks=np.repeat(np.arange(10), 50))
        oracle = stats.ttest_1samp(days, 0.0).confidence_interval(0.95)
        assert blocks.interval.low == pytest.approx(oracle.low, abs=1e-9)
        assert rows.interval.width < blocks.interval.width / 5

    def test_a_single_row_says_nothing_of_the_mean(self) -> None:
        """The interval is open."""
        [found] = group_residuals([1.0], [0.0], ["a"])
        assert math.isinf(found.interval.width)
        assert found.transport is None


def _quietly(function, truth, decided, extra):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not extra:
            return function(truth, decided)
        return (
            function(truth, decided, pos_label=1)
            if len(set(truth) | set(decided)) > 1
            else _by_hand(function, truth, decided)
        )


def _by_hand(function, truth, decided):
    among = truth == 1 if function in {fl.true_positive_rate, fl.false_negative_rate} else truth == 0
    yes = decided[among].mean()
    return 1 - yes if function is fl.false_negative_rate else yes
