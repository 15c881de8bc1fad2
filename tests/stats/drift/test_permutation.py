"""The block permutation null: exact where it can be listed, uniform where it is drawn."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from regrove.stats.drift import anderson_darling, block_null, chi_square, rank_p, select_blocks, strata_numbers
from regrove.stats.drift.cells import gather
from regrove.stats.verdict import InvalidStatistic

COUNTS = hnp.arrays(np.int64, st.tuples(st.just(6), st.integers(2, 5)), elements=st.integers(0, 40))


def _select(reference: int, window: int, draws: int = 999, seed: int = 0, strata=(None, None)):
    return select_blocks(*strata_numbers(*strata, reference, window), draws, np.random.default_rng(seed))


def _days(rng: np.random.Generator, blocks: int, cells: int = 12, rows: int = 150, spread: float = 0.4) -> np.ndarray:
    """Blocks whose rows share a random tilt, so that rows inside a block depend on each other."""
    tilt = rng.normal(0, spread, (blocks, 1)) * np.linspace(-1, 1, cells) + rng.normal(0, spread / 3, (blocks, cells))
    share = np.exp(tilt)
    return np.array([rng.multinomial(rows, each / each.sum()) for each in share])


class TestExact:
    """Three blocks against three: Fisher's and Pitman's list of 20 arrangements."""

    @settings(max_examples=60, deadline=None)
    @given(counts=COUNTS)
    def test_the_p_value_is_the_share_of_arrangements_that_are_as_extreme(self, counts: np.ndarray) -> None:
        """Every choice of three of six blocks is compared by the plain formulas."""
        null = block_null(counts[:3], counts[3:], _select(3, 3), ordered=0, at_least=0)
        assert null.exact
        observed = chi_square(counts[:3].sum(0), counts[3:].sum(0))
        every = []
        for chosen in combinations(range(6), 3):
            rest = [block for block in range(6) if block not in chosen]
            every.append(chi_square(counts[rest].sum(0), counts[list(chosen)].sum(0)))
        extreme = np.sum(np.array(every) >= observed - 1e-9 * (1 + observed))
        assert null.p_x2 is None or null.p_x2 == pytest.approx(extreme / 20, abs=1e-12)

    def test_anderson_darling_is_listed_too(self) -> None:
        """The ordered statistic goes the same way."""
        counts = np.random.default_rng(3).multinomial(60, [0.1] * 10, size=6)
        null = block_null(counts[:3], counts[3:], _select(3, 3), cells=10)
        every = np.array(
            [
                anderson_darling(counts[[b for b in range(6) if b not in chosen]].sum(0), counts[list(chosen)].sum(0))
                for chosen in combinations(range(6), 3)
            ]
        )
        assert null.p_ad == np.mean(every >= every[-1] - 1e-9)
        assert sorted(null.ad) == pytest.approx(sorted(every), rel=1e-12)

    def test_it_agrees_with_scipy_for_one_row_a_block(self) -> None:
        """Blocks of one row make the row-level permutation test."""
        values = np.array([0, 0, 1, 1, 1, 0, 1, 1])
        counts = np.eye(2, dtype=int)[values]
        null = block_null(counts[:4], counts[4:], _select(4, 4), ordered=0, at_least=0)

        def statistic(x, y):
            return chi_square(np.bincount(x, minlength=2), np.bincount(y, minlength=2))

        oracle = stats.permutation_test(
            (values[:4], values[4:]), statistic, alternative="greater", n_resamples=np.inf, vectorized=False
        )
        assert null.p_x2 == pytest.approx(oracle.pvalue, abs=1e-12)


class TestNull:
    """When blocks are exchangeable."""

    @pytest.mark.parametrize("seed", [1, 2])
    def test_p_is_uniform_under_permuted_blocks(self, seed: int) -> None:
        """2,000 random choices of the window among dependent blocks give 2,000 uniform p-values."""
        rng = np.random.default_rng(seed)
        blocks = _days(rng, 30)
        selections = select_blocks(*strata_numbers(None, None, 25, 5), 1999, rng)
        null = block_null(blocks[:25], blocks[25:], selections, cells=12)
        for drawn in (null.ad, null.x2):
            assert drawn is not None
            every = drawn[1:]
            ps = np.array([rank_p(each, every) for each in every])
            assert stats.kstest(ps, "uniform").pvalue > 0.01

    def test_p_is_uniform_over_fresh_data(self) -> None:
        """400 independent references and windows with strong day effects, each with its own draws."""
        rng = np.random.default_rng(5)
        ps = []
        for _ in range(400):
            blocks = _days(rng, 24, cells=8)
            selections = select_blocks(*strata_numbers(None, None, 20, 4), 199, rng)
            ps.append(block_null(blocks[:20], blocks[20:], selections, cells=8).p_ad)
        assert stats.kstest(ps, "uniform").pvalue > 0.01

    def test_strata_keep_a_weekend_from_being_drift(self) -> None:
        """A window of one weekend differs from all days and not from other weekends."""
        rng = np.random.default_rng(8)
        weekday, weekend = [0.25, 0.25, 0.25, 0.25], [0.4, 0.3, 0.2, 0.1]
        days = [d % 7 >= 5 for d in range(84)]
        reference = np.array([rng.multinomial(400, weekend if day else weekday) for day in days])
        window = rng.multinomial(400, weekend, size=2)
        within = block_null(reference, window, _select(84, 2, strata=(days, [True, True])), cells=4)
        without = block_null(reference, window, _select(84, 2), cells=4)
        assert within.p_ad > 0.05
        assert without.p_ad < within.p_ad

    def test_a_shift_is_found(self) -> None:
        """The level is no use without power."""
        rng = np.random.default_rng(4)
        reference, window = _days(rng, 60, spread=0.1), _days(rng, 7, spread=0.1)
        window = window[:, ::-1] * np.arange(1, 13)
        null = block_null(reference, window, _select(60, 7))
        assert null.p_ad < 0.001
        assert null.p_x2 < 0.001


class TestInvariance:
    """What must not matter does not."""

    @settings(max_examples=40, deadline=None)
    @given(counts=COUNTS, seed=st.integers(0, 1000))
    def test_the_order_of_blocks_inside_a_side_does_not_enter(self, counts: np.ndarray, seed: int) -> None:
        """With all arrangements listed the p-value is the same number."""
        rng = np.random.default_rng(seed)
        first = block_null(counts[:3], counts[3:], _select(3, 3), cells=9, at_least=1)
        again = block_null(
            counts[:3][rng.permutation(3)], counts[3:][rng.permutation(3)], _select(3, 3), cells=9, at_least=1
        )
        assert (first.p_ad, first.p_x2) == (again.p_ad, again.p_x2)

    def test_the_order_of_rows_inside_a_block_does_not_enter(self) -> None:
        """Counting forgets it: two orders of the same rows give the same p-value, bit for bit."""
        rng = np.random.default_rng(2)
        rows = rng.integers(0, 8, (30, 100))
        ps = set()
        for _ in range(5):
            rows = rng.permuted(rows, axis=1)
            counts = np.array([np.bincount(each, minlength=8) for each in rows])
            ps.add(block_null(counts[:25], counts[25:], _select(25, 5), cells=8).p_ad)
        assert len(ps) == 1

    def test_columns_that_are_equal_get_equal_draws(self) -> None:
        """Selections are shared, so the joint null of the columns is kept."""
        blocks = _days(np.random.default_rng(0), 30)
        selections = _select(25, 5)
        one, two = (block_null(blocks[:25], blocks[25:], selections) for _ in range(2))
        assert np.array_equal(one.ad, two.ad)

    def test_an_empty_block_adds_nothing(self) -> None:
        """A day without rows in this column belongs to the null rate, not to this test."""
        blocks = _days(np.random.default_rng(0), 30)
        blocks[[3, 26]] = 0
        null = block_null(blocks[:25], blocks[25:], _select(25, 5))
        assert 0 < null.p_ad <= 1
        assert np.all(np.isfinite(null.ad))

    def test_alike_blocks_are_no_drift(self) -> None:
        """Every statistic ties; rounding must not break the tie."""
        blocks = np.full((40, 6), 1_000_003)
        null = block_null(blocks[:33], blocks[33:], _select(33, 7))
        assert (null.p_ad, null.p_x2) == (1.0, 1.0)

    @settings(max_examples=25, deadline=None)
    @given(shift=st.integers(0, 60))
    def test_p_falls_as_the_effect_grows(self, shift: int) -> None:
        """Rows moved from the lowest to the highest cell of every window block make it no less extreme."""
        blocks = np.full((23, 4), 100) + np.random.default_rng(1).integers(-5, 6, (23, 4))
        moved = blocks[20:] + np.array([-shift, 0, 0, shift])
        further = blocks[20:] + np.array([-shift - 10, 0, 0, shift + 10])
        nulls = [block_null(blocks[:20], window, _select(20, 3), cells=4) for window in (moved, further)]
        assert nulls[1].ad[0] >= nulls[0].ad[0] or shift < 10
        assert nulls[1].p_ad <= nulls[0].p_ad + 0.02 or shift < 10


class TestBadInput:
    """A defined answer, or an error that says what was wrong."""

    def test_nothing_in_the_window(self) -> None:
        """Blocks without a row: statistic 0, nothing as large."""
        null = block_null(np.full((20, 3), 9), np.zeros((2, 3)), _select(20, 2))
        assert null.ad is None or null.p_ad == 1.0

    def test_a_constant_column_has_no_test(self) -> None:
        """One cell compares nothing."""
        counts = np.zeros((25, 4), dtype=int)
        counts[:, 2] = 500
        null = block_null(counts[:20], counts[20:], _select(20, 5))
        assert null.p_ad in (None, 1.0)
        assert null.p_x2 is None

    @pytest.mark.parametrize("bad", [[[-1, 2]], [[0.5, 2]], [[np.nan, 1]], [[2**53, 1]], [["a", "b"]]])
    def test_what_is_no_count_is_refused(self, bad: list) -> None:
        """Counts beyond 2^53 cannot be compared exactly."""
        with pytest.raises(InvalidStatistic):
            block_null(bad, [[1, 2]], _select(1, 1))

    def test_other_cells_are_refused(self) -> None:
        """Counts on other edges are not comparable."""
        with pytest.raises(InvalidStatistic, match="other cells"):
            block_null([[1, 2, 3]], [[1, 2]], _select(1, 1))

    def test_selections_of_other_blocks_are_refused(self) -> None:
        """They would permute something else."""
        with pytest.raises(InvalidStatistic, match="other blocks"):
            block_null([[1, 2], [2, 1]], [[1, 2]], _select(3, 1))

    def test_strata_must_match(self) -> None:
        """One stratum a block, on both sides."""
        with pytest.raises(InvalidStatistic, match="Strata"):
            strata_numbers(["mon"], None, 1, 1)


class TestSelections:
    """Which blocks stand as the window."""

    @settings(max_examples=50, deadline=None)
    @given(
        reference=st.lists(st.integers(0, 3), min_size=1, max_size=25),
        window=st.lists(st.integers(0, 3), min_size=1, max_size=8),
        seed=st.integers(0, 99),
    )
    def test_every_selection_has_the_windows_composition(self, reference, window, seed) -> None:
        """As many blocks of each stratum, every time."""
        codes = strata_numbers(reference, window, len(reference), len(window))
        selections = select_blocks(*codes, 99, np.random.default_rng(seed))
        strata = np.concatenate(codes)
        membership = np.eye(strata.max() + 1)[strata]
        composition = selections.marks @ membership
        assert np.array_equal(composition, np.broadcast_to(composition[0], composition.shape))
        if selections.exact:
            assert len(np.unique(selections.marks, axis=0)) == len(selections.marks) == selections.possible

    def test_every_block_is_equally_likely(self) -> None:
        """The inclusion frequencies of 20,000 draws fit their share."""
        selections = _select(30, 6, draws=20_000)
        counts = selections.marks[1:].sum(0)
        assert stats.chisquare(counts).pvalue > 1e-4
        assert counts.mean() / 20_000 == pytest.approx(selections.share[0])

    def test_gather_is_addition(self) -> None:
        """Cells put together hold the same rows."""
        counts = np.arange(12.0).reshape(2, 6)
        assert gather(counts, np.array([0, 1, 1, 0, 2, 2])).tolist() == [[3, 3, 9], [15, 15, 21]]
