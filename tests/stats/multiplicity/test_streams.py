"""LORD++ and SAFFRON."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats import InvalidStatistic
from regrove.stats.multiplicity import Lord, Saffron, lord_levels, saffron_levels
from regrove.stats.multiplicity.lord import lord_gamma
from regrove.stats.multiplicity.saffron import saffron_gamma

STREAMS = st.lists(st.one_of(st.floats(0.0, 1.0), st.floats(0.0, 1e-4)), min_size=1, max_size=40)


def lord_by_hand(p: list[float], alpha: float) -> list[float]:
    """The formula of the paper, with the times of all rejections looked up anew at each test."""
    levels: list[float] = []
    for t in range(1, len(p) + 1):
        times = [i for i in range(1, t) if p[i - 1] <= levels[i - 1]]
        level = alpha / 2 * float(lord_gamma(t))
        for j, tau in enumerate(times):
            level += (alpha / 2 if j == 0 else alpha) * float(lord_gamma(t - tau))
        levels.append(level)
    return levels


def saffron_by_hand(p: list[float], alpha: float, cut: float) -> list[float]:
    """Algorithm 1 of the paper: C_j+ counts the candidates after the j-th rejection."""
    levels: list[float] = []
    for t in range(1, len(p) + 1):
        times = [0] + [i for i in range(1, t) if p[i - 1] <= levels[i - 1]]
        level = 0.0
        for j, tau in enumerate(times):
            candidates = sum(p[i - 1] <= cut for i in range(tau + 1, t))
            weight = alpha / 2 if j < 2 else alpha
            level += weight * float(saffron_gamma(t - tau - candidates))
        levels.append(min(cut, (1 - cut) * level))
    return levels


class TestLord:
    """Against the formula, and what it promises."""

    def test_the_sequence_spends_no_more_than_there_is(self) -> None:
        """A million terms and the integral of the rest: not above 1, and as much as its docstring says."""
        u = np.sqrt(np.log(1e6 + 0.5))
        rest = 0.07720837 * 2 * np.exp(-u) * (u**3 + 3 * u**2 + 6 * u + 6)
        total = float(lord_gamma(np.arange(1, 1_000_001)).sum()) + rest
        assert total == pytest.approx(0.976, abs=5e-4)

    @given(STREAMS)
    @settings(deadline=None)
    def test_it_is_the_formula(self, p: list[float]) -> None:
        """Whatever was rejected before."""
        np.testing.assert_allclose(lord_levels(p, 0.1), lord_by_hand(p, 0.1), rtol=1e-12)

    @given(STREAMS)
    @settings(deadline=None)
    def test_the_estimate_of_false_ones_stays_below_alpha(self, p: list[float]) -> None:
        """The sum of all levels is at most alpha times the rejections, or alpha: what the proof rests on."""
        levels = lord_levels(p, 0.1)
        rejected = np.cumsum(np.array(p) <= levels)
        assert (np.cumsum(levels) <= 0.1 * np.maximum(rejected, 1) + 1e-12).all()

    def test_a_state_goes_on_where_it_stopped(self) -> None:
        """Half a stream, kept, and the other half."""
        p = np.random.default_rng(0).random(40) ** 6
        state = Lord()
        for each in p.tolist():
            state = state.after(each)
        assert state.tests == 40
        assert state.rejections == tuple((np.flatnonzero(p <= lord_levels(p)) + 1).tolist())


class TestSaffron:
    """Against the formula, and what it promises."""

    def test_the_sequence_adds_up_to_one(self) -> None:
        """A million terms and the integral of the rest."""
        rest = float(saffron_gamma(1)) * (1e6 + 0.5) ** -0.6 / 0.6
        assert float(saffron_gamma(np.arange(1, 1_000_001)).sum()) + rest == pytest.approx(1.0, abs=1e-9)

    @given(STREAMS, st.sampled_from([0.25, 0.5]))
    @settings(deadline=None)
    def test_it_is_the_formula(self, p: list[float], cut: float) -> None:
        """Whatever was rejected and whatever was a candidate before."""
        np.testing.assert_allclose(saffron_levels(p, 0.1, candidate=cut), saffron_by_hand(p, 0.1, cut), rtol=1e-12)

    @given(STREAMS)
    @settings(deadline=None)
    def test_the_estimate_of_false_ones_stays_below_alpha(self, p: list[float]) -> None:
        """The levels of tests that were no candidates, over 1 - candidate: at most alpha times the rejections."""
        levels = saffron_levels(p, 0.1)
        values = np.array(p)
        spent = np.cumsum(np.where(values > 0.5, levels, 0.0)) / 0.5
        assert (spent <= 0.1 * np.maximum(np.cumsum(values <= levels), 1) + 1e-12).all()

    def test_many_signals_leave_it_more_than_lord(self) -> None:
        """Half of all p-values tiny: more rejections at the same alpha."""
        rng = np.random.default_rng(1)
        p = np.where(rng.random(300) < 0.5, rng.random(300) ** 12, rng.random(300))
        assert (p <= saffron_levels(p)).sum() > (p <= lord_levels(p)).sum()


class TestBadInput:
    """Refused before anything is counted."""

    @pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
    def test_what_is_no_p_value(self, p: float) -> None:
        """One by one and many at once."""
        for state in (Lord(), Saffron()):
            with pytest.raises(InvalidStatistic, match="no p-value"):
                state.after(p)
        for levels in (lord_levels, saffron_levels):
            with pytest.raises(InvalidStatistic):
                levels([0.5, p])

    def test_what_is_no_level(self) -> None:
        """Alpha or the candidates' bound outside 0 to 1."""
        with pytest.raises(InvalidStatistic, match="no level"):
            Lord(alpha=1.0)
        with pytest.raises(InvalidStatistic, match="no levels"):
            Saffron(candidate=0.0)

    def test_zero_and_one_are_p_values(self) -> None:
        """0 is rejected at any level, 1 never; an empty stream has no levels."""
        assert Lord().after(0.0).rejections == (1,)
        assert Saffron().after(1.0).costly == 1
        assert lord_levels([]).tolist() == saffron_levels([]).tolist() == []
