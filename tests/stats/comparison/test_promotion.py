"""From intervals to PROMOTE, REJECT or HOLD; several challengers, several seeds, and how much is needed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import power as statsmodels_power

from regrove.stats.comparison import (
    Gain,
    Guard,
    Metric,
    holdout_use,
    judge,
    margin_for,
    needed_rows,
    needed_units,
    paired_losses,
    power,
    seed_spread,
    step_down,
)
from regrove.stats.verdict import Decision, Interval, InvalidStatistic, Tier


def _gain(low: float, high: float, *, rows: int = 900, blocks: int = 30, tier: Tier = Tier.BLOCK) -> Gain:
    """A gain with this interval."""
    value = (low + high) / 2
    return Gain(
        name="challenger",
        metric=Metric.AUC,
        champion=0.7,
        challenger=0.7 + value,
        value=value,
        interval=Interval(low, high, 0.9),
        error=(high - low) / 3.29,
        p=0.5,
        rows=rows,
        blocks=blocks,
        draws=2000,
        tier=tier,
        seed=0,
    )


class TestJudge:
    """The decision."""

    def test_superiority_promotes(self) -> None:
        """The lower end is above 0."""
        found = judge(_gain(0.001, 0.02))
        assert (found.decision, found.superior, found.more) == (Decision.PROMOTE, True, 0)
        assert "better: auc 0.7 to 0.7105" in found.reason

    def test_no_loss_promotes_only_with_a_benefit(self) -> None:
        """Within the margin a benefit decides; without one the reason says so."""
        gain = _gain(-0.002, 0.004)
        assert judge(gain, margin=0.005, benefit="cheaper").decision is Decision.PROMOTE
        held = judge(gain, margin=0.005)
        assert held.decision is Decision.HOLD
        assert held.within_margin
        assert "a declared benefit would promote it" in held.reason

    def test_shown_to_be_worse_rejects(self) -> None:
        """Worse than 0, or worse than the margin when a benefit is declared."""
        assert judge(_gain(-0.02, -0.001)).decision is Decision.REJECT
        assert judge(_gain(-0.02, -0.001), margin=0.005, benefit="fairer").decision is Decision.HOLD
        assert judge(_gain(-0.02, -0.006), margin=0.005, benefit="fairer").decision is Decision.REJECT

    def test_an_open_answer_says_how_many_blocks_are_missing(self) -> None:
        """As many as ``needed_units`` says, in blocks or in rows; none would do where there is no gain."""
        gain = _gain(-0.001, 0.01)
        found = judge(gain)
        assert found.decision is Decision.HOLD
        assert found.more == needed_units(gain.value, gain.error, 30) - 30
        assert f"needs {found.more:.0f} more blocks" in found.reason
        assert "more rows" in judge(_gain(-0.001, 0.01, blocks=900, tier=Tier.IID)).reason
        assert judge(_gain(-0.01, 0.01)).more == math.inf

    def test_guards_must_all_be_shown_not_worse(self) -> None:
        """One that is worse rejects, one that is open holds, whatever the primary gain."""
        better = _gain(0.01, 0.02)

        def decided(low: float, high: float) -> Decision:
            return judge(better, guards=[Guard(name="slice", gain=_gain(low, high), margin=0.01)]).decision

        assert decided(-0.005, 0.01) is Decision.PROMOTE
        assert decided(-0.02, 0.01) is Decision.HOLD
        assert decided(-0.03, -0.02) is Decision.REJECT
        few = judge(better, guards=[Guard(name="slice", gain=_gain(0, 1, rows=12), margin=0.01)])
        assert few.decision is Decision.HOLD
        assert few.reason == "12 rows for slice are too few: needs 18 more rows"

    def test_an_open_gate_holds(self) -> None:
        """Nothing inconclusive is promoted without a person."""
        found = judge(_gain(0.01, 0.02), open_gates=["calibration"])
        assert found.decision is Decision.HOLD
        assert "calibration" in found.reason

    def test_four_blocks_decide_nothing(self) -> None:
        """However wide the gain."""
        found = judge(_gain(0.1, 0.2, blocks=4))
        assert (found.decision, found.more) == (Decision.HOLD, 1)
        assert judge(_gain(-0.2, -0.1, rows=29)).decision is Decision.HOLD

    @given(low=st.floats(-1, 1), width=st.floats(0, 1), margin=st.floats(0, 0.5), shift=st.floats(0, 1))
    def test_a_better_challenger_never_fares_worse(self, low: float, width: float, margin: float, shift: float) -> None:
        """Moving the interval up moves the decision towards PROMOTE."""
        order = [Decision.REJECT, Decision.HOLD, Decision.PROMOTE]
        for benefit in ("", "fresher"):
            before = judge(_gain(low, low + width), margin=margin, benefit=benefit).decision
            after = judge(_gain(low + shift, low + shift + width), margin=margin, benefit=benefit).decision
            assert order.index(after) >= order.index(before)

    @pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf])
    def test_a_margin_that_is_none_is_refused(self, margin: float) -> None:
        """Of the primary and of a guard."""
        with pytest.raises(InvalidStatistic):
            judge(_gain(0, 1), margin=margin)
        with pytest.raises(InvalidStatistic, match="slice"):
            judge(_gain(0, 1), guards=[Guard(name="slice", gain=_gain(0, 1), margin=margin)])

    def test_the_margin_keeps_most_of_the_gain_over_the_baseline(self) -> None:
        """A tenth of it, capped for shares, none for a champion that is worse than trivial."""
        assert margin_for(Metric.ACCURACY, 0.62, 0.6) == pytest.approx(0.002)
        assert margin_for(Metric.ACCURACY, 0.9, 0.6) == 0.005
        assert margin_for(Metric.RMSE, 8, 12) == pytest.approx(0.4)
        assert margin_for(Metric.RMSE, 13, 12) == 0
        with pytest.raises(InvalidStatistic):
            margin_for(Metric.RMSE, math.nan, 12)


class TestStepDown:
    """Many challengers."""

    def test_one_challenger_needs_no_correction(self) -> None:
        """Its p is that of its own interval, to a draw."""
        rng = np.random.default_rng(0)
        paired = paired_losses(rng.normal(0.2, 1, 100), rng.normal(0, 1, 100), draws=500)
        assert step_down(paired)[0].p == pytest.approx(paired.gain().p, abs=1 / 501)

    def test_it_is_the_step_down_of_the_book(self) -> None:
        """Algorithm 2.8 of Westfall and Young, by loops."""
        rng = np.random.default_rng(9)
        champion = rng.gamma(2.0, 1.0, 60)
        models = {str(each): champion - 0.1 * each + rng.normal(0, 0.8, 60) for each in range(4)}
        paired = paired_losses(champion, models, draws=200)
        alone = [paired.gain(name).p for name in paired.names]
        left, wanted, floor = sorted(range(4), key=lambda place: alone[place]), {}, 0.0
        while left:
            count = 0
            for draw in range(200):
                tails = [(paired.drawn[:, each] >= paired.drawn[draw, each]).mean() for each in left]
                count += min(tails) <= alone[left[0]] + 1e-12
            floor = max(floor, alone[left[0]], (1 + count) / 201)
            wanted[left.pop(0)] = floor
        found = step_down(paired)
        assert [each.p for each in found] == pytest.approx([wanted[place] for place in range(4)])

    def test_max_t_is_that_of_romano_and_wolf(self) -> None:
        """By loops: the largest t against the largest of every resample, then the next with the rest."""
        rng = np.random.default_rng(10)
        champion = rng.gamma(2.0, 1.0, 60)
        models = {str(each): champion - 0.1 * each + rng.normal(0, 0.8, 60) for each in range(4)}
        paired = paired_losses(champion, models, draws=200)
        spread = [paired.drawn[:, place].std(ddof=1) for place in range(4)]
        t = [float(paired.gains[place]) / (spread[place] * math.sqrt(60 / 59)) for place in range(4)]
        left, wanted, floor = sorted(range(4), key=lambda place: -t[place]), {}, 0.0
        while left:
            count = 0
            for draw in range(200):
                off = [(paired.drawn[draw, each] - paired.gains[each]) / spread[each] for each in left]
                count += max(off) >= t[left[0]] - 1e-12
            floor = max(floor, (1 + count) / 201)
            wanted[left.pop(0)] = floor
        found = step_down(paired, max_t=True)
        assert [each.p for each in found] == pytest.approx([wanted[place] for place in range(4)])
        assert [each.statistic for each in found] == pytest.approx(t)
        assert [each.p for each in found] != [each.p for each in step_down(paired)]

    def test_copies_of_a_challenger_cost_nothing(self) -> None:
        """The draws are shared; Bonferroni would multiply by ten."""
        rng = np.random.default_rng(1)
        champion, challenger = rng.normal(0.2, 1, 200), rng.normal(0, 1, 200)
        ten = paired_losses(champion, {str(each): challenger for each in range(10)}, draws=300)
        for max_t in (False, True):
            alone = step_down(paired_losses(champion, challenger, draws=300), max_t=max_t)[0].p
            assert {each.p for each in step_down(ten, max_t=max_t)} == {alone}

    def test_corrected_values_follow_the_order_of_the_single_ones(self) -> None:
        """Never below the single p, at most that of the whole family, monotone."""
        rng = np.random.default_rng(2)
        champion = rng.normal(0, 1, 150)
        models = {str(each): champion - 0.03 * each + rng.normal(0, 0.5, 150) for each in range(8)}
        found = step_down(paired_losses(champion, models, draws=400))
        alone = {name: paired_losses(champion, models[name], draws=400).gain().p for name in models}
        p = [each.p for each in sorted(found, key=lambda each: alone[each.name])]
        assert p == sorted(p)
        assert all(each.p >= alone[each.name] for each in found)

    def test_a_wrong_winner_among_ten_is_rare(self) -> None:
        """No gain anywhere: some p <= .1 in at most 17 of 100 families of ten; single tests do it in half of them."""
        rng, wrong, single = np.random.default_rng(3), 0, 0
        for _ in range(100):
            champion = rng.normal(size=40)
            found = paired_losses(champion, {str(each): rng.normal(size=40) for each in range(10)}, draws=200)
            wrong += any(each.better for each in step_down(found, level=0.1))
            single += any(found.gain(name).p <= 0.1 for name in found.names)
        assert wrong <= 20
        assert single > 25

    def test_models_that_are_the_champion_never_win(self) -> None:
        """No spread and no gain; a sure gain wins."""
        champion = np.arange(6.0)
        for max_t in (False, True):
            paired = paired_losses(champion, {"same": champion, "less": champion - 1}, draws=50)
            found = step_down(paired, max_t=max_t)
            assert [(each.better, each.p) for each in found] == [(False, 1.0), (True, pytest.approx(1 / 51))]
            assert all(math.isfinite(each.statistic) for each in found)

    def test_a_bad_level_is_refused(self) -> None:
        """Also a margin below 0."""
        paired = paired_losses([1.0, 2.0], [1.0, 3.0], draws=10)
        for level, margin in ((0.0, 0.0), (0.05, -1.0), (0.05, math.nan)):
            with pytest.raises(InvalidStatistic):
                step_down(paired, level=level, margin=margin)


class TestSeeds:
    """Recipe or luck."""

    @staticmethod
    def _spread(means: list[float]):
        rng = np.random.default_rng(0)
        champion = rng.normal(0, 1, 400)
        seeds = {str(place): champion - mean + rng.normal(0, 0.2, 400) for place, mean in enumerate(means)}
        return seed_spread(paired_losses(champion, seeds, draws=300))

    def test_seeds_that_agree_decide(self) -> None:
        """Either way."""
        assert self._spread([0.1, 0.12, 0.11]).decision is Decision.PROMOTE
        assert self._spread([-0.1, -0.12, -0.11]).decision is Decision.REJECT

    def test_one_lucky_seed_does_not(self) -> None:
        """Its gain is large, but so is the spread."""
        found = self._spread([0.3, -0.1, -0.05])
        assert found.decision is Decision.HOLD
        assert found.wins == 1
        assert "seeds differ" in found.reason
        assert found.deviation == pytest.approx(math.hypot(found.seed_deviation, found.block_deviation))

    def test_two_seeds_are_too_few(self) -> None:
        """However well they do."""
        found = self._spread([0.3, 0.3])
        assert found.decision is Decision.HOLD
        assert "needs 1 more seed" in found.reason

    def test_seeds_that_do_not_differ_have_a_defined_answer(self) -> None:
        """No spread at all: one half without gain, sure with one."""
        champion = np.arange(9.0)
        same = paired_losses(champion, {str(each): champion for each in range(3)}, draws=20)
        assert seed_spread(same).probability == 0.5
        less = paired_losses(champion, {str(each): champion - 1 for each in range(3)}, draws=20)
        assert seed_spread(less).probability == 1.0

    def test_bad_limits_are_refused(self) -> None:
        """A threshold below one half would promote and reject at once."""
        paired = paired_losses([1.0, 2.0], [1.0, 3.0], draws=10)
        for threshold, least in ((0.4, 3), (1.0, 3), (0.75, 1)):
            with pytest.raises(InvalidStatistic):
                seed_spread(paired, threshold=threshold, least=least)


class TestPower:
    """How much it takes."""

    @given(gain=st.floats(0.05, 1), planned=st.integers(5, 500))
    def test_it_is_that_of_statsmodels(self, gain: float, planned: int) -> None:
        """The one-sided z-test of a mean with standard deviation 1."""
        theirs = statsmodels_power.normal_power(gain, planned, 0.05, alternative="larger")
        assert power(gain, 1 / math.sqrt(30), 30, planned) == pytest.approx(float(theirs), abs=1e-9)

    @given(gain=st.floats(0.05, 1), margin=st.floats(0, 0.5), chance=st.floats(0.6, 0.95))
    def test_the_needed_number_is_the_least_that_has_the_power(self, gain: float, margin: float, chance: float) -> None:
        """One less falls short."""
        needed = needed_units(gain, 0.3, 20, margin=margin, chance=chance)
        assert power(gain, 0.3, 20, needed, margin=margin) >= chance - 1e-9
        if needed > 1:
            assert power(gain, 0.3, 20, needed - 1, margin=margin) <= chance + 1e-9

    def test_rows_for_accuracy_find_the_gain_as_often_as_said(self) -> None:
        """1,000 draws of the discordant rows, tested by the sign: 76 to 84 of 100."""
        rows = int(needed_rows(0.03, 0.12))
        rng = np.random.default_rng(0)
        better, worse, _ = rng.multinomial(rows, [0.075, 0.045, 0.88], size=4000).T
        assert np.mean((better - worse) / np.sqrt(better + worse) > 1.6449) == pytest.approx(0.8, abs=0.03)

    def test_ends_have_a_defined_answer(self) -> None:
        """No gain, no spread, hardly a gain."""
        assert needed_rows(0.0, 0.1) == math.inf
        assert needed_units(0.0, 0.1, 10) == math.inf
        assert needed_units(0.1, 0.0, 10) == 1
        assert needed_units(1e-300, 1.0, 10) == math.inf
        assert power(0.1, 0.0, 10, 10) == 1.0
        assert power(-0.1, 0.0, 10, 10) == 0.0

    def test_bad_numbers_are_refused(self) -> None:
        """Errors that are none, no units, shares that cannot be."""
        for call in (
            lambda: power(0.1, math.nan, 10, 10),
            lambda: power(0.1, 0.1, 10, 0),
            lambda: needed_units(0.1, 0.1, 0),
            lambda: needed_units(0.1, 0.1, 5, chance=1.0),
            lambda: needed_rows(0.2, 0.1),
        ):
            with pytest.raises(InvalidStatistic):
                call()


class TestHoldoutUse:
    """The budget of one holdout."""

    def test_only_its_own_decisions_count(self) -> None:
        """Those on other holdouts wear out others."""
        found = holdout_use(["may", "june", "may"], "may", budget=3)
        assert (found.used, found.left, found.fresh) == (2, 1, True)
        assert not holdout_use(["may"] * 25, "may").fresh
        with pytest.raises(InvalidStatistic):
            holdout_use([], "may", budget=0)
