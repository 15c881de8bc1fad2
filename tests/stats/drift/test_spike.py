"""The line along which blocks move a column."""

from __future__ import annotations

import numpy as np
import pytest

from regrove.stats.drift import ColumnCounts, compare
from regrove.stats.drift.spike import line_noise


def _of_blocks(rng: np.random.Generator, cells: int, blocks: int, spike: float) -> np.ndarray:
    """Differences of random halves of blocks whose cells have variance 1, and ``spike`` along one line."""
    line = rng.normal(size=cells)
    line /= np.linalg.norm(line)
    each = rng.normal(size=(blocks, cells)) + np.sqrt(spike) * rng.normal(size=blocks)[:, None] * line
    signs = rng.choice([-1.0, 1.0], size=(400, blocks))
    return signs @ each / np.sqrt(blocks)


class TestLineNoise:
    """Found where it is, and only there."""

    @pytest.mark.parametrize("spike", [6.0, 15.0, 100.0])
    def test_a_line_is_found_as_large_as_it_is(self, spike: float) -> None:
        """On average within a seventh, though 64 cells were seen in 67 blocks only."""
        rng = np.random.default_rng(0)
        found = [line_noise(_of_blocks(rng, 64, 67, spike), 1.0, 67) for _ in range(100)]
        assert np.mean(found) == pytest.approx(1.0 + spike, rel=0.15)

    def test_independent_rows_have_none(self) -> None:
        """Neither few draws nor few blocks make one up."""
        rng = np.random.default_rng(1)
        draws = [line_noise(rng.normal(size=(400, 64)), 1.0) for _ in range(50)]
        blocks = [line_noise(_of_blocks(rng, 64, 67, 0.0), 1.0, 67) for _ in range(50)]
        assert max(draws) == 0.0
        assert np.mean(np.array(blocks) > 0) < 0.1

    def test_nothing_has_no_line(self) -> None:
        """Constant cells, and no cells that vary."""
        assert line_noise(np.zeros((10, 3)), 0.1, 10) == 0.0


class TestIntervals:
    """What the line is for."""

    def test_the_upper_bound_holds_where_days_move_all_cells(self) -> None:
        """A drift of the size of its floor along the line in which days move: the bound fails in few of 150 windows."""
        rng = np.random.default_rng(2)
        middle = np.linspace(-2.4, 2.4, 64)

        def days(count: int, shift: float) -> np.ndarray:
            moved = middle * (shift + 0.1 * rng.normal(size=count))[:, None]
            return rng.multinomial(500, np.exp(moved) / np.exp(moved).sum(axis=1, keepdims=True))

        truth = np.exp(middle * 0.12) / np.exp(middle * 0.12).sum()
        even = np.full(64, 1 / 64)
        mixed = (even + truth) / 2
        nats = 0.5 * (even * np.log(even / mixed)).sum() + 0.5 * (truth * np.log(truth / mixed)).sum()
        fails = 0
        for trial in range(150):
            column = ColumnCounts(name="x", reference=days(60, 0.0), window=days(7, 0.12), ordered=64)
            effect = compare([column], draws=199, seed=trial).columns[0].effect("js")
            fails += effect.interval.high < np.sqrt(nats / np.log(2))
        assert fails <= 10
