"""Any group worse than the limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from regrove.stats.gate import Gate
from regrove.stats.groups import RateKind, RateTable, clustered_gap, rate_table, worse_group
from regrove.stats.verdict import InvalidStatistic


def _table(blocked: bool = False, **groups) -> RateTable:
    counts = np.array([[count for count, _ in groups.values()]])
    rows = np.array([[rows for _, rows in groups.values()]])
    return RateTable(kind=RateKind.SELECTION, groups=tuple(groups), counts=counts, rows=rows, blocked=blocked)


class TestWorseGroup:
    """Shown, not guessed."""

    def test_the_intervals_are_newcombes_at_the_corrected_level(self) -> None:
        """Three groups share 5%."""
        table = _table(a=(30, 100), b=(60, 200), c=(150, 300))
        found = {each.group: each for each in worse_group(table, 0.1).gaps}
        oracle = confint_proportions_2indep(150, 300, 90, 300, method="newcomb", alpha=0.05 / 3, correction=False)
        assert (found["c"].interval.low, found["c"].interval.high) == pytest.approx(oracle, abs=1e-9)
        assert found["c"].interval.level == pytest.approx(1 - 0.05 / 3)

    def test_a_clear_gap_fails_and_a_small_one_passes(self) -> None:
        """With thousands of rows."""
        assert worse_group(_table(a=(3000, 10000), b=(4500, 10000)), 0.1).gate is Gate.FAIL
        assert worse_group(_table(a=(3000, 10000), b=(3100, 10000)), 0.1).gate is Gate.PASS

    def test_a_noisy_gap_is_left_open(self) -> None:
        """Forty rows cannot show .1."""
        verdict = worse_group(_table(a=(3800, 10000), b=(24, 40)), 0.2)
        assert verdict.gate is Gate.INCONCLUSIVE
        assert "needs more rows" in verdict.reason

    def test_five_rows_never_fail_a_model(self) -> None:
        """The group is named as too small; the gap of .6 counts for nothing."""
        verdict = worse_group(_table(a=(3800, 10000), b=(3800, 10000), c=(5, 5)), 0.1)
        assert verdict.gate is Gate.INCONCLUSIVE
        assert [each.group for each in verdict.small] == ["c"]
        assert verdict.reason == "c: 5 rows are too few; needs 25 more rows"

    def test_worse_has_a_direction(self) -> None:
        """A higher true positive rate is no harm to its group."""
        table = _table(a=(3000, 10000), b=(4500, 10000))
        lower = worse_group(table, 0.1, worse="lower", against="a")
        assert lower.gate is Gate.PASS
        assert lower.gaps[0].value == pytest.approx(-0.15)
        assert worse_group(table, 0.1, worse="higher", against="a").gate is Gate.FAIL

    def test_a_single_group_has_nothing_to_compare_with(self) -> None:
        """No verdict, and it says so."""
        verdict = worse_group(_table(a=(10, 100)), 0.1)
        assert verdict.gate is Gate.INCONCLUSIVE

    def test_a_small_reference_is_named(self) -> None:
        """It is the reference that needs rows."""
        assert "b: 7 rows to compare with" in worse_group(_table(a=(10, 100), b=(1, 7)), 0.1, against="b").reason

    @pytest.mark.parametrize(
        "wrong", [{"limit": 2.0}, {"limit": 0.1, "level": 1.0}, {"limit": 0.1, "against": "z"}, {"limit": np.nan}]
    )
    def test_bad_questions_are_refused(self, wrong) -> None:
        """In the house style."""
        with pytest.raises(InvalidStatistic):
            worse_group(_table(a=(1, 100), b=(1, 100)), **wrong)

    @given(a=st.integers(0, 200), b=st.integers(0, 79), worse=st.sampled_from(["higher", "lower"]))
    def test_it_is_monotone_in_the_effect(self, a: int, b: int, worse: str) -> None:
        """One more case in a group moves its bounds up, never down, and renaming the groups changes nothing."""
        sign = 1 if worse == "higher" else -1
        one, more = (
            worse_group(_table(a=(a, 200), b=(count, 80)), 0.1, worse=worse, against="a").gaps[0]
            for count in (b, b + 1)
        )
        assert sign * (more.interval.low - one.interval.low) >= -1e-12
        assert sign * (more.interval.high - one.interval.high) >= -1e-12
        turned = worse_group(_table(b=(b, 80), a=(a, 200)), 0.1, worse=worse, against="a").gaps[0]
        assert turned == one

    def test_with_all_gaps_inside_a_fail_is_rare(self) -> None:
        """Groups of 5 to 170,000 rows and a gap exactly on the limit: at most 5%, with room for chance."""
        rng = np.random.default_rng(0)
        rows = np.array([5, 40, 300, 5000, 170_000])
        wrong = 0
        for _ in range(400):
            counts = rng.binomial(rows, [0.38, 0.38, 0.38, 0.38, 0.38])
            table = _table(**{f"g{i}": (c, n) for i, (c, n) in enumerate(zip(counts, rows, strict=True))})
            wrong += worse_group(table, 0.0).gate is Gate.FAIL
        assert wrong <= 35


class TestClusteredGap:
    """Rows inside a block depend on each other."""

    def test_it_is_wider_than_newcombe_where_days_differ(self) -> None:
        """A day effect in one group."""
        rng = np.random.default_rng(1)
        rows = np.full(20, 200.0)
        left = rng.binomial(200, 0.3, 20).astype(float)
        right = rng.binomial(200, rng.beta(3, 7, 20)).astype(float)
        wide = clustered_gap((left, rows), (right, rows), rng=rng)
        plain = confint_proportions_2indep(right.sum(), 4000, left.sum(), 4000, method="newcomb", correction=False)
        assert wide.width > 3 * (plain[1] - plain[0])

    def test_the_drawn_spread_is_that_of_the_blocks(self) -> None:
        """Blocks of one size: the spread of the mean of their gaps."""
        rng = np.random.default_rng(2)
        rows = np.full(40, 100.0)
        left, right = (rng.binomial(100, rng.beta(3, 7, 40)).astype(float) for _ in range(2))
        found = clustered_gap((left, rows), (right, rows), rng=rng, draws=4000)
        gaps = (right - left) / 100
        from scipy import stats

        oracle = stats.ttest_1samp(gaps, 0.0).confidence_interval(0.95)
        assert found.width == pytest.approx(oracle.high - oracle.low, rel=0.05)

    def test_one_block_says_nothing(self) -> None:
        """The whole range."""
        found = clustered_gap((np.ones(1), np.ones(1) * 9), (np.ones(1), np.ones(1) * 9), rng=np.random.default_rng(0))
        assert (found.low, found.high) == (-1.0, 1.0)

    def test_blocks_reach_the_verdict(self) -> None:
        """A gap that rows would call certain is open with five days."""
        rng = np.random.default_rng(3)
        day = np.repeat(np.arange(5), 400)
        group = np.tile(["a", "b"], 1000)
        share = np.where(group == "b", rng.beta(2, 2, 5)[day], 0.35)
        decided = rng.random(2000) < share
        plain = worse_group(rate_table(RateKind.SELECTION, group, decided=decided), 0.05, against="a")
        clustered = worse_group(
            rate_table(RateKind.SELECTION, group, decided=decided, blocks=day), 0.05, against="a", seed=1
        )
        assert plain.gate is Gate.FAIL
        assert clustered.gate is Gate.INCONCLUSIVE
        assert clustered.gaps[0].blocks == 5
        assert clustered.seed == 1

    def test_counts_above_rows_are_refused(self) -> None:
        """They are no rates."""
        with pytest.raises(InvalidStatistic):
            clustered_gap((np.ones(2), np.zeros(2)), (np.ones(2), np.ones(2)), rng=np.random.default_rng(0))
