"""The grid e-process of a canary, its guards, the split, and bunches of events."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regrove.stats.sequential import (
    begin,
    beta_binomial,
    combine,
    combine_independent,
    count,
    judge,
    judge_all,
    measured_design,
    observe,
    observe_counts,
    ratio_interval,
    sample_ratio,
    unit_design,
)
from regrove.stats.sequential.grid import RATIO_MISMATCH, RATIOS
from regrove.stats.verdict import Decision, InvalidStatistic

EVENTS = st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.99)), min_size=1, max_size=60)


class TestGrid:
    """State of few floats, one event or a million at a time."""

    @given(EVENTS, st.booleans(), st.floats(1, 5))
    @settings(max_examples=50, deadline=None)
    def test_many_events_are_as_each_alone(self, events, two_sided, design) -> None:
        """The state and its peak do not depend on how events were batched."""
        alone = begin(two_sided=two_sided)
        for arm, share in events:
            alone = observe(alone, arm, share, design=design)
        arms, shares = zip(*events, strict=True)
        middle = len(events) // 2
        together = count(begin(two_sided=two_sided), arms[:middle], np.array(shares[:middle]), design=design)
        together = count(together, arms[middle:], np.array(shares[middle:]), design=design)
        assert together.wealth == pytest.approx(alone.wealth, abs=1e-9)
        assert together.peak == pytest.approx(alone.peak, abs=1e-9)
        assert (together.canary, together.events) == (alone.canary, alone.events)

    @given(
        st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(0.01, 0.99)), min_size=1, max_size=5),
        st.booleans(),
        st.floats(1, 5),
    )
    @settings(max_examples=50, deadline=None)
    def test_counts_are_as_the_events_in_any_order(self, stretches, two_sided, design) -> None:
        """What is kept of a stretch at one share does not depend on the order; the peak is that of its ends."""
        counted = alone = begin(two_sided=two_sided)
        ends = [0.0]
        for canary, control, share in stretches:
            counted = observe_counts(counted, canary, control, share, design=design)
            alone = count(alone, [False] * control + [True] * canary, share, design=design)
            ends.append(alone.log_e)
        assert counted.wealth == pytest.approx(alone.wealth, abs=1e-9)
        assert (counted.canary, counted.events) == (alone.canary, alone.events)
        assert counted.expected == pytest.approx(alone.expected)
        assert counted.peak == pytest.approx(max(ends), abs=1e-9)

    @pytest.mark.parametrize(("canary", "control", "share"), [(-1, 0, 0.5), (1, 0, 0.0), (0, 1, 1.0), (1, 1, 1.5)])
    def test_counts_that_cannot_be(self, canary, control, share) -> None:
        with pytest.raises(InvalidStatistic, match="cannot be"):
            observe_counts(begin(), canary, control, share)

    def test_long_streams_cross_the_chunks(self) -> None:
        """A peak inside of any chunk is kept, at constant and at changing shares."""
        rng = np.random.default_rng(0)
        arms = np.concatenate([rng.random(20_000) < 0.6, rng.random(60_000) < 0.45])
        constant = count(begin(), arms, 0.5)
        changing = count(begin(), arms, np.full(len(arms), 0.5))
        hits, spent = np.cumsum(arms), np.arange(1, len(arms) + 1)
        paths = [hits * math.log(ratio) - spent * math.log1p(0.5 * (ratio - 1)) for ratio in RATIOS]
        expected = (np.logaddexp.reduce(paths, axis=0) - math.log(len(RATIOS))).max()
        assert constant.peak == pytest.approx(expected, rel=1e-9)
        assert changing.peak == pytest.approx(expected, rel=1e-9)
        assert constant.peak > constant.log_e + 10
        assert constant.p == pytest.approx(math.exp(-constant.peak))

    @pytest.mark.parametrize("shares", [(0.5,) * 8, (0.05, 0.05, 0.2, 0.2, 0.2, 0.5, 0.5, 0.5)])
    @pytest.mark.parametrize("two_sided", [False, True])
    def test_the_mean_is_one_over_all_paths(self, shares, two_sided) -> None:
        """Under the null, by exact enumeration, with a share that changes."""
        total = 0.0
        for arms in itertools.product([False, True], repeat=len(shares)):
            chance = math.prod(pi if arm else 1 - pi for arm, pi in zip(arms, shares, strict=True))
            total += chance * count(begin(two_sided=two_sided), arms, np.array(shares)).e
        assert total == pytest.approx(1.0, rel=1e-12)

    @pytest.mark.parametrize("ratio", [0.5, 0.9])
    def test_a_better_canary_has_a_mean_below_one(self, ratio) -> None:
        """The one-sided null is "as many or fewer", by exact enumeration."""
        theta = 0.3 * ratio / (0.3 * ratio + 0.7)
        total = sum(
            math.prod(theta if arm else 1 - theta for arm in arms) * count(begin(), arms, 0.3).e
            for arms in itertools.product([False, True], repeat=8)
        )
        assert total < 1.0

    def test_dividing_by_the_largest_bunch_keeps_the_mean_below_one(self) -> None:
        """Whole units of three events fall into one arm; by exact enumeration."""
        whole = thirds = 0.0
        for units in itertools.product([False, True], repeat=4):
            chance = math.prod(0.2 if unit else 0.8 for unit in units)
            arms = np.repeat(units, 3)
            whole += chance * count(begin(), arms, 0.2).e
            thirds += chance * count(begin(), arms, 0.2, design=3.0).e
        assert whole > 1.5
        assert thirds <= 1.0 + 1e-12

    def test_nothing_is_learned_where_all_go_to_one_arm(self) -> None:
        """Shares of 0 and 1 allow one arm only, and its events say nothing."""
        assert count(begin(), [False] * 9, 0.0).e == 1.0
        assert count(begin(), [True] * 9, 1.0).e == pytest.approx(1.0)
        assert count(begin(), [], 0.5) == begin()

    @pytest.mark.parametrize(
        ("arm", "share", "design"),
        [(True, 0.0, 1), (False, 1.0, 1), (True, math.nan, 1), (True, 1.5, 1), (True, 0.5, 0.5), (True, 0.5, math.nan)],
    )
    def test_impossible_events_are_refused(self, arm, share, design) -> None:
        """By both ways in."""
        with pytest.raises(ValueError):
            observe(begin(), arm, share, design=design)
        with pytest.raises(ValueError):
            count(begin(), [arm], share, design=design)

    @pytest.mark.parametrize("arms", [[0, 2], [[True]], [math.nan]])
    def test_what_is_no_arm_is_refused(self, arms) -> None:
        """An arm is 0 or 1."""
        with pytest.raises(ValueError):
            count(begin(), arms, 0.5)

    def test_shares_of_another_length_are_refused(self) -> None:
        """One for all or one an event."""
        with pytest.raises(ValueError, match="Shares"):
            count(begin(), [True] * 3, [0.5, 0.5])

    @pytest.mark.parametrize("ratios", [(), (1.0,), (0.5,), (math.inf,), (math.nan,)])
    def test_what_is_no_ratio_is_refused(self, ratios) -> None:
        """A grid looks for ratios above 1."""
        with pytest.raises(ValueError, match="ratios"):
            begin(ratios)

    def test_a_stream_without_end_stays_finite(self) -> None:
        """The e-value may be infinite, its logarithm and the p-value are not nan."""
        grid = count(begin(), np.ones(200_000, dtype=bool), 0.01)
        assert grid.e == math.inf
        assert grid.p == 0.0
        assert judge("errors", grid).decision is Decision.REJECT


class TestLevel:
    """False stops under the null, looked at after every event."""

    def test_a_canary_without_harm_is_rarely_stopped(self) -> None:
        """At alpha .05, with a ramp, in at most .05 of streams and a few points of chance."""
        rng = np.random.default_rng(1)
        shares = np.repeat([0.05, 0.2, 0.5], 100)
        stopped = sum(count(begin(), rng.random(300) < shares, shares).p <= 0.05 for _ in range(400))
        assert stopped / 400 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)

    def test_more_harm_is_found_sooner(self) -> None:
        """Monotone in the effect."""
        rng = np.random.default_rng(2)
        uniform = rng.random(3000)
        peaks = [count(begin(), uniform < r / (r + 1), 0.5).peak for r in (1.0, 1.3, 1.8, 3.0)]
        assert peaks == sorted(peaks)


class TestGuards:
    """One guard and all."""

    def test_a_guard_says_what_is_missing(self) -> None:
        """A suspicion that chance could explain comes with a number of events."""
        verdict = judge("errors", count(begin(), [True, False, True] * 6, 0.5))
        assert verdict.decision is Decision.HOLD
        assert verdict.ratio == pytest.approx(2.0)
        assert "more events" in verdict.reason

    def test_no_sign_and_no_events_have_a_reason(self) -> None:
        """Nothing is nan."""
        assert "too few" in judge("errors", begin()).reason
        assert "no sign" in judge("errors", count(begin(), [False] * 30 + [True] * 20, 0.5)).reason

    def test_a_grave_guard_stops_all(self) -> None:
        """At its own part of alpha; then the mean had reached the threshold too."""
        bad = count(begin(), [True] * 40 + [False] * 2, 0.5)
        verdict = judge_all({"errors": bad, "slow": begin()}, weights={"errors": 1, "slow": 3}, alpha=0.01)
        assert verdict.decision is Decision.REJECT
        assert verdict.guards[0].threshold == pytest.approx(400)
        assert verdict.e == pytest.approx(bad.e / 4 + 0.75)
        assert verdict.reason.startswith("errors")

    def test_guards_add_up(self) -> None:
        """None alone, all together."""
        some = count(begin(), [False] * 2 + [True] * 17, 0.5)
        assert 100 <= some.e < 300
        together = judge_all(dict.fromkeys("abc", some), alpha=0.01)
        assert together.decision is Decision.REJECT
        assert all(each.decision is Decision.HOLD for each in together.guards)
        assert "all together" in together.reason

    def test_other_guards_and_no_guards_are_refused(self) -> None:
        """A forgotten weight must not pass."""
        with pytest.raises(ValueError):
            judge_all({})
        with pytest.raises(ValueError):
            judge_all({"a": begin()}, weights={"b": 1.0})
        with pytest.raises(ValueError, match="without weight"):
            judge_all({"a": begin(), "b": begin()}, weights={"a": 1.0, "b": 0.0})
        with pytest.raises(ValueError):
            judge("a", begin(), alpha=0.0)

    @pytest.mark.parametrize("ratio", [0.5, 1.0, 1.4, 2.0, 8.0])
    def test_the_interval_covers_the_ratio_at_all_times(self, ratio) -> None:
        """At 95% in nearly all streams, looked at 20 times."""
        rng = np.random.default_rng(3)
        missed = 0
        for _ in range(60):
            grid, share = begin(two_sided=True), 0.3
            theta = share * ratio / (share * ratio + 1 - share)
            bad = False
            for _ in range(20):
                grid = count(grid, rng.random(50) < theta, share)
                bad = bad or not ratio_interval(grid).covers(ratio)
            missed += bad
        assert missed <= 8

    def test_the_interval_is_open_before_events(self) -> None:
        """Nothing is known."""
        found = ratio_interval(begin())
        assert (found.low, found.high) == (0.0, math.inf)
        with pytest.raises(ValueError):
            ratio_interval(begin(), level=1.0)


class TestCombine:
    """E-values of several tests."""

    def test_the_mean_stays_an_e_value(self) -> None:
        """Also when both are the same test."""
        values = [count(begin(), arms, 0.5).e for arms in itertools.product([False, True], repeat=6)]
        assert np.mean([combine([each, each], [1, 3]) for each in values]) == pytest.approx(1.0)

    def test_independent_ones_may_be_multiplied(self) -> None:
        """0 and infinity have an answer."""
        assert combine_independent([2.0, 3.0]) == pytest.approx(6.0)
        assert combine_independent([0.0, math.inf]) == 0.0
        assert combine_independent([2.0, math.inf]) == math.inf
        assert combine([math.inf, 0.0]) == math.inf

    @pytest.mark.parametrize(
        ("e", "weights"),
        [([], None), ([-1.0], None), ([math.nan], None), ([1.0], [0.0]), ([1.0], [1, 2]), ([1.0], [-1])],
    )
    def test_what_cannot_be_combined_is_refused(self, e, weights) -> None:
        """No nan comes out."""
        with pytest.raises(ValueError):
            combine(e, weights)


class TestBetaBinomial:
    """A beta prior in place of the grid."""

    def test_the_mean_is_one_over_all_counts(self) -> None:
        """By exact enumeration of 30 events."""
        s = np.arange(31)
        e = np.exp(beta_binomial(s, 30 - s, 0.1))
        assert (stats.binom.pmf(s, 30, 0.1) @ e) == pytest.approx(1.0, rel=1e-9)

    def test_it_is_the_ratio_of_scipy_s_laws(self) -> None:
        """Beta-binomial over binomial."""
        expected = stats.betabinom.logpmf(40, 100, 3.0, 7.0) - stats.binom.logpmf(40, 100, 0.3)
        assert float(beta_binomial(40, 60, 0.3)) == pytest.approx(expected, abs=1e-9)

    @pytest.mark.parametrize(
        ("s", "f", "pi"), [(-1, 2, 0.5), (1, math.nan, 0.5), (1, 2, 0.0), (1, 2, 1.0), ([1], [2, 3], 0.5)]
    )
    def test_bad_counts_are_refused(self, s, f, pi) -> None:
        """No nan comes out."""
        with pytest.raises(ValueError):
            beta_binomial(s, f, pi)


class TestSampleRatio:
    """The split that was asked for."""

    @pytest.mark.parametrize(
        ("canary", "control", "share"), [(40, 60, 0.5), (3, 97, 0.1), (0, 30, 0.1), (30, 0, 0.9), (7, 3, 0.5)]
    )
    def test_the_p_value_is_exact(self, canary, control, share) -> None:
        """Twice the smaller tail of scipy's binomial."""
        total = canary + control
        tails = stats.binom.cdf(canary, total, share), stats.binom.sf(canary - 1, total, share)
        assert sample_ratio(canary, control, share).p == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)

    def test_counts_beyond_2_to_the_53_have_an_answer(self) -> None:
        """And so have no units at all."""
        assert not sample_ratio(2**54, 2**54, 0.5).broken
        assert sample_ratio(2**54, 2**55, 0.5).broken
        assert sample_ratio(0, 0, 0.5).seen is None

    def test_the_final_look_is_more_sensitive(self) -> None:
        """The exact p-value counts only when it is asked for."""
        assert not sample_ratio(5000, 5390, 0.5).broken
        assert sample_ratio(5000, 5390, 0.5, final=True).broken

    def test_bad_splits_are_refused(self) -> None:
        """A share of 0 has no test."""
        for bad in [(1, 1, 0.0), (1, 1, 1.0), (-1, 1, 0.5), (1, 1, math.nan)]:
            with pytest.raises(ValueError):
                sample_ratio(*bad)

    def test_a_grid_finds_a_small_mismatch(self) -> None:
        """Two percent of the units get lost; the finer ratios see it."""
        arms = np.random.default_rng(5).random(300_000) < 0.49
        assert count(begin(RATIO_MISMATCH, two_sided=True), arms, 0.5).e > 1000


class TestUnits:
    """Bunches of events."""

    @given(st.lists(st.integers(0, 20), min_size=1, max_size=30))
    def test_the_design_effect_is_that_of_the_variance(self, sizes) -> None:
        """Variance of a count of whole units over a binomial's."""
        total = sum(sizes)
        expected = sum(n * n for n in sizes) / total if total else 1.0
        assert unit_design(sizes) == pytest.approx(max(1.0, expected))

    def test_an_a_a_run_measures_the_same(self) -> None:
        """Units of 1 and 9 events, assigned whole."""
        rng = np.random.default_rng(6)
        sizes = rng.choice([1, 9], size=(400, 50))
        arms = rng.random((400, 50)) < 0.3
        measured = measured_design((sizes * arms).sum(axis=1), (sizes * ~arms).sum(axis=1), 0.3)
        assert measured == pytest.approx(unit_design(sizes.ravel()), rel=0.25)

    def test_bad_units_are_refused(self) -> None:
        """Negative counts and too few blocks."""
        with pytest.raises(ValueError):
            unit_design([-1])
        with pytest.raises(ValueError):
            measured_design([1] * 9, [1] * 9, 0.5)
        with pytest.raises(ValueError):
            measured_design([1] * 20, [1] * 20, 1.0)
