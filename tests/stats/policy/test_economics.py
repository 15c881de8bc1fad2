"""One retraining against its costs: the arithmetic, the three answers, and what is refused."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats.comparison import Gain, Metric, paired_bootstrap, paired_losses
from regrove.stats.policy import Costs, Retrain, retraining_gain
from regrove.stats.verdict import Interval, InvalidStatistic


def _gain(value: float, low: float, high: float, blocks: int = 30) -> Gain:
    """A gain of 30 blocks with these numbers."""
    found = paired_losses([1.0, 2.0, 3.0], [1.0, 2.0, 3.1], [0, 1, 2], draws=50).gain()
    error = max(1e-9, (high - low) / 3.3)
    return msgspec.structs.replace(found, value=value, interval=Interval(low, high, 0.9), error=error, blocks=blocks)


class TestArithmetic:
    """N H v times the gain, and the days until it has paid."""

    @given(st.floats(0.001, 1.0), st.floats(1.0, 1e5), st.floats(1.0, 365.0), st.floats(0.0, 1e4))
    @settings(max_examples=60, deadline=None)
    def test_it_is_the_closed_form(self, value: float, rows: float, days: float, cost: float) -> None:
        """Value, bounds, net and payback."""
        found = retraining_gain(_gain(0.2, 0.1, 0.4), value=value, rows=rows, days=days, costs=Costs(train=cost))
        scale = value * rows * days
        assert found.value == pytest.approx(0.2 * scale)
        assert (found.interval.low, found.interval.high) == pytest.approx((0.1 * scale, 0.4 * scale))
        assert found.net == pytest.approx(0.2 * scale - cost)
        assert found.payback_days == pytest.approx(cost / (0.2 * value * rows))
        assert (found.payback.low, found.payback.high) == pytest.approx(
            (cost / (0.4 * value * rows), cost / (0.1 * value * rows))
        )

    @given(st.floats(-0.3, 0.3), st.floats(0.0, 0.3), st.floats(0.0, 100.0))
    @settings(max_examples=100, deadline=None)
    def test_the_answer_is_that_of_the_bounds(self, low: float, width: float, cost: float) -> None:
        """RETRAIN above the costs, WAIT below, nothing between; and RETRAIN pays back inside the horizon."""
        found = retraining_gain(
            _gain(low + width / 2, low, low + width), value=1.0, rows=10.0, days=30.0, costs=Costs(train=cost)
        )
        wanted = (
            Retrain.RETRAIN
            if 300.0 * low > cost
            else Retrain.WAIT
            if 300.0 * (low + width) <= cost
            else Retrain.INCONCLUSIVE
        )
        assert found.decision is wanted
        if found.decision is Retrain.RETRAIN:
            assert found.payback.high <= 30.0

    def test_costs_add_up(self) -> None:
        """All three parts count."""
        assert Costs(train=1.0, validate=2.0, risk=4.0).total == 7.0
        assert Costs().total == 0.0


class TestAnswers:
    """What a person reads."""

    def test_no_gain_never_pays_back(self) -> None:
        """The days are infinite, also the upper end of a gain that may be none."""
        found = retraining_gain(_gain(-0.1, -0.2, -0.05), value=1.0, rows=10.0, days=30.0, costs=Costs(train=5.0))
        assert found.decision is Retrain.WAIT
        assert math.isinf(found.payback_days)
        assert math.isinf(found.payback.low)
        assert "never pays back" in found.reason
        open_end = retraining_gain(_gain(0.1, -0.1, 0.3), value=1.0, rows=10.0, days=30.0, costs=Costs(train=5.0))
        assert math.isinf(open_end.payback.high)
        assert math.isfinite(open_end.payback.low)

    def test_an_open_answer_says_what_is_missing(self) -> None:
        """A number of blocks where more would help, and none where they would not."""
        more = retraining_gain(_gain(0.1, -0.02, 0.22), value=1.0, rows=10.0, days=30.0, costs=Costs(train=1.0))
        assert more.decision is Retrain.INCONCLUSIVE
        assert "more blocks" in more.reason
        none = retraining_gain(_gain(0.1, -0.02, 0.22), value=1.0, rows=10.0, days=30.0, costs=Costs(train=60.0))
        assert "not likely" in none.reason

    def test_few_blocks_decide_nothing(self) -> None:
        """However large the gain is."""
        few = retraining_gain(_gain(9.0, 8.0, 10.0, blocks=4), value=1.0, rows=10.0, days=30.0, costs=Costs())
        assert few.decision is Retrain.INCONCLUSIVE
        assert "needs 1 more block" in few.reason

    def test_training_that_is_free(self) -> None:
        """Any gain that is shown pays at once; none at all is not worth it."""
        free = retraining_gain(_gain(0.1, 0.05, 0.2), value=1.0, rows=10.0, days=30.0, costs=Costs())
        assert (free.decision, free.payback_days) == (Retrain.RETRAIN, 0.0)
        alike = retraining_gain(_gain(0.0, 0.0, 0.0), value=1.0, rows=10.0, days=30.0, costs=Costs())
        assert alike.decision is Retrain.WAIT


class TestRefused:
    """Numbers that are no gain in money."""

    @pytest.mark.parametrize(
        ("value", "rows", "days"), [(0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0), (math.inf, 1.0, 1.0)]
    )
    def test_scales(self, value: float, rows: float, days: float) -> None:
        """No value, no rows, no days, not finite."""
        with pytest.raises(InvalidStatistic):
            retraining_gain(_gain(0.1, 0.0, 0.2), value=value, rows=rows, days=days, costs=Costs())

    @pytest.mark.parametrize("cost", [-1.0, math.nan, math.inf])
    def test_costs(self, cost: float) -> None:
        """Below 0 or not finite."""
        with pytest.raises(InvalidStatistic):
            Costs(risk=cost)

    def test_an_auc_is_no_mean_over_rows(self) -> None:
        """So no row has a value."""
        rng = np.random.default_rng(0)
        truth = rng.integers(0, 2, 60)
        gain = paired_bootstrap(Metric.AUC, truth, rng.random(60), rng.random(60), draws=50).gain()
        with pytest.raises(InvalidStatistic, match="auc"):
            retraining_gain(gain, value=1.0, rows=1.0, days=1.0, costs=Costs())
