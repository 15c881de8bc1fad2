"""Intervals and sets that cover."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapie.classification import SplitConformalClassifier
from mapie.regression import SplitConformalRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from regrove.stats.calibration import adapted, conformal_margin, covered, next_alpha, split_intervals, split_sets
from regrove.stats.gate import Gate
from regrove.stats.verdict import InvalidStatistic


class TestMargin:
    """The rank that makes the promise."""

    @given(rows=st.integers(1, 60), tenths=st.integers(1, 19))
    def test_by_enumeration_the_new_row_is_covered_as_often_as_stated(self, rows: int, tenths: int) -> None:
        """Each of n + 1 rows in turn is the new one: at least the stated share, at most 1 / (n + 1) more."""
        coverage = tenths / 20
        every = np.arange(float(rows + 1))
        hits = sum(
            each <= conformal_margin(np.delete(every, place), coverage).margin for place, each in enumerate(every)
        )
        share, stated = Fraction(int(hits), rows + 1), Fraction(tenths, 20)
        assert stated <= share < stated + Fraction(1, rows + 1)

    def test_too_few_rows_have_no_margin(self) -> None:
        """Everything is inside, and the reason says how many rows are missing."""
        found = conformal_margin([1.0] * 18, 0.95)
        assert math.isinf(found.margin)
        assert "at least 19" in found.reason
        assert conformal_margin([1.0] * 19, 0.95).margin == 1.0
        assert math.isinf(conformal_margin([], 0.5).margin)

    def test_bad_scores_are_refused(self) -> None:
        """Nan would sort to an end."""
        with pytest.raises(InvalidStatistic):
            conformal_margin([np.nan])
        with pytest.raises(InvalidStatistic):
            conformal_margin([1.0], 1.0)


class TestSplit:
    """Against MAPIE."""

    def test_intervals_are_mapies(self) -> None:
        """To 1e-9."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=(120, 2))
        y = x[:, 0] + rng.normal(size=120)
        model = LinearRegression().fit(x[:40], y[:40])
        oracle = SplitConformalRegressor(estimator=model, confidence_level=0.9, prefit=True)
        _, ends = oracle.conformalize(x[40:100], y[40:100]).predict_interval(x[100:])
        low, high = split_intervals(y[40:100], model.predict(x[40:100]), model.predict(x[100:]))
        assert low == pytest.approx(ends[:, 0, 0], abs=1e-9)
        assert high == pytest.approx(ends[:, 1, 0], abs=1e-9)

    def test_sets_are_mapies(self) -> None:
        """Three classes, least ambiguous sets."""
        rng = np.random.default_rng(1)
        y = rng.integers(0, 3, 200)
        x = rng.normal(size=(200, 2)) + y[:, None]
        model = LogisticRegression().fit(x[:80], y[:80])
        oracle = SplitConformalClassifier(estimator=model, confidence_level=0.8, prefit=True, conformity_score="lac")
        _, sets = oracle.conformalize(x[80:150], y[80:150]).predict_set(x[150:])
        ours = split_sets(y[80:150], model.predict_proba(x[80:150]), model.predict_proba(x[150:]), coverage=0.8)
        assert (ours == sets[:, :, 0]).all()

    def test_scales_make_widths_differ_by_row(self) -> None:
        """Twice as uncertain, twice as wide."""
        low, high = split_intervals([1.0] * 9, [0.0] * 9, [0, 0], scale=[1.0] * 9, new_scale=[1.0, 2.0])
        assert (high - low).tolist() == [2.0, 4.0]

    def test_bad_input_is_refused(self) -> None:
        """One scale alone, a scale of 0, classes that are no columns."""
        with pytest.raises(InvalidStatistic):
            split_intervals([1], [1], [1], scale=[1])
        with pytest.raises(InvalidStatistic):
            split_intervals([1], [1], [1], scale=[0], new_scale=[1])
        for truth in ([2], [-1], [0.5]):
            with pytest.raises(InvalidStatistic):
                split_sets(truth, [[0.5, 0.5]], [[0.5, 0.5]])
        with pytest.raises(InvalidStatistic):
            split_sets([0], [[0.5, 0.5]], [[1.0]])
        with pytest.raises(InvalidStatistic):
            split_sets([0], [[2.0, 0.5]], [[0.5, 0.5]])


class TestAdapted:
    """Coverage over time."""

    @given(scores=st.lists(st.floats(-10, 10), min_size=1, max_size=300), rate=st.sampled_from([0.005, 0.05, 0.3]))
    def test_the_bound_holds_for_any_sequence(self, scores: list[float], rate: float) -> None:
        """Gibbs and Candes' proposition."""
        found = adapted([0.0, 1.0, 2.0] * 10, scores, rate=rate)
        assert abs(found.missed - 0.1) <= found.bound + 1e-12
        assert len(found.alpha) == len(scores) + 1

    def test_a_shift_is_followed(self) -> None:
        """Where the fixed margin misses most rows."""
        rng = np.random.default_rng(2)
        stream = np.abs(rng.normal(scale=3, size=3000))
        start = np.abs(rng.normal(size=200))
        fixed = float((stream > conformal_margin(start, 0.9).margin).mean())
        found = adapted(start, stream, window=200)
        assert fixed > 0.4
        assert found.missed < 0.13

    def test_a_step_is_the_papers(self) -> None:
        """A miss lowers alpha, a hit raises it."""
        assert next_alpha(0.2, True, 0.1, 0.1) == pytest.approx(0.11)
        with pytest.raises(InvalidStatistic):
            next_alpha(0.1, True, rate=0.0)

    def test_nothing_to_start_from_is_refused(self) -> None:
        """An empty stream is not."""
        assert adapted([1.0], []).missed == 0.0
        with pytest.raises(InvalidStatistic):
            adapted([], [1.0])
        with pytest.raises(InvalidStatistic):
            adapted([1.0], [1.0], window=0)


class TestCovered:
    """The share that was covered, against what was promised."""

    def test_three_answers(self) -> None:
        """By how many rows miss."""
        assert covered([1] * 1000).gate is Gate.PASS
        assert covered([1] * 800 + [0] * 200).gate is Gate.FAIL
        assert covered([1] * 89 + [0] * 11).gate is Gate.INCONCLUSIVE
        assert covered([]).gate is Gate.INCONCLUSIVE

    def test_days_count_as_days(self) -> None:
        """Three bad days of ten do not show that two in ten rows are missed."""
        hits = np.repeat([0, 0, 1, 1, 1, 1, 1, 1, 1, 1], 100)
        assert covered(hits).gate is Gate.FAIL
        assert covered(hits, blocks=np.repeat(np.arange(10), 100)).gate is Gate.INCONCLUSIVE
        assert covered(hits, blocks=["one"] * 1000).gate is Gate.INCONCLUSIVE

    def test_bad_input_is_refused(self) -> None:
        """A coverage of 1 cannot be checked."""
        with pytest.raises(InvalidStatistic):
            covered([1], 1.0)
