"""Exchanged blocks, whatever is compared."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats import InvalidStatistic, Tier
from regrove.stats.multivariate import exchange_blocks


def far(window: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The distance of the means of the first feature."""
    return np.abs(window - reference)[:, 0]


class TestExchange:
    """The window among all choices of blocks."""

    @given(st.lists(st.integers(-50, 50), min_size=6, max_size=6), st.lists(st.integers(1, 9), min_size=6, max_size=6))
    @settings(max_examples=60)
    def test_three_and_three_blocks_are_enumerated(self, sums: list[int], rows: list[int]) -> None:
        """Fisher and Pitman by hand, in whole numbers over rows."""
        total, size = np.array(sums, dtype=float)[:, None], np.array(rows, dtype=float)
        test = exchange_blocks("t", (total[:3], total[3:]), (size[:3], size[3:]), far)

        def statistic(chosen: tuple[int, ...]) -> float:
            inside = np.isin(np.arange(6), chosen)
            return abs(total[inside].sum() / size[inside].sum() - total[~inside].sum() / size[~inside].sum())

        observed = statistic((3, 4, 5))
        expected = np.mean([statistic(each) >= observed - 1e-9 * (1 + observed) for each in combinations(range(6), 3)])
        assert test.exact and test.draws == 19
        assert test.p == pytest.approx(expected, abs=1e-12)

    def test_a_single_window_block_is_ranked_among_the_reference(self) -> None:
        """Leave one out: the farthest of 40 has p 1/40."""
        sums = np.r_[np.arange(39.0), 100.0][:, None]
        test = exchange_blocks("t", (sums[:39], sums[39:]), (np.ones(39), np.ones(1)), far)
        assert test.tier is Tier.LEAVE_ONE_OUT and test.p == pytest.approx(1 / 40)

    def test_blocks_are_exchanged_within_their_stratum_only(self) -> None:
        """A window of Sundays among Sundays is nothing new, however Sundays are."""
        rng = np.random.default_rng(3)
        weekend = np.tile(np.r_[np.zeros(6), 50.0], 12)
        sums = (rng.normal(size=84) + weekend)[:, None]
        strata = ["sunday" if each else "weekday" for each in weekend]
        last = np.arange(84) >= 77
        window = np.flatnonzero(~last & (weekend > 0))[-3:]
        keep = np.setdiff1d(np.arange(84), window)
        sides = (sums[keep], sums[window]), (np.ones(81), np.ones(3))
        blind = exchange_blocks("t", *sides, far)
        knowing = exchange_blocks(
            "t", *sides, far, strata_reference=[strata[each] for each in keep], strata_window=["sunday"] * 3
        )
        assert blind.p < 0.01 < knowing.p

    def test_p_is_uniform_without_difference(self) -> None:
        """At .1, .25, .5 of 400 windows of dependent rows."""
        rng = np.random.default_rng(0)
        found = []
        for trial in range(400):
            sums = rng.normal(0, 5, 30)[:, None] * 10
            found.append(exchange_blocks("t", (sums[:25], sums[25:]), (np.full(30, 10.0)[:25], np.full(5, 10.0)), far,
                                         draws=199, seed=trial).p)  # fmt: skip
        for level in (0.1, 0.25, 0.5):
            assert abs(np.mean(np.array(found) <= level) - level) < 4 * (level * (1 - level) / 400) ** 0.5

    def test_a_window_without_rows_has_no_p(self) -> None:
        """And says so."""
        test = exchange_blocks("t", (np.ones((5, 1)), np.zeros((2, 1))), (np.ones(5), np.zeros(2)), far)
        assert test.p is None and "no rows" in test.reason

    @pytest.mark.parametrize(
        ("totals", "rows"),
        [
            ((np.zeros((0, 1)), np.ones((1, 1))), (np.zeros(0), np.ones(1))),
            ((np.ones((2, 1)), np.ones((2, 3))), (np.ones(2), np.ones(2))),
            ((np.ones((2, 1)), np.ones((2, 1))), (np.ones(3), np.ones(2))),
            ((np.full((2, 1), np.nan), np.ones((2, 1))), (np.ones(2), np.ones(2))),
            ((np.ones((2, 1)), np.ones((2, 1))), (np.array([-1.0, 1.0]), np.ones(2))),
        ],
    )
    def test_what_does_not_fit_is_refused(self, totals: tuple, rows: tuple) -> None:
        """No block, other features, other rows, nan, fewer than no rows."""
        with pytest.raises(InvalidStatistic):
            exchange_blocks("t", totals, rows, far)
