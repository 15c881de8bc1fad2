"""A number against its limit."""

from __future__ import annotations

import math

import pytest

from regrove.stats.gate import Gate, keeps
from regrove.stats.verdict import Interval, InvalidStatistic


class TestKeeps:
    """PASS and FAIL are shown, never guessed."""

    @pytest.mark.parametrize(
        ("low", "high", "gate"),
        [(0.0, 0.1, Gate.PASS), (0.0, 0.11, Gate.INCONCLUSIVE), (0.1, 0.3, Gate.INCONCLUSIVE), (0.11, 0.3, Gate.FAIL)],
    )
    def test_the_end_of_the_interval_decides(self, low: float, high: float, gate: Gate) -> None:
        """The limit itself is allowed."""
        assert keeps("x", (low + high) / 2, Interval(low, high, 0.9), 0.1, rows=10).gate is gate

    def test_too_few_rows_decide_nothing(self) -> None:
        """However clear the interval is."""
        verdict = keeps("x", 0.0, Interval(0.0, 0.0, 0.9), 0.1, rows=10, least=30)
        assert verdict.gate is Gate.INCONCLUSIVE
        assert "needs 20 more rows" in verdict.reason

    def test_what_is_missing_is_said(self) -> None:
        """Four times the rows halve the width."""
        assert "needs about 300 more rows" in keeps("x", 0.1, Interval(0.0, 0.2, 0.9), 0.15, rows=100).reason

    def test_a_value_on_the_limit_cannot_be_decided(self) -> None:
        """No division by nothing."""
        assert "no number of rows" in keeps("x", 0.1, Interval(0.0, 0.2, 0.9), 0.1, rows=100).reason

    def test_an_open_interval_says_that_more_is_needed(self) -> None:
        """Also where there is no value."""
        verdict = keeps("x", None, Interval(-math.inf, math.inf, 0.9), 0.1, rows=0)
        assert verdict.gate is Gate.INCONCLUSIVE
        assert "more rows are needed" in verdict.reason

    def test_nan_is_refused(self) -> None:
        """Neither as a limit nor as a value."""
        for value, limit in ((math.nan, 0.1), (0.1, math.nan), (0.1, math.inf)):
            with pytest.raises(InvalidStatistic):
                keeps("x", value, Interval(0, 1, 0.9), limit, rows=1)
