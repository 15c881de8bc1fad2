"""The slope of the loss over age: numpy's polyfit, fixed effects by hand, and what is refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats.policy import staleness
from regrove.stats.verdict import InvalidStatistic, Tier

_CASES = st.lists(
    st.tuples(st.integers(0, 400), st.floats(-100, 100), st.integers(0, 6)), min_size=8, max_size=40
).filter(lambda rows: len({row[0] for row in rows}) > 5 and len({row[2] for row in rows}) > 3)


def _grid(seed: int = 0) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Models of five ages on each of 30 blocks, and a season that moves the loss of whole blocks."""
    rng = np.random.default_rng(seed)
    block = np.repeat(np.arange(30), 5)
    age = np.tile([7.0, 14.0, 28.0, 56.0, 112.0], 30)
    return age, 1.0 + 0.01 * age + np.sin(block / 5.0) + rng.normal(0, 0.1, 150), block


class TestSlope:
    """The estimate itself."""

    @given(_CASES)
    @settings(max_examples=60, deadline=None)
    def test_it_is_that_of_polyfit(self, rows: list[tuple[int, float, int]]) -> None:
        """Slope and intercept, whatever the blocks."""
        age, loss, block = (np.array(column) for column in zip(*rows, strict=True))
        found = staleness(age, loss, block, draws=50)
        slope, start = np.polyfit(age.astype(float), loss, 1)
        assert found.slope == pytest.approx(slope, rel=1e-6, abs=1e-7)
        assert found.fresh == pytest.approx(start, rel=1e-6, abs=1e-6)
        assert found.interval.low <= found.slope <= found.interval.high

    def test_within_blocks_it_is_the_regression_with_an_effect_of_each_block(self) -> None:
        """Least squares with a column for each block."""
        age, loss, block = _grid()
        design = np.column_stack([age, block[:, None] == np.arange(30)])
        wanted = np.linalg.lstsq(design, loss, rcond=None)[0]
        found = staleness(age, loss, block, within=True, draws=200)
        assert found.slope == pytest.approx(wanted[0], rel=1e-9)
        assert found.fresh == pytest.approx(wanted[1:].mean(), rel=1e-9)

    @given(st.floats(-50, 50), st.floats(0.01, 100), st.floats(0.1, 10))
    @settings(max_examples=30, deadline=None)
    def test_it_follows_the_units(self, moved: float, scaled: float, days: float) -> None:
        """A loss in other units scales the slope, a constant changes nothing, ages in other units divide."""
        age, loss, block = _grid()
        plain = staleness(age, loss, block, draws=100)
        other = staleness(age * days, moved + scaled * loss, block, draws=100)
        for left, right in (
            (plain.slope, other.slope),
            (plain.interval.low, other.interval.low),
            (plain.interval.high, other.interval.high),
        ):
            assert right == pytest.approx(left * scaled / days, rel=1e-6)


class TestInterval:
    """Drawing whole blocks."""

    def test_repeating_the_entries_of_a_block_does_not_narrow_it(self) -> None:
        """Ten copies are no more information than one."""
        rng = np.random.default_rng(8)
        block, age = np.arange(30), np.arange(30.0)
        loss = 1.0 + 0.01 * age + rng.normal(0, 0.1, 30)
        once = staleness(age, loss, block)
        often = staleness(np.repeat(age, 10), np.repeat(loss, 10), np.repeat(block, 10))
        assert often.interval.width == pytest.approx(once.interval.width, rel=1e-9)
        alone = staleness(np.repeat(age, 10), np.repeat(loss, 10))
        assert alone.interval.width < 0.5 * once.interval.width
        assert (once.tier, alone.tier) == (Tier.BLOCK, Tier.IID)

    def test_within_blocks_the_season_does_not_widen_it(self) -> None:
        """Only differences inside a block count."""
        rng = np.random.default_rng(1)
        block = np.repeat(np.arange(20), 2)
        age = np.where(np.arange(40) % 2 == 0, 5.0, rng.integers(10, 90, 40))
        calm = 1.0 + 0.01 * age + rng.normal(0, 0.05, 40)
        season = np.repeat(rng.normal(0, 3, 20), 2)
        alone = staleness(age, calm, block, within=True)
        found = staleness(age, calm + season, block, within=True)
        assert found.slope == pytest.approx(alone.slope, rel=1e-9)
        assert found.interval.low == pytest.approx(alone.interval.low, rel=1e-6)
        assert staleness(age, calm + season, block).interval.width > 3 * found.interval.width

    def test_runs_widen_it_for_losses_that_last(self) -> None:
        """A walk of the level looks like a slope; runs of blocks see that."""
        rng = np.random.default_rng(3)
        noise = np.zeros(200)
        for day in range(1, 200):
            noise[day] = 0.9 * noise[day - 1] + rng.normal(0, 0.1)
        plain = staleness(np.arange(200), 1.0 + noise)
        runs = staleness(np.arange(200), 1.0 + noise, run=20)
        assert runs.interval.width > 1.5 * plain.interval.width
        assert runs.tier is Tier.MOVING_BLOCK

    def test_a_seed_gives_one_answer(self) -> None:
        """And another seed nearly the same."""
        age, loss, block = _grid()
        assert staleness(age, loss, block, seed=4) == staleness(age, loss, block, seed=4)
        other = staleness(age, loss, block, seed=5)
        assert other.interval.low == pytest.approx(staleness(age, loss, block).interval.low, rel=0.3)

    def test_a_perfect_line_has_no_width(self) -> None:
        """And a constant loss a slope of 0."""
        found = staleness(np.arange(10), 2.0 + 0.5 * np.arange(10))
        assert found.interval.width == pytest.approx(0.0, abs=1e-12)
        flat = staleness(np.arange(10), np.full(10, 3.0))
        assert (flat.slope, flat.interval.low, flat.interval.high) == (0.0, 0.0, 0.0)


class TestRefused:
    """Numbers that give no slope."""

    @pytest.mark.parametrize(
        ("age", "loss", "blocks"),
        [
            ([], [], None),
            ([1.0], [1.0], None),
            ([1.0, 2.0], [1.0, 2.0], None),
            ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], ["a", "a", "a"]),
            ([5.0, 5.0, 5.0], [1.0, 2.0, 3.0], None),
            ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0], None),
            ([1.0, 2.0, 3.0], [1.0, np.inf, 3.0], None),
            ([1.0, np.nan, 3.0], [1.0, 2.0, 3.0], None),
            ([-1.0, 2.0, 3.0], [1.0, 2.0, 3.0], None),
            ([1.0, 2.0, 3.0], [1.0, 2.0], None),
            ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], ["a", "b"]),
            ([1.0, 2.0, 3.0], [1e200, 2.0, 3.0], None),
        ],
    )
    def test_bad_entries(self, age: list[float], loss: list[float], blocks: list[str] | None) -> None:
        """Too few, one age, not finite, of several lengths."""
        with pytest.raises(InvalidStatistic):
            staleness(age, loss, blocks)

    def test_one_age_a_block_says_nothing_within_blocks(self) -> None:
        """The error says what to do."""
        with pytest.raises(InvalidStatistic, match="several ages"):
            staleness([1.1, 2.2, 3.3, 4.4], [1.0, 2.0, 3.0, 4.0], within=True)

    def test_ages_that_differ_in_one_block_only(self) -> None:
        """Most resamples that lack it would have no slope."""
        with pytest.raises(InvalidStatistic, match="single age"):
            staleness([1.0] * 50 + [2.0], [1.0] * 51, [*range(50), 0], within=True, draws=1)
        with pytest.raises(InvalidStatistic, match="1 draw"):
            staleness([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], draws=0)
