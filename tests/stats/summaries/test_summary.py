"""Merging, and the bytes of summaries."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regrove.stats.summaries import (
    CategoryLayout,
    NumericSummary,
    count_categories,
    count_numbers,
    edges_given,
    edges_of,
    fourier_map,
    fourier_sums,
    layout_from_bytes,
    layout_to_bytes,
    merge,
    merge_sums,
    sketch_numbers,
    summary_from_bytes,
    summary_to_bytes,
)
from regrove.stats.summaries.moments import Moments, merge_moments, moments_of
from regrove.stats.verdict import InvalidStatistic

BLOCKS = st.lists(
    hnp.arrays(np.float64, st.integers(0, 50), elements=st.floats(-1e9, 1e9, allow_subnormal=False)),
    min_size=1,
    max_size=6,
)
LAYOUT = edges_given([-100.0, 0.0, 1.0, 1000.0], atoms=[0.0])


class TestMerge:
    """Addition, in any order and grouping."""

    @settings(max_examples=80, deadline=None)
    @given(blocks=BLOCKS, seed=st.integers(0, 999))
    def test_counts_and_ranges_are_the_same_in_any_order(self, blocks: list[np.ndarray], seed: int) -> None:
        """Bit for bit those of all rows at once; sums to 1e-12 of the scale."""
        parts = [count_numbers(block, LAYOUT) for block in blocks]
        order = np.random.default_rng(seed).permutation(len(parts))
        middle = len(parts) // 2
        mixed = [parts[place] for place in order]
        grouped = merge(*mixed[:middle], merge(*mixed[middle:]))
        whole = count_numbers(np.concatenate(blocks), LAYOUT)
        assert np.array_equal(grouped.cells(), whole.cells())
        left, right = grouped.moments, whole.moments
        assert (left.rows, left.low, left.high) == (right.rows, right.low, right.high)
        size = max(abs(right.low), abs(right.high)) if right.rows else 1.0
        assert left.mean == pytest.approx(right.mean, rel=1e-12, abs=1e-12 * size)
        least = np.finfo(np.float64).tiny  # below it a float has no digits to agree on
        assert left.squares == pytest.approx(right.squares, rel=1e-12, abs=max(1e-12 * size**2, least))

    def test_nothing_is_neutral(self) -> None:
        """An empty block adds nothing."""
        empty = Moments()
        some = moments_of(np.array([1.0, 3.0]))
        assert merge_moments(empty, some) == merge_moments(some, empty) == some

    def test_categories_add(self) -> None:
        """Counts exactly, sketches within their error."""
        layout = CategoryLayout(top=("a",))
        parts = [
            count_categories([f"n{i}" for i in range(start, start + 500)], layout, sketches=True) for start in (0, 250)
        ]
        both = merge(*parts)
        assert both.cells().tolist() == [0, 0, 1000, 0]
        assert both.distinct.distinct == pytest.approx(750, rel=0.06)
        assert merge(parts[0], count_categories(["a"], layout)).distinct is None

    def test_different_edges_are_refused(self) -> None:
        """Their counts mean different things."""
        with pytest.raises(InvalidStatistic, match="different cells"):
            merge(count_numbers([1.0], edges_given([0])), count_numbers([1.0], edges_given([1])))

    def test_nothing_to_merge_is_refused(self) -> None:
        """There is no layout to answer on."""
        with pytest.raises(InvalidStatistic):
            merge()

    def test_counts_beyond_what_an_integer_holds_are_refused(self) -> None:
        """Rather than turned negative."""
        layout = edges_given([0])
        full = NumericSummary(layout=layout, counts=np.array([0, 2**62]))
        assert merge(full, NumericSummary(layout=layout, counts=np.array([0, 2**62 - 1]))).counts[1] == 2**63 - 1
        with pytest.raises(InvalidStatistic, match="cannot be held"):
            merge(full, full)

    def test_quantile_sketches_merge_within_their_error(self) -> None:
        """In any order, ranks within half a percent."""
        rng = np.random.default_rng(0)
        blocks = [rng.normal(size=5000) for _ in range(8)]
        for order in (range(8), reversed(range(8))):
            sketch = reduce(lambda one, two: one.merge(two), [sketch_numbers([blocks[place]]) for place in order])
            ranks = np.linspace(0.05, 0.95, 19)
            found = sketch.quantiles(ranks)
            every = np.sort(np.concatenate(blocks))
            assert np.abs(every.searchsorted(found) / len(every) - ranks).max() < 0.005
            assert sketch.rows == 40_000


class TestWire:
    """Bytes that come back."""

    @settings(max_examples=60, deadline=None)
    @given(values=hnp.arrays(np.float64, st.integers(0, 80), elements=st.floats(allow_nan=True, width=64)))
    def test_a_summary_comes_back(self, values: np.ndarray) -> None:
        """Every field, to the last bit, from the same bytes."""
        summary = count_numbers(values, LAYOUT)
        data = summary_to_bytes(summary)
        again = summary_from_bytes(data, layout_from_bytes(layout_to_bytes(LAYOUT)))
        assert np.array_equal(again.cells(), summary.cells())
        assert again.moments == summary.moments
        assert summary_to_bytes(again) == data

    def test_categories_come_back_with_their_sketches(self) -> None:
        """And their layout."""
        layout = CategoryLayout(top=("a", "ä"), rest=("b",), complete=True)
        summary = count_categories(["a", "z", None], layout, sketches=True)
        again = summary_from_bytes(summary_to_bytes(summary), layout_from_bytes(layout_to_bytes(layout)))
        assert again.cells().tolist() == summary.cells().tolist()
        assert again.fresh.top() == [("z", 1)]

    def test_a_day_of_64_cells_is_small(self) -> None:
        """Less than half a kilobyte at a million rows."""
        values = np.random.default_rng(0).normal(size=100_000)
        summary = count_numbers(values, edges_of(values))
        assert len(summary_to_bytes(summary)) < 250

    def test_other_versions_and_layouts_are_refused(self) -> None:
        """By name."""
        data = summary_to_bytes(count_numbers([1.0], LAYOUT))
        with pytest.raises(InvalidStatistic, match="another version"):
            summary_from_bytes(data[:3] + b"\x02" + data[4:], LAYOUT)
        with pytest.raises(InvalidStatistic, match="other cells"):
            summary_from_bytes(data, edges_given([5]))

    @settings(max_examples=150, deadline=None)
    @given(junk=st.binary(max_size=60), keep=st.integers(0, 90))
    def test_broken_bytes_are_refused(self, junk: bytes, keep: int) -> None:
        """Never another kind of error, whatever stands there."""
        data = summary_to_bytes(count_numbers([1.0], LAYOUT))
        for bad in (junk, b"RGS\x01" + junk, data[:keep] + junk):
            if bad == data:
                continue
            try:
                summary_from_bytes(bad, LAYOUT)
            except InvalidStatistic:
                pass
            try:
                layout_from_bytes(bad)
            except InvalidStatistic:
                pass


class TestFourier:
    """Sums of random Fourier features."""

    def test_inner_products_approach_the_kernel(self) -> None:
        """With 4,096 features within .06."""
        rng = np.random.default_rng(0)
        rows = rng.normal(size=(20, 3))
        through = fourier_map(rows, features=4096, bandwidth=1.5)
        phi = np.array([fourier_sums(row[None, :], through).total for row in rows])
        gaps = ((rows[:, None] - rows[None]) ** 2).sum(-1)
        assert np.abs(phi @ phi.T - np.exp(-gaps / (2 * 1.5**2))).max() < 0.06

    def test_sums_add(self) -> None:
        """In either order, with broken rows counted apart."""
        rows = np.random.default_rng(1).normal(size=(50, 2))
        rows[7] = np.nan
        through = fourier_map(rows)
        one, two = fourier_sums(rows[:20], through), fourier_sums(rows[20:], through)
        whole = fourier_sums(rows, through)
        for both in (merge_sums(one, two), merge_sums(two, one)):
            assert both.total == pytest.approx(whole.total, rel=1e-12, abs=1e-12)
            assert (both.rows, both.left_out) == (49, 1)

    def test_shapes_must_fit(self) -> None:
        """Otherwise the sums mean something else."""
        through = fourier_map(np.zeros((3, 2)))
        with pytest.raises(InvalidStatistic):
            fourier_sums(np.zeros((3, 1)), through)
        with pytest.raises(InvalidStatistic):
            fourier_map(np.zeros(3))
