"""Planned looks: spending, boundaries, power, and the decision to promote."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regrove.stats.sequential import boundaries, crossing, drift_for_power, look, plan_acceptance, spent
from regrove.stats.verdict import Decision


class TestBoundaries:
    """Against published numbers and scipy."""

    @pytest.mark.parametrize(
        ("alpha", "looks", "published"),
        [
            (0.025, (0.2, 0.4, 0.6, 0.8, 1.0), (4.877, 3.357, 2.680, 2.290, 2.031)),
            (0.025, (0.5, 1.0), (2.963, 1.969)),
            (0.025, (1 / 3, 2 / 3, 1.0), (3.710, 2.511, 1.993)),
        ],
    )
    def test_they_are_the_published_ones(self, alpha, looks, published) -> None:
        """The constants of Lan and DeMets' O'Brien-Fleming spending for .025 on a side."""
        assert boundaries(looks, alpha=alpha) == pytest.approx(published, abs=1.1e-3)

    def test_two_looks_spend_what_scipy_s_normal_law_says(self) -> None:
        """The second crossing, as a probability of a bivariate normal."""
        first, second = boundaries((0.4, 1.0), alpha=0.05)
        law = stats.multivariate_normal([0, 0], [[1, math.sqrt(0.4)], [math.sqrt(0.4), 1]])
        stays = law.cdf([first, second])
        assert 1 - stays == pytest.approx(0.05, abs=1e-5)
        assert stats.norm.sf(first) == pytest.approx(spent(0.4), rel=1e-6)

    @given(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=4, unique=True), st.sampled_from([0.01, 0.05, 0.1]))
    @settings(max_examples=10, deadline=None)
    def test_all_looks_together_spend_alpha(self, looks, alpha) -> None:
        """Wherever the looks are; each spends its part."""
        looks = sorted({round(each, 2) for each in looks} | {1.0})
        bounds = boundaries(looks, alpha=alpha)
        assert np.cumsum(crossing(bounds, looks)) == pytest.approx([spent(each, alpha) for each in looks], abs=1e-6)

    def test_one_look_is_the_ordinary_test(self) -> None:
        """Nothing is paid for looks that are not taken."""
        assert boundaries((1.0,)) == pytest.approx((stats.norm.isf(0.05),), abs=1e-9)

    def test_power_is_as_in_simulation(self) -> None:
        """Paths of a Brownian motion with the drift that was found."""
        rng = np.random.default_rng(0)
        bounds, drift = boundaries(), drift_for_power(0.8)
        paths = np.cumsum(rng.normal(0.2 * drift, math.sqrt(0.2), (40_000, 5)), axis=1)
        z = paths / np.sqrt(np.arange(1, 6) / 5)
        assert (z >= bounds).any(axis=1).mean() == pytest.approx(0.8, abs=0.008)

    @pytest.mark.parametrize("looks", [(), (0.5, 0.5), (0.0, 1.0), (0.5, 1.1), (1.0, 0.5), (math.nan,)])
    def test_what_are_no_looks_is_refused(self, looks) -> None:
        """They rise to at most 1."""
        with pytest.raises(ValueError, match="looks"):
            boundaries(looks)

    def test_bad_levels_are_refused(self) -> None:
        """Nothing comes out as nan."""
        for bad in [(0.5, 0.0), (1.5, 0.05), (math.nan, 0.05)]:
            with pytest.raises(ValueError):
                spent(*bad)
        with pytest.raises(ValueError):
            drift_for_power(1.0)
        with pytest.raises(ValueError):
            crossing((2.0,), (0.5, 1.0))


class TestAcceptance:
    """From a margin to a promotion."""

    def test_the_largest_number_has_the_power(self) -> None:
        """Canaries as good as the control are promoted nine times in ten; those worse by the margin one in twenty."""
        rng = np.random.default_rng(1)
        plan = plan_acceptance(0.05, 0.02, share=0.3)
        sizes = np.array([(round(0.3 * f * plan.most), round(0.7 * f * plan.most)) for f in plan.fractions])
        steps = np.diff(sizes, axis=0, prepend=0)
        for rate, low, high in ((0.05, 0.83, 0.97), (0.07, 0.0, 0.09)):
            promoted = 0
            for _ in range(200):
                canary = np.cumsum(rng.binomial(steps[:, 0], rate))
                control = np.cumsum(rng.binomial(steps[:, 1], 0.05))
                promoted += any(
                    look(plan, k + 1, canary=(canary[k], sizes[k, 0]), control=(control[k], sizes[k, 1])).decision
                    is Decision.PROMOTE
                    for k in range(5)
                )
            assert low <= promoted / 200 <= high

    def test_a_harder_question_needs_more(self) -> None:
        """Smaller margins, unequal shares, bunches, more power."""
        base = plan_acceptance(0.05, 0.02).most
        assert plan_acceptance(0.05, 0.01).most == pytest.approx(4 * base, rel=0.01)
        assert plan_acceptance(0.05, 0.02, share=0.1).most > 2 * base
        assert plan_acceptance(0.05, 0.02, design=3.0).most == pytest.approx(3 * base, rel=0.01)
        assert plan_acceptance(0.05, 0.02, power=0.95).most > base

    def test_a_look_says_what_is_missing(self) -> None:
        """Until the last, which says that nothing was shown."""
        plan = plan_acceptance(0.05, 0.02)
        early = look(plan, 1, canary=(30, 500), control=(20, 500))
        assert early.decision is Decision.HOLD
        assert "more units" in early.reason
        late = look(plan, 5, canary=(280, 4000), control=(200, 4000))
        assert late.decision is Decision.HOLD
        assert "last look" in late.reason

    def test_no_events_have_an_answer(self) -> None:
        """The error is taken where the rates differ by the margin, so it is never 0."""
        plan = plan_acceptance(0.01, 0.005)
        verdict = look(plan, 5, canary=(0, 5000), control=(0, 5000))
        assert verdict.decision is Decision.PROMOTE
        assert math.isfinite(verdict.z)
        assert look(plan, 1, canary=(10, 10), control=(0, 10)).decision is Decision.HOLD

    def test_the_bound_is_what_the_margin_is_compared_with(self) -> None:
        """Promotion means that the interval ends below the margin."""
        plan = plan_acceptance(0.05, 0.02)
        for hits in range(20, 90, 5):
            verdict = look(plan, 3, canary=(hits, 1000), control=(50, 1000))
            assert (verdict.interval.high <= plan.margin + 1e-12) == (verdict.decision is Decision.PROMOTE)

    @pytest.mark.parametrize("bad", [(0.0, 0.1), (1.0, 0.1), (0.5, 0.5), (0.5, 0.0), (math.nan, 0.1)])
    def test_what_cannot_be_planned_is_refused(self, bad) -> None:
        """Rates and margins between 0 and 1."""
        with pytest.raises(ValueError, match="planned"):
            plan_acceptance(*bad)

    def test_nothing_to_look_at_is_refused(self) -> None:
        """An empty arm, a look that was not planned, more events than units."""
        plan = plan_acceptance(0.05, 0.02)
        for number, canary, control in [
            (1, (0, 0), (1, 9)),
            (6, (1, 9), (1, 9)),
            (0, (1, 9), (1, 9)),
            (1, (9, 1), (1, 9)),
        ]:
            with pytest.raises(ValueError, match="look"):
                look(plan, number, canary=canary, control=control)
