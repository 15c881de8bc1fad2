"""The delay law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from regrove.stats.drift import clopper_pearson
from regrove.stats.labels import delay_law
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


class TestDelayLaw:
    """Kaplan and Meier's curve, upside down."""

    @given(rows=ROWS.filter(lambda rows: any(came for _, came in rows)))
    def test_agrees_with_statsmodels(self, rows: list[tuple[int, bool]]) -> None:
        """Shares and Greenwood's errors at every age at which a label came."""
        ages, came = map(np.array, zip(*rows, strict=True))
        law, oracle = delay_law(ages, came), SurvfuncRight(ages.astype(float), came.astype(int))
        wanted = np.isin(oracle.surv_times, law.ages)
        assert law.ages.tolist() == oracle.surv_times[wanted].tolist()
        assert law.shares == pytest.approx(1 - oracle.surv_prob[wanted], abs=1e-12)
        left = oracle.surv_prob[wanted] > 0
        assert law.errors[left] == pytest.approx(oracle.surv_prob_se[wanted][left], abs=1e-9)

    @given(rows=ROWS, age=st.floats(-1, 20), level=st.sampled_from([0.8, 0.95]))
    def test_shares_rise_and_lie_in_their_intervals(
        self, rows: list[tuple[int, bool]], age: float, level: float
    ) -> None:
        """And nothing is nan, whatever came."""
        law = delay_law(*map(np.array, zip(*rows, strict=True)))
        assert law.interval(age, level).covers(law.share(age))
        assert law.share(age) <= law.share(age + 1)
        assert law.shares_at([age])[0] == law.share(age)

    def test_without_waiting_rows_it_is_the_share_that_came(self) -> None:
        """The empirical distribution function."""
        delays = np.random.default_rng(0).exponential(5, 500)
        law = delay_law(delays, np.ones(500))
        assert law.share(5.0) == pytest.approx((delays <= 5).mean(), abs=1e-12)
        assert law.share(law.longest) == 1.0

    def test_waiting_rows_are_not_forgotten(self) -> None:
        """Labels so far have a median delay of less than half the true one; the law has it right."""
        rng = np.random.default_rng(1)
        delay, age = rng.exponential(30, 20_000), rng.uniform(0, 60, 20_000)
        law = delay_law(np.minimum(delay, age), delay <= age)
        truth = 30 * math.log(2)
        assert law.age_for(0.5) == pytest.approx(truth, rel=0.04)
        assert np.median(delay[delay <= age]) < 0.7 * truth

    def test_a_share_that_was_never_reached_takes_for_ever(self) -> None:
        """A third of labels never comes."""
        law = delay_law([1, 2, 100], [1, 1, 0])
        assert law.age_for(0.95) == math.inf
        assert law.share(1e9) == pytest.approx(2 / 3)
        assert delay_law([3], [0]).share(10) == 0.0

    @pytest.mark.parametrize(
        ("ages", "arrived"),
        [([], []), ([-1.0], [1]), ([math.nan], [1]), ([math.inf], [1]), ([1, 2], [1]), ([1], [0.5])],
    )
    def test_bad_input_is_refused(self, ages: list[float], arrived: list[float]) -> None:
        """No rows, negative or missing ages, flags that are none."""
        with pytest.raises(InvalidStatistic):
            delay_law(ages, arrived)

    def test_bad_questions_are_refused(self) -> None:
        """An age or a level that is none."""
        law = delay_law([1, 2], [1, 1])
        for ask in (lambda: law.share(math.nan), lambda: law.age_for(0), lambda: law.interval(1, 1.0)):
            with pytest.raises(InvalidStatistic):
                ask()


class TestWhatWasNotSeen:
    """The interval says what is not known."""

    def test_it_is_open_beyond_the_oldest_row(self) -> None:
        """Rows of age 3 say nothing of age 4."""
        law = delay_law([1.0] * 50 + [3.0] * 50, [1] * 50 + [0] * 50)
        assert law.interval(2.0).high < 0.7
        assert law.interval(4.0).high == 1.0
        assert delay_law([0.1] * 100, [0] * 100).interval(50.0).high == 1.0

    def test_a_last_row_alone_does_not_make_it_sure(self) -> None:
        """The curve reaches 1 when the only row that was watched for so long arrives."""
        assert delay_law([1.0] * 999 + [2.0], [0] * 999 + [1]).interval(2.0).low < 0.1

    def test_without_waiting_rows_it_is_clopper_and_pearsons(self) -> None:
        """The product of betas is then a beta."""
        found = delay_law(range(1, 41), [1] * 40).interval(10)
        exact = clopper_pearson(10, 40, 0.95)
        assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
