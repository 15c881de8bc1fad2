"""Detectors over streams of blocks, and ranges that hold at all times."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats.sequential import (
    Cusum,
    CusumPlan,
    asymptotic_difference,
    asymptotic_radius,
    best_rho,
    bet,
    betting_sequence,
    calibrate_cusum,
    ceiling,
    detect,
    detector,
    mixture_boundary,
    open_bets,
    watch,
)
from regrove.stats.sequential.growth import BETS

LOSSES = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def _plan(threshold: float = 5.0, slack: float = 0.75) -> CusumPlan:
    return CusumPlan(
        center=0.2, spread=0.02, slack=slack, threshold=threshold, rate=0.05, year=365, simulated=0.05, draws=0,
        blocks=60, seed=0,
    )  # fmt: skip


class TestCusum:
    """A suspicion with a stated rate of alarms."""

    @given(LOSSES)
    @settings(deadline=None)
    def test_the_sum_is_the_largest_rise_of_the_walk(self, losses) -> None:
        """Against the other definition: the walk above its lowest point so far."""
        steps = (np.array(losses) - 0.2) / 0.02 - 0.75
        walk = np.concatenate([[0.0], np.cumsum(steps)])
        rises = walk - np.minimum.accumulate(walk)
        state = watch(_plan(), losses)
        assert state.sum == pytest.approx(rises[-1], abs=1e-6)
        crossed = np.flatnonzero(rises >= 5.0)
        assert state.alarm_at == (int(crossed[0]) if len(crossed) else None)

    def test_batches_do_not_matter(self) -> None:
        """The state goes on where it was, and the first alarm stays."""
        losses = np.random.default_rng(0).normal(0.21, 0.02, 200)
        half = watch(_plan(), losses[100:], watch(_plan(), losses[:100]))
        assert half == watch(_plan(), losses)
        assert half.alarm_at is not None
        assert watch(_plan(), []) == Cusum()

    def test_it_says_since_when(self) -> None:
        """The sum last left 0 when the loss grew."""
        assert watch(_plan(), [0.2] * 50 + [0.25] * 5).began_at == 50

    def test_null_years_alarm_as_often_as_stated(self) -> None:
        """Fresh references and fresh years; at most 1.6 times the rate, and chance."""
        rng = np.random.default_rng(1)
        alarms = 0
        for trial in range(120):
            level, year = rng.normal(0.2, 0.02, 60), rng.normal(0.2, 0.02, 365)
            plan = calibrate_cusum(level, rate=0.1, draws=300, seed=trial)
            alarms += watch(plan, year).alarm_at is not None
        assert alarms / 120 <= 0.16 + 3 * math.sqrt(0.16 * 0.84 / 120)

    def test_a_stricter_rate_has_a_higher_threshold(self) -> None:
        """And a larger slack a lower one."""
        reference = np.random.default_rng(2).normal(0.2, 0.02, 60)
        rates = [calibrate_cusum(reference, rate=rate, draws=500).threshold for rate in (0.2, 0.05, 0.01)]
        assert rates == sorted(rates)
        assert calibrate_cusum(reference, slack=1.5, draws=500).threshold < rates[1]
        assert calibrate_cusum(reference, draws=500) == calibrate_cusum(reference, draws=500)

    def test_dependent_blocks_need_runs(self) -> None:
        """Neighbours drawn together raise the threshold where they are alike."""
        rng = np.random.default_rng(3)
        level, reference = 0.0, []
        for _ in range(120):
            level = 0.8 * level + rng.normal(0, 0.01)
            reference.append(0.3 + level)
        alone = calibrate_cusum(reference, draws=500).threshold
        assert calibrate_cusum(reference, draws=500, run=10).threshold > 1.5 * alone

    def test_a_constant_reference_has_a_plan(self) -> None:
        """Any growth is then an alarm, and nothing is nan."""
        plan = calibrate_cusum([0.25] * 30, draws=200)
        assert math.isfinite(plan.threshold)
        assert watch(plan, [0.25] * 100).alarm_at is None
        assert watch(plan, [0.3]).alarm_at == 1

    @pytest.mark.parametrize("reference", [[], [0.1] * 19, [0.1] * 30 + [1.5], [0.1] * 30 + [math.nan], [-0.1] * 30])
    def test_what_is_no_reference_is_refused(self, reference) -> None:
        """Twenty mean losses from 0 to 1."""
        with pytest.raises(ValueError, match="reference"):
            calibrate_cusum(reference)

    @pytest.mark.parametrize(
        "bad", [{"rate": 0.0}, {"rate": 1.0}, {"slack": -1.0}, {"year": 0}, {"run": 0}, {"draws": 5}]
    )
    def test_what_is_no_plan_is_refused(self, bad) -> None:
        """Each setting has its bounds."""
        with pytest.raises(ValueError, match="plan"):
            calibrate_cusum(np.linspace(0.1, 0.2, 30), **bad)


class TestDetector:
    """A confirmation without assumptions on the law."""

    @given(LOSSES, st.floats(0.01, 1.0))
    @settings(deadline=None)
    def test_it_is_the_sum_over_all_starts(self, losses, m0) -> None:
        """Shiryaev-Roberts: a product of bets from each possible start of the change, added up."""
        expected = 0.0
        for share in BETS:
            factors = 1 + share / m0 * (np.array(losses) - m0)
            expected += sum(np.prod(factors[start:]) for start in range(len(losses))) / len(BETS)
        assert detect(detector(m0), losses).value == pytest.approx(min(expected, 1e300), rel=1e-9)

    def test_batches_do_not_matter(self) -> None:
        """The state goes on where it was."""
        losses = np.random.default_rng(0).uniform(0.2, 0.6, 100)
        assert detect(detect(detector(0.3), losses[:40]), losses[40:]) == detect(detector(0.3), losses)

    def test_no_change_means_at_most_one_a_block_on_average(self) -> None:
        """M_t - t has mean 0 under the null, whence the run length; simulated with two-valued losses."""
        rng = np.random.default_rng(1)
        ends = [detect(detector(0.2), (rng.random(12) < 0.2).astype(float)).value for _ in range(3000)]
        assert np.mean(ends) == pytest.approx(12, abs=4 * np.std(ends) / math.sqrt(len(ends)))

    def test_null_years_rarely_alarm(self) -> None:
        """At most 3.7% of years at a run length of 10,000, and chance."""
        rng = np.random.default_rng(2)
        alarms = sum(detect(detector(0.2), rng.beta(20, 80, 365)).alarm_at is not None for _ in range(100))
        assert alarms <= 9

    def test_large_losses_never_overflow(self) -> None:
        """The wealth is capped."""
        assert detect(detector(0.001), [1.0] * 2000).alarm_at == 2

    @pytest.mark.parametrize(("m0", "arl"), [(0.0, 100), (1.1, 100), (math.nan, 100), (0.5, 0.5), (0.5, math.inf)])
    def test_what_is_no_detector_is_refused(self, m0, arl) -> None:
        """m0 above 0."""
        with pytest.raises(ValueError, match="detector"):
            detector(m0, arl=arl)

    def test_the_ceiling_is_student_s_bound(self) -> None:
        """Against scipy; with a tolerance; and for blocks without a loss."""
        from scipy import stats

        values = np.random.default_rng(3).uniform(0.1, 0.3, 25)
        bound = values.mean() + stats.t.ppf(0.95, 24) * stats.sem(values)
        assert ceiling(values, tolerance=0.0) == pytest.approx(bound)
        assert ceiling(values) == pytest.approx(1.1 * bound)
        assert 0.0 < ceiling([0.0] * 30) < 0.12
        with pytest.raises(ValueError):
            ceiling([0.1])
        with pytest.raises(ValueError):
            ceiling([0.1, 0.2], level=0.2)


class TestBetting:
    """A range for a mean at all times."""

    def test_it_is_the_written_formula(self) -> None:
        """A plain loop over values and candidates, from the paper."""
        values = np.random.default_rng(0).beta(2, 5, 80)
        candidates = np.linspace(0, 1, 101)
        above, below = np.ones(101), np.ones(101)
        total, spread, low, high = 0.5, 0.25, 0.0, 1.0
        for t, x in enumerate(values, start=1):
            lam = math.sqrt(2 * math.log(2 / 0.05) / (spread / t * t * math.log(t + 1)))
            for place, m in enumerate(candidates):
                above[place] *= 1 + min(lam, 0.5 / m if m else math.inf) * (x - m)
                below[place] *= 1 - min(lam, 0.5 / (1 - m) if m < 1 else math.inf) * (x - m)
            total_before, total = total, total + x
            spread += (x - total_before / t) * (x - total / (t + 1))
            low = max([low, *candidates[above / 2 >= 20]])
            high = min([high, *candidates[below / 2 >= 20]])
        found = betting_sequence(values, candidates=101)
        assert (found[0][-1], found[1][-1]) == pytest.approx((low, high))

    def test_the_range_covers_at_all_times(self) -> None:
        """At most 5% of streams ever leave it, and chance."""
        rng = np.random.default_rng(1)
        missed = 0
        for _ in range(150):
            low, high = betting_sequence(rng.binomial(1, 0.2, 200), candidates=201)
            missed += bool((low > 0.2).any() or (high < 0.2).any())
        assert missed <= 15

    @given(LOSSES)
    @settings(deadline=None, max_examples=30)
    def test_it_never_widens_and_batches_do_not_matter(self, losses) -> None:
        """The state goes on where it was."""
        low, high = betting_sequence(losses, candidates=51)
        assert (np.diff(low) >= 0).all()
        assert (np.diff(high) <= 0).all()
        state = bet(bet(open_bets(candidates=51), losses[: len(losses) // 2]), losses[len(losses) // 2 :])
        assert (state.low, state.high) == pytest.approx((low[-1], high[-1]))

    def test_bounds_scale(self) -> None:
        """Differences from -1 to 1 give the range of values from 0 to 1, doubled."""
        values = np.random.default_rng(2).uniform(0, 1, 60)
        plain, scaled = bet(open_bets(), values), bet(open_bets(lower=-1.0, upper=1.0), 2 * values - 1)
        assert (scaled.low, scaled.high) == pytest.approx((2 * plain.low - 1, 2 * plain.high - 1), abs=1e-9)

    def test_broken_assumptions_keep_a_range(self) -> None:
        """A mean that moves may exclude all candidates; a range remains and nothing is nan."""
        after = bet(open_bets(candidates=51), [0.0] * 300 + [1.0] * 600)
        assert after.low <= after.high
        assert after.interval.level == pytest.approx(0.95)

    @pytest.mark.parametrize("values", [[1.1], [-0.1], [math.nan], [[0.5]]])
    def test_values_outside_are_refused(self, values) -> None:
        """The bounds are what the range rests on."""
        with pytest.raises(ValueError):
            bet(open_bets(), values)

    @pytest.mark.parametrize(
        "bad", [{"alpha": 0.0}, {"lower": 1.0}, {"upper": math.inf}, {"lower": math.nan}, {"candidates": 2}]
    )
    def test_bets_without_bounds_are_refused(self, bad) -> None:
        """Each setting has its bounds."""
        with pytest.raises(ValueError):
            open_bets(**bad)


class TestMixture:
    """Boundaries from normal mixtures."""

    @given(st.floats(0.1, 1e4), st.floats(0.001, 0.5))
    def test_the_mixture_is_at_one_over_alpha_on_the_boundary(self, variance, alpha) -> None:
        """The integral of exp(l s - l^2 V / 2) over a normal l, in closed form."""
        radius = float(mixture_boundary(variance, rho=3.0, alpha=alpha))
        log_mixture = 0.5 * math.log(3.0 / (variance + 3.0)) + radius**2 / (2 * (variance + 3.0))
        assert log_mixture == pytest.approx(-math.log(alpha), rel=1e-9)

    @pytest.mark.parametrize("variance", [1.0, 100.0, 1e5])
    def test_the_best_rho_is_lowest(self, variance) -> None:
        """Neighbours on either side are higher."""
        best = best_rho(variance)
        at = [float(mixture_boundary(variance, rho=best * factor)) for factor in (0.8, 1.0, 1.25)]
        assert at[1] == min(at)

    def test_sums_stay_inside(self) -> None:
        """Coins, looked at 1,000 times: at most 5% ever leave, and chance."""
        rng = np.random.default_rng(0)
        sums = np.abs(np.cumsum(rng.integers(0, 2, (400, 1000)) - 0.5, axis=1))
        boundary = mixture_boundary(np.arange(1, 1001) / 4, rho=best_rho(100.0))
        assert (sums > boundary).any(axis=1).mean() <= 0.05

    def test_the_asymptotic_radius_is_the_same_boundary(self) -> None:
        """With rho = 1 / r^2 and a unit variance, divided by the count."""
        square = (-2 * math.log(0.05) + math.log(1 - 2 * math.log(0.05))) / 500
        boundary = float(mixture_boundary(800.0, rho=1 / square, alpha=0.05)) / 800
        assert asymptotic_radius(1.0, 800, best_at=500) == pytest.approx(boundary)

    def test_a_difference_of_means_is_found(self) -> None:
        """And none is not, with a mean far from 0."""
        rng = np.random.default_rng(1)
        arm = rng.random(5000) < 0.4
        noise = 100 + rng.normal(size=5000)
        assert asymptotic_difference(noise + 0.3 * arm, arm, 0.4, best_at=5000).low > 0
        assert asymptotic_difference(noise, arm, 0.4, best_at=5000).covers(0.0)

    def test_its_limits_are_refused(self) -> None:
        """Few values, unequal shares; and what is no number."""
        arm = np.arange(1000) % 2 == 0
        for values, arms, share in [
            (np.ones(1000), arm, 0.1),
            (np.ones(150), arm[:150], 0.5),
            (np.full(1000, np.nan), arm, 0.5),
        ]:
            with pytest.raises(ValueError):
                asymptotic_difference(values, arms, share, best_at=100)
        for bad in [(-1.0, 10, 10, 0.05), (1.0, 0, 10, 0.05), (1.0, 10, 10, 0.5)]:
            with pytest.raises(ValueError):
                asymptotic_radius(bad[0], bad[1], best_at=bad[2], alpha=bad[3])
        with pytest.raises(ValueError):
            mixture_boundary(-1.0, rho=1.0)
        with pytest.raises(ValueError):
            best_rho(0.0)
