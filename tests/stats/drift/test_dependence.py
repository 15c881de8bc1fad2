"""Blocks that depend on themselves and on each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats import InvalidStatistic
from regrove.stats.drift import (
    anderson_design,
    autocorrelation,
    automatic_length,
    chi_square,
    design_effect,
    leave_one_out,
    refined_p,
    select_runs,
)
from regrove.stats.drift.serial import block_scores
from regrove.stats.drift.tail import gamma_tail, pareto_tail, rank_p


def autoregressive(n: int, strength: float, seed: int) -> np.ndarray:
    """A stationary AR(1) series."""
    rng, series = np.random.default_rng(seed), [0.0]
    for _ in range(n + 50):
        series.append(strength * series[-1] + rng.normal())
    return np.array(series[-n:])


class TestDesign:
    """Rao and Scott."""

    def test_the_effect_is_the_weighted_mean_of_cell_effects(self) -> None:
        """By hand, cell by cell, for blocks of equal size."""
        rng = np.random.default_rng(0)
        blocks = np.array([rng.multinomial(50, rng.dirichlet([8, 4, 2])) for _ in range(40)])
        p = blocks.sum(axis=0) / blocks.sum()
        between = ((blocks / 50 - p) ** 2).sum(axis=0) / 39
        d = between / (p * (1 - p) / 50)
        assert design_effect(blocks).effect == pytest.approx(((1 - p) * d).sum() / (1 - p).sum(), rel=1e-9)

    def test_independent_rows_have_none(self) -> None:
        """And blocks that are all one value have as many as rows."""
        rng = np.random.default_rng(1)
        assert anderson_design(rng.multinomial(80, [0.1] * 10, 500)).effect < 1.1
        assert design_effect([[20, 0], [0, 20]] * 10).effect > 18

    def test_a_single_block_tells_nothing(self) -> None:
        """It is refused; a single cell has no effect."""
        with pytest.raises(InvalidStatistic):
            design_effect([[3, 4]])
        assert design_effect([[3], [4]]).effect == 1.0


class TestSerial:
    """Neighbouring blocks."""

    def test_the_length_is_that_of_politis_and_white(self) -> None:
        """The formula with autocovariances summed by hand, for a series with memory."""
        series = autoregressive(365, 0.6, 3)
        n, x = 365, series - series.mean()
        gamma = [float((x[k:] * x[: n - k]).sum() / n) for k in range(n)]
        run, level = max(5, int(math.log10(n))), 2 * math.sqrt(math.log10(n) / n)
        m = next(k for k in range(1, n) if all(abs(gamma[k + i] / gamma[0]) < level for i in range(1, run + 1)))
        width = 2 * m
        taper = [min(1.0, 2 * (1 - k / width)) for k in range(width + 1)]
        g = 2 * sum(taper[k] * k * gamma[k] for k in range(1, width + 1))
        spectrum = gamma[0] + 2 * sum(taper[k] * gamma[k] for k in range(1, width + 1))
        expected = math.ceil((2 * g**2 / (4 / 3 * spectrum**2) * n) ** (1 / 3))
        assert automatic_length(series) == expected > 3

    def test_noise_and_constants_need_no_runs(self) -> None:
        """Length 1."""
        assert automatic_length(np.ones(100)) == 1
        assert automatic_length(np.random.default_rng(0).normal(size=300)) <= 2

    def test_memory_grows_the_length(self) -> None:
        """Monotone in the strength, on average over series."""
        mean = [
            np.mean([automatic_length(autoregressive(400, s, seed)) for seed in range(12)]) for s in (0.2, 0.5, 0.8)
        ]
        assert mean[0] < mean[1] < mean[2]

    def test_weekdays_are_no_memory(self) -> None:
        """The mean of each stratum is taken away first."""
        weekday = np.arange(140) % 7
        series = (weekday >= 5) * 10.0 + np.random.default_rng(1).normal(size=140)
        assert autocorrelation(series) > 0.2
        assert abs(autocorrelation(series, weekday)) < 0.25

    def test_a_score_moves_with_its_block(self) -> None:
        """Ranks for ordered cells, the liveliest share for others; an empty block is unremarkable."""
        assert block_scores([[4, 0, 0], [0, 0, 4], [0, 0, 0]], 3).tolist() == [0.25, 0.75, 0.5]
        assert block_scores([[4, 0], [0, 4]], 0)[0] != block_scores([[4, 0], [0, 4]], 0)[1]

    @pytest.mark.parametrize("bad", [[1.0], [1.0, np.nan], [[1.0, 2.0]]])
    def test_what_is_no_series_is_refused(self, bad: list) -> None:
        """One number, nan, a matrix."""
        with pytest.raises(InvalidStatistic):
            autocorrelation(bad)


class TestRuns:
    """Windows of neighbours."""

    @pytest.mark.parametrize(("window", "length"), [(3, 5), (7, 3), (10, 2)])
    def test_every_selection_has_the_windows_size(self, window: int, length: int) -> None:
        """And the observed one comes first."""
        chosen = select_runs(40, window, length, 199, np.random.default_rng(0))
        assert (chosen.marks.sum(axis=1) == window).all()
        assert chosen.marks[0, 40:].all() and not chosen.marks[0, :40].any()

    def test_pieces_are_whole_runs(self) -> None:
        """On the circle, a window of 6 in runs of 3 has two stretches at most."""
        chosen = select_runs(30, 6, 3, 99, np.random.default_rng(1)).marks
        starts = (np.roll(chosen, 1, axis=1) == 0) & (chosen == 1)
        assert starts.sum(axis=1).max() <= 2

    def test_no_blocks_are_refused(self) -> None:
        """Before anything is drawn."""
        with pytest.raises(InvalidStatistic):
            select_runs(0, 1, 1, 9, np.random.default_rng(0))


class TestLeaveOneOut:
    """A window of one block."""

    def test_each_reference_block_meets_the_others(self) -> None:
        """The chi-square of block and rest, one by one."""
        rng = np.random.default_rng(2)
        blocks = rng.multinomial(400, [0.25] * 4, 30)
        null = leave_one_out(blocks, [100, 100, 100, 100], ordered=0)
        for place in range(30):
            rest = np.delete(blocks, place, axis=0).sum(axis=0)
            assert null.x2[1 + place] == pytest.approx(float(chi_square(rest, blocks[place])), rel=1e-9)

    def test_a_block_inside_its_reference_would_look_too_familiar(self) -> None:
        """Leaving it out makes every statistic larger."""
        blocks = np.random.default_rng(3).multinomial(300, [0.2] * 5, 12)
        null = leave_one_out(blocks, blocks[0], ordered=0)
        inside = [float(chi_square(blocks.sum(axis=0), each)) for each in blocks]
        assert (null.x2[1:] > inside).all()

    @pytest.mark.parametrize("window", [[[1, 2], [3, 4]], np.zeros((0, 2), dtype=int)])
    def test_other_windows_are_refused(self, window: object) -> None:
        """Two blocks, none."""
        with pytest.raises(InvalidStatistic):
            leave_one_out([[1, 2], [3, 4], [5, 6]], window)


class TestTail:
    """Beyond what draws reach."""

    def test_a_rank_counts_itself(self) -> None:
        """So that it is never 0."""
        assert rank_p(9.0, np.arange(9.0)) == pytest.approx(0.1)

    @pytest.mark.parametrize("degrees", [1, 5, 40])
    def test_the_fitted_tail_is_near_the_true_one(self, degrees: int) -> None:
        """Within a factor of 3 of the chi-square's at a thousandth."""
        rng = np.random.default_rng(degrees)
        from scipy import special

        point = float(special.chdtri(degrees, 1e-3))
        found = refined_p(point, rng.chisquare(degrees, 1999))[0]
        assert 1e-3 / 3 < found < 3e-3

    def test_a_few_storms_are_not_forgotten(self) -> None:
        """Twenty draws of another kind: the Pareto tail is above the gamma's."""
        rng = np.random.default_rng(0)
        draws = np.r_[rng.chisquare(5, 1980), 40 + 20 * rng.pareto(2, 20)]
        assert pareto_tail(90.0, draws) > gamma_tail(90.0, draws)

    @pytest.mark.parametrize(("observed", "drawn"), [(np.nan, [1.0]), (1.0, []), (1.0, [np.inf])])
    def test_statistics_that_are_missing_are_refused(self, observed: float, drawn: list) -> None:
        """Never nan in a verdict."""
        with pytest.raises(InvalidStatistic):
            refined_p(observed, drawn)

    @given(st.integers(0, 10_000), st.integers(25, 120), st.sampled_from([0.02, 0.05, 0.1]))
    @settings(max_examples=60, deadline=None)
    def test_few_draws_keep_the_level_exactly(self, seed: int, count: int, level: float) -> None:
        """Each of the values in turn is the observed one: that is the null, enumerated."""
        values = np.random.default_rng(seed).gamma(2.0, size=count)
        found = (refined_p(float(values[each]), np.delete(values, each))[0] for each in range(count))
        assert sum(p <= level for p in found) <= level * count + 1e-9

    def test_draws_that_are_all_alike_have_a_defined_tail(self) -> None:
        """1 when the observed is among them, the smallest rank otherwise."""
        assert gamma_tail(2.0, np.full(99, 2.0)) == 1.0
        assert gamma_tail(3.0, np.full(99, 2.0)) == pytest.approx(0.01)
