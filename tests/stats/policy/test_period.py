"""The period of least cost: the closed form, a search over all periods, and open ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats.policy import Staleness, daily_cost, retraining_period, staleness
from regrove.stats.verdict import Interval, InvalidStatistic, Tier

_MONEY = st.floats(0.01, 1e6)


def _stale(slope: float, low: float, high: float) -> Staleness:
    return Staleness(
        slope=slope,
        interval=Interval(low, high, 0.9),
        fresh=1.0,
        within=False,
        points=30,
        blocks=30,
        draws=2000,
        tier=Tier.BLOCK,
        seed=0,
    )


class TestPeriod:
    """tau* = sqrt(2 C / (v N r))."""

    @given(st.floats(1e-6, 10.0), _MONEY, _MONEY, _MONEY)
    @settings(max_examples=100, deadline=None)
    def test_no_other_period_costs_less(self, slope: float, cost: float, value: float, rows: float) -> None:
        """By the sum of both costs at many periods around it, and by its closed form."""
        found = retraining_period(_stale(slope, slope / 2, slope * 2), cost=cost, value=value, rows=rows)
        assert found.days == pytest.approx(math.sqrt(2 * cost / (value * rows * slope)), rel=1e-12)
        near = found.days * np.geomspace(0.1, 10, 41)
        costs = [daily_cost(float(each), slope=slope, cost=cost, value=value, rows=rows) for each in near]
        assert min(costs) == pytest.approx(found.daily_cost, rel=1e-9)
        assert int(np.argmin(costs)) == 20

    @given(st.floats(1e-3, 1.0), st.floats(1.01, 3.0))
    def test_the_ends_are_those_of_the_slope_swapped(self, slope: float, factor: float) -> None:
        """A steep slope is the short period."""
        found = retraining_period(_stale(slope, slope / factor, slope * factor), cost=9.0, value=0.5, rows=4.0)
        assert found.interval.low == pytest.approx(found.days / math.sqrt(factor))
        assert found.interval.high == pytest.approx(found.days * math.sqrt(factor))
        assert found.interval.level == 0.9

    def test_a_period_wrong_by_2_costs_a_quarter_more(self) -> None:
        """As the docstring says: the cost is flat around it."""
        best = retraining_period(_stale(0.02, 0.01, 0.03), cost=400.0, value=0.01, rows=10_000.0)
        for days in (best.days / 2, best.days * 2):
            wrong = daily_cost(days, slope=0.02, cost=400.0, value=0.01, rows=10_000.0)
            assert wrong == pytest.approx(1.25 * best.daily_cost)

    def test_it_joins_the_estimate(self) -> None:
        """From losses to days."""
        rng = np.random.default_rng(2)
        age = np.arange(1.0, 61.0)
        found = retraining_period(
            staleness(age, 1.0 + 0.01 * age + rng.normal(0, 0.05, 60)), cost=200.0, value=0.1, rows=1000.0
        )
        assert found.interval.covers(20.0)
        assert found.interval.width < 10.0
        assert "days costs least" in found.reason


class TestOpenEnds:
    """When the data do not show that the loss grows."""

    @pytest.mark.parametrize("low", [0.0, -0.01])
    def test_an_interval_that_reaches_0_has_no_upper_end(self, low: float) -> None:
        """And the reason says so."""
        found = retraining_period(_stale(0.01, low, 0.02), cost=100.0, value=1.0, rows=10.0)
        assert math.isinf(found.interval.high)
        assert math.isfinite(found.interval.low)
        assert math.isfinite(found.days)
        assert "no upper end" in found.reason

    def test_a_loss_that_falls_gives_no_period(self) -> None:
        """Whether it surely falls or perhaps."""
        perhaps = retraining_period(_stale(-0.01, -0.03, 0.01), cost=100.0, value=1.0, rows=10.0)
        assert math.isinf(perhaps.days)
        assert math.isfinite(perhaps.interval.low)
        assert "no schedule pays" in perhaps.reason
        surely = retraining_period(_stale(-0.01, -0.03, -0.001), cost=100.0, value=1.0, rows=10.0)
        assert math.isinf(surely.interval.low)
        assert "does not grow" in surely.reason
        assert surely.daily_cost == 0.0

    def test_a_constant_loss_gives_no_period(self) -> None:
        """From the estimate on, without a division by 0."""
        found = retraining_period(staleness(np.arange(9), np.ones(9)), cost=1.0, value=1.0, rows=1.0)
        assert math.isinf(found.days)
        assert math.isinf(found.interval.low)

    def test_training_that_is_free_pays_always(self) -> None:
        """Where the loss grows; where it does not, it still brings nothing."""
        free = retraining_period(_stale(0.01, 0.005, 0.02), cost=0.0, value=1.0, rows=10.0)
        assert (free.days, free.interval.high, free.daily_cost) == (0.0, 0.0, 0.0)
        assert "costs nothing" in free.reason
        assert math.isinf(retraining_period(_stale(-0.01, -0.02, 0.02), cost=0.0, value=1.0, rows=10.0).days)


class TestRefused:
    """Numbers that are no costs."""

    @pytest.mark.parametrize(
        ("cost", "value", "rows"),
        [(-1.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (math.inf, 1.0, 1.0), (1.0, math.nan, 1.0)],
    )
    def test_costs(self, cost: float, value: float, rows: float) -> None:
        """Below 0, no value, no rows, not finite."""
        with pytest.raises(InvalidStatistic):
            retraining_period(_stale(0.01, 0.0, 0.02), cost=cost, value=value, rows=rows)

    @pytest.mark.parametrize(("days", "slope"), [(0.0, 1.0), (math.inf, 1.0), (1.0, math.nan)])
    def test_periods(self, days: float, slope: float) -> None:
        """No days, no end, no slope."""
        with pytest.raises(InvalidStatistic):
            daily_cost(days, slope=slope, cost=1.0, value=1.0, rows=1.0)
