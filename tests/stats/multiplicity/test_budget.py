"""False pages over time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.stats import InvalidStatistic
from regrove.stats.multiplicity import Budget, persistent


class TestBudget:
    """The level that a budget gives."""

    def test_one_page_in_ninety_windows(self) -> None:
        """Without persistence the level is the rate itself."""
        assert Budget().level == 1 / 90
        assert Budget().expected(90) == 1.0
        assert Budget(pages=2, windows=365).level == pytest.approx(2 / 365)

    @pytest.mark.parametrize(("least", "last"), [(2, 3), (2, 2), (3, 5)])
    def test_persistence_allows_a_larger_level_at_the_same_rate(self, least: int, last: int) -> None:
        """By listing every pattern of alarms in the last windows."""
        budget = Budget(least=least, last=last)
        a = budget.level
        rate = sum(
            a ** sum(pattern) * (1 - a) ** (last - sum(pattern))
            for pattern in itertools.product([0, 1], repeat=last)
            if pattern[-1] and sum(pattern) >= least
        )
        assert rate == pytest.approx(1 / 90, rel=1e-9)
        assert a > 1 / 90

    @given(st.lists(st.booleans(), max_size=30), st.integers(1, 4), st.integers(0, 3))
    def test_pages_by_hand(self, alarms: list[bool], least: int, more: int) -> None:
        """A page is an alarm that has enough alarms in its window."""
        last = least + more
        wanted = [here and sum(alarms[max(0, t - last + 1) : t + 1]) >= least for t, here in enumerate(alarms)]
        assert persistent(alarms, least, last).tolist() == wanted

    def test_seen_rate_of_pages(self) -> None:
        """Independent alarms at the level ring the page as often as the budget says."""
        budget = Budget(least=2, last=3)
        alarms = np.random.default_rng(0).random(400_000) < budget.level
        assert persistent(alarms).mean() == pytest.approx(budget.rate, rel=0.08)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"pages": 0.0},
            {"pages": 90.0},
            {"windows": float("inf")},
            {"windows": float("nan")},
            {"least": 0},
            {"least": 3, "last": 2},
        ],
    )
    def test_what_is_no_budget_is_refused(self, wrong: dict[str, float]) -> None:
        """None at all, more pages than windows, more alarms than windows."""
        with pytest.raises(InvalidStatistic, match="no alarm budget"):
            Budget(**wrong)  # type: ignore[arg-type]
