"""Perturbations and flip rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from regrove.stats.gate import Gate
from regrove.stats.robustness import (
    Perturbation,
    flip_rate,
    noisy,
    perturbed,
    robust_sd,
    score_shift,
    slipped,
    usual_plan,
    with_missing,
    with_new,
)
from regrove.stats.verdict import InvalidStatistic


class TestOperators:
    """What goes wrong with a column."""

    def test_the_robust_spread_is_scipys(self) -> None:
        """And not moved by one wild value."""
        values = np.random.default_rng(0).normal(3, 2, 1001)
        assert robust_sd(values) == pytest.approx(stats.iqr(values) / 1.349, rel=1e-12)
        assert robust_sd([*values, 1e9, np.nan, np.inf]) == pytest.approx(robust_sd(values), rel=0.01)

    def test_a_column_of_one_value_has_no_spread(self) -> None:
        """Nor one of nulls; one of mostly zeros takes the plain one."""
        assert robust_sd([5.0] * 10) == 0.0
        assert robust_sd([np.nan]) == 0.0
        assert robust_sd([0.0] * 90 + [1.0] * 10) == pytest.approx(0.3)

    def test_noise_has_the_stated_size(self) -> None:
        """Also against a spread that is given; what is not finite stays."""
        rng = np.random.default_rng(1)
        values = rng.normal(0, 5, 20_000)
        assert np.std(noisy(values, rng) - values) == pytest.approx(0.5, rel=0.05)
        assert np.std(noisy(values, rng, sd=1.0, share=0.3) - values) == pytest.approx(0.3, rel=0.05)
        kept = noisy([np.nan, np.inf, 1.0], rng, sd=1.0)
        assert np.isnan(kept[0])
        assert kept[1] == np.inf

    def test_a_slip_beyond_floats_is_infinite_without_a_warning(self) -> None:
        """And reaches only the rows that are named."""
        assert slipped([1e306, 1.0], 1000).tolist() == [np.inf, 1000.0]
        assert slipped([1, 2], 10, rows=[False, True]).tolist() == [1.0, 20.0]

    @given(rows=st.integers(0, 50), tenths=st.integers(0, 10))
    def test_exactly_the_share_goes_missing(self, rows: int, tenths: int) -> None:
        """In numbers as nan, in texts as None; the rest is untouched."""
        rng = np.random.default_rng(2)
        gone = np.isnan(with_missing(np.arange(rows), rng, share=tenths / 10))
        assert gone.sum() == round(tenths / 10 * rows)
        texts = with_missing([str(i) for i in range(rows)], rng, share=tenths / 10).tolist()
        assert sum(each is None for each in texts) == round(tenths / 10 * rows)
        assert all(each in {None, str(i)} for i, each in enumerate(texts))

    def test_a_new_category_is_new(self) -> None:
        """A name that is there already is refused."""
        assert with_new(["a", "b", "c", "d"], np.random.default_rng(0), share=0.5).tolist().count("(new)") == 2
        with pytest.raises(InvalidStatistic, match="not new"):
            with_new(["(new)"], np.random.default_rng(0))

    def test_bad_input_is_refused(self) -> None:
        """Texts for noise, a share of 2, a factor of nan, a matrix, a mask of other rows."""
        rng = np.random.default_rng(0)
        for call in (
            lambda: noisy(["a"], rng),
            lambda: noisy([1.0], rng, share=-1),
            lambda: with_missing([1.0], rng, share=2.0),
            lambda: slipped([1.0], np.nan),
            lambda: slipped([[1.0]], 2.0),
            lambda: slipped([1.0], 2.0, rows=[True, False]),
        ):
            with pytest.raises(InvalidStatistic):
                call()


class TestPlan:
    """What a gate tries."""

    TABLE = {"age": np.arange(50.0), "shop": np.array(["a", "b"] * 25)}

    def test_the_usual_plan_tries_what_fits_each_column(self) -> None:
        """Noise in numbers together, slips in numbers, new categories in texts, missing values in both."""
        assert [str(each) for each in usual_plan(self.TABLE)] == [
            "noise of 0.1 sd in age",
            "age times 10",
            "age times 1000",
            "10% of age missing",
            "30% of age missing",
            "10% of shop missing",
            "30% of shop missing",
            "100% of shop a new category",
        ]

    def test_only_the_named_columns_change(self) -> None:
        """And the same seed changes them the same way."""
        for each in usual_plan(self.TABLE, seed=3):
            left, right = perturbed(self.TABLE, each), perturbed(self.TABLE, each)
            for name, values in self.TABLE.items():
                assert left[name].tolist() == right[name].tolist() or str(left[name]) == str(right[name])
                assert (left[name].tolist() == values.tolist()) == (name not in each.columns)

    def test_the_spread_of_the_training_data_can_be_used(self) -> None:
        """A window of one value gets noise all the same."""
        change = Perturbation(kind="noise", columns=("x",), amount=0.1, limit=0.02)
        assert perturbed({"x": np.ones(9)}, change)["x"].tolist() == [1.0] * 9
        assert np.ptp(perturbed({"x": np.ones(9)}, change, spreads={"x": 1.0})["x"]) > 0

    def test_an_unknown_column_is_refused(self) -> None:
        """By name."""
        with pytest.raises(InvalidStatistic, match="no such column"):
            perturbed(self.TABLE, Perturbation(kind="slip", columns=("sex",), amount=10.0, limit=None))


class TestFlipRate:
    """Answers before and after."""

    def test_the_interval_is_statsmodels(self) -> None:
        """Wilson's at 90%, each end at 95%."""
        found = flip_rate(["a"] * 200, ["b"] * 7 + ["a"] * 193)
        assert (found.interval.low, found.interval.high) == pytest.approx(
            proportion_confint(7, 200, alpha=0.1, method="wilson"), abs=1e-9
        )
        assert found.flips == 7

    def test_three_answers(self) -> None:
        """None of 400, a tenth of 400, none of 20, a few of 400."""
        same = [0] * 400
        assert flip_rate(same, same).gate is Gate.PASS
        assert flip_rate(same, [1] * 40 + [0] * 360).gate is Gate.FAIL
        assert flip_rate(same[:20], same[:20]).gate is Gate.INCONCLUSIVE
        assert flip_rate(same, [1] * 6 + [0] * 394).gate is Gate.INCONCLUSIVE
        assert flip_rate([], []).gate is Gate.INCONCLUSIVE

    def test_the_rows_that_the_docstring_names_suffice(self) -> None:
        """133 without a flip show 2%, 132 do not."""
        assert flip_rate([0] * 133, [0] * 133).gate is Gate.PASS
        assert flip_rate([0] * 132, [0] * 132).gate is Gate.INCONCLUSIVE

    def test_users_count_as_users(self) -> None:
        """Flips that all lie with one user of twenty."""
        before, after = [0] * 2000, [1] * 100 + [0] * 1900
        users = np.repeat(np.arange(20), 100)
        assert flip_rate(before, after).gate is Gate.FAIL
        assert flip_rate(before, after, blocks=users).gate is Gate.INCONCLUSIVE

    def test_none_is_an_answer(self) -> None:
        """From None to a class is a flip."""
        assert flip_rate(np.array([None, "a"], dtype=object), np.array(["a", "a"], dtype=object)).flips == 1

    def test_bad_input_is_refused(self) -> None:
        """Other lengths, scores in a matrix, a limit of 2."""
        for wrong in (([0], [0, 1]), ([[0]], [[0]])):
            with pytest.raises(InvalidStatistic):
                flip_rate(*wrong)
        with pytest.raises(InvalidStatistic):
            flip_rate([0], [0], 2.0)


class TestScoreShift:
    """How far scores move."""

    def test_the_bound_is_scipys(self) -> None:
        """Student's, one-sided."""
        rng = np.random.default_rng(3)
        before, after = rng.random(60), rng.random(60)
        found = score_shift(before, after, 0.5)
        oracle = stats.ttest_1samp(np.abs(before - after), 0.0).confidence_interval(0.9)
        assert (found.interval.low, found.interval.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)

    def test_one_block_or_no_rows_are_inconclusive(self) -> None:
        """Nothing is known of the spread."""
        assert score_shift([0.0] * 50, [0.0] * 50, 0.1, blocks=["a"] * 50).gate is Gate.INCONCLUSIVE
        assert score_shift([], [], 0.1).gate is Gate.INCONCLUSIVE

    def test_bad_input_is_refused(self) -> None:
        """Nan is no limit."""
        with pytest.raises(InvalidStatistic):
            score_shift([1.0], [1.0], np.nan)
