"""Counting on fixed cells, whatever holds the column."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from regrove.stats.summaries import (
    CategoryLayout,
    NumericLayout,
    categories_of,
    count_categories,
    count_numbers,
    edges_given,
    edges_of,
    edges_of_sketch,
    sketch_numbers,
    summarise,
)
from regrove.stats.verdict import InvalidStatistic

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True, width=64)


def _by_hand(values: np.ndarray, layout: NumericLayout) -> list[int]:
    finite = values[np.isfinite(values)]
    return np.bincount(layout.edges.searchsorted(finite, "right"), minlength=layout.cells).tolist()


class TestNumbers:
    """Against a search for every single value."""

    @settings(max_examples=150, deadline=None)
    @given(
        values=hnp.arrays(np.float64, st.integers(0, 3000), elements=ANY_FLOAT),
        edges=st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=20, unique=True),
    )
    def test_counts_are_those_of_a_search(self, values: np.ndarray, edges: list[float]) -> None:
        """Any floats, any edges; and no warning on the way."""
        layout = edges_given(sorted(edges))
        summary = count_numbers(values, layout)
        assert summary.counts.tolist() == _by_hand(values, layout)
        assert summary.broken == np.count_nonzero(~np.isfinite(values))
        assert summary.rows == len(values)

    def test_long_columns_are_counted_in_runs(self) -> None:
        """Whole runs, whole chunks, and what is left of either."""
        rng = np.random.default_rng(0)
        layout = edges_of(rng.normal(size=5000))
        for rows in (1023, 1024, 1025, 32768, 32769, 70001):
            values = rng.normal(size=rows)
            values[rows // 2] = np.nan
            summary = count_numbers(values, layout)
            assert summary.counts.tolist() == _by_hand(values, layout)
            kept = values[np.isfinite(values)]
            assert summary.moments.mean == pytest.approx(kept.mean(), rel=1e-12, abs=1e-14)
            assert summary.moments.variance == pytest.approx(kept.var(ddof=1), rel=1e-12)
            assert (summary.moments.low, summary.moments.high) == (kept.min(), kept.max())

    def test_every_holder_gives_the_same_counts(self) -> None:
        """NumPy, Polars (one piece and many), Arrow through Polars, lists."""
        values = [1.0, 2.0, None, 7.5, float("nan"), float("inf"), 2.0]
        layout = edges_given([0, 2, 5])
        holders = [values, np.array(values, dtype=object), pl.Series(values), _Arrow(pl.Series(values))]
        holders.append(pl.concat([pl.Series(values[:3]), pl.Series(values[3:])], rechunk=False))
        for holder in holders:
            summary = count_numbers(holder, layout)
            assert summary.cells().tolist() == [0, 1, 2, 1, 2, 1]

    def test_a_float_column_is_not_copied(self) -> None:
        """What is read is the memory of the column."""
        from regrove.stats.summaries.intake import numbers

        array = np.arange(10.0)
        assert numbers(array)[0][0] is array
        series = pl.Series(array)
        assert np.shares_memory(numbers(series)[0][0], series.to_numpy())

    @pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64, np.float32, bool])
    def test_every_numeric_type_counts_by_value(self, kind: type) -> None:
        """Small types do not overflow on the way."""
        values = np.array([0, 1, 1, 100], dtype=kind)
        assert count_numbers(values, edges_given([1, 2])).counts.tolist() == [
            1,
            3 if kind is bool else 2,
            0 if kind is bool else 1,
        ]

    def test_times_count_as_microseconds(self) -> None:
        """NaT and null are nulls."""
        moment = dt.datetime(2013, 1, 1, tzinfo=dt.UTC)
        micros = moment.timestamp() * 1e6
        layout = edges_given([micros, micros + 1])
        assert count_numbers(pl.Series([moment, None]), layout).cells().tolist() == [0, 1, 0, 0, 1]
        array = np.array([np.datetime64("2013-01-01T00:00:00"), np.datetime64("NaT")])
        assert count_numbers(array, layout).cells().tolist() == [0, 1, 0, 0, 1]

    def test_a_masked_array_has_nulls(self) -> None:
        """The mask is the null."""
        masked = np.ma.MaskedArray([1.0, 2.0], mask=[True, False])
        assert count_numbers(masked, edges_given([0])).nulls == 1

    @pytest.mark.parametrize("bad", [["a"], np.zeros((2, 2)), pl.Series(["x"]), [object()]])
    def test_what_holds_no_numbers_is_refused(self, bad: object) -> None:
        """The error says what was expected."""
        with pytest.raises(InvalidStatistic):
            count_numbers(bad, edges_given([0]))

    def test_enormous_numbers_do_not_warn(self) -> None:
        """The spread is infinite, the mean is right, nothing is nan."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            summary = count_numbers(np.array([1.7e308, 1.7e308, 1.7e308]), edges_given([0]))
        assert summary.moments.mean == pytest.approx(1.7e308)
        assert summary.moments.squares == summary.moments.squares


class _Arrow:
    """Something that speaks Arrow's interface and is not Polars."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._series.__arrow_c_stream__(requested_schema)


class TestTexts:
    """Categories."""

    def test_every_holder_gives_the_same_counts(self) -> None:
        """Lists, NumPy texts and objects, Polars strings and categoricals."""
        layout = CategoryLayout(top=("a", "b"), rest=("c",))
        values = ["a", "b", "a", "c", "new", None]
        series = pl.Series(values)
        for holder in (values, np.array(values, dtype=object), series, series.cast(pl.Categorical)):
            assert count_categories(holder, layout).cells().tolist() == [2, 1, 1, 1, 1]
        assert count_categories(np.array(["a", "c"]), layout).cells().tolist() == [1, 0, 1, 0, 0]

    def test_truth_values_are_categories(self) -> None:
        """From any holder."""
        layout = CategoryLayout(top=("true", "false"))
        for holder in ([True, False, True, None], pl.Series([True, False, True, None])):
            assert count_categories(holder, layout).cells().tolist() == [2, 1, 0, 0, 1]

    def test_numbers_are_refused(self) -> None:
        """A number is no category until someone says so."""
        for bad in ([1], pl.Series([1]), [b"a"]):
            with pytest.raises(InvalidStatistic):
                count_categories(bad, CategoryLayout(top=("a",)))

    def test_the_most_frequent_have_cells(self) -> None:
        """Ties go by name, so that the layout is the same everywhere."""
        layout = categories_of(["b", "a", "c", "c"], top=2)
        assert (layout.top, layout.rest) == (("c", "a"), ("b",))

    def test_sketches_come_when_asked_for(self) -> None:
        """Distinct values, and what the new ones are."""
        summary = count_categories(["a", "x", "x", "y"], CategoryLayout(top=("a",)), sketches=True)
        assert round(summary.distinct.distinct) == 3
        assert summary.fresh.top(1) == [("x", 2)]

    def test_an_open_layout_calls_nothing_new(self) -> None:
        """Too many categories to name: what is not known may have been there."""
        layout = CategoryLayout(top=("a",), complete=False)
        assert count_categories(["a", "z"], layout).counts.tolist() == [1, 1, 0]


class TestEdges:
    """Cells from a reference."""

    @settings(max_examples=60, deadline=None)
    @given(
        values=hnp.arrays(np.float64, st.integers(1, 400), elements=st.floats(-1e6, 1e6)),
        cells=st.integers(2, 64),
    )
    def test_no_row_of_the_reference_is_out_of_range(self, values: np.ndarray, cells: int) -> None:
        """The outermost cells are for what comes later."""
        layout = edges_of(values, cells=cells)
        counts = count_numbers(values, layout).counts
        assert counts[0] == counts[-1] == 0
        assert counts.sum() == len(values)

    def test_cells_hold_alike_shares(self) -> None:
        """Quantiles of a continuous reference."""
        values = np.random.default_rng(0).normal(size=64_000)
        counts = count_numbers(values, edges_of(values)).counts[1:-1]
        assert len(counts) == 64
        assert counts.min() >= 999
        assert counts.max() <= 1001

    def test_atoms_have_their_own_cell(self) -> None:
        """A spike is counted apart from its neighbours."""
        values = np.concatenate([np.random.default_rng(0).normal(size=900), np.zeros(100)])
        layout = edges_of(values)
        assert layout.atoms == (0.0,)
        place = layout.edges.tolist().index(0.0) + 1
        assert count_numbers(np.array([0.0, 5e-324, -5e-324]), layout).counts[place] == 1

    def test_at_most_16_atoms_the_most_frequent(self) -> None:
        """More would be a category."""
        values = np.concatenate(
            [np.repeat(np.arange(30.0), np.arange(30, 60)), np.random.default_rng(0).normal(size=100)]
        )
        assert edges_of(values).atoms == tuple(np.arange(14.0, 30.0))

    @pytest.mark.parametrize("order", ["shuffled", "ascending", "in rounds"])
    def test_edges_of_a_long_column_are_near_its_quantiles(self, order: str) -> None:
        """Within .7 points of their rank in any order of rows; the range is exact, the result the same twice."""
        values = np.random.default_rng(4).lognormal(size=400_000)
        if order == "ascending":
            values.sort()
        elif order == "in rounds":  # every third row is of another kind, as with machines that take turns
            values[::3] += 100.0
        layout = edges_of(values)
        ranks = np.sort(values).searchsorted(layout.edges[1:-1], "right") / len(values)
        assert np.abs(ranks - np.arange(1, 64) / 64).max() < 0.007
        counts = count_numbers(values, layout).counts
        assert counts[0] == counts[-1] == 0
        assert (layout.edges[0], layout.edges[-1]) == (values.min(), np.nextafter(values.max(), np.inf))
        assert edges_of(values.copy()).fingerprint == layout.fingerprint
        assert layout.scale == pytest.approx(np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.349, rel=0.03)

    def test_atoms_of_a_long_column_are_those_of_all_rows(self) -> None:
        """A value with 1% is one, a value with a few rows less is none; the sample does not decide."""
        atoms = np.concatenate([np.repeat(np.arange(1.0, 9.0), 2000), np.repeat(np.arange(11.0, 19.0), 1999)])
        values = np.concatenate([atoms, np.full(26_000, -7.0), np.random.default_rng(5).normal(size=142_008)])
        np.random.default_rng(6).shuffle(values)
        assert len(values) == 200_000
        assert edges_of(values).atoms == (-7.0, *np.arange(1.0, 9.0))
        assert edges_of(values, atoms=1).atoms == (-7.0,)

    @pytest.mark.parametrize(("rare", "atoms"), [(19, 20), (29, 1)])
    def test_rare_values_of_a_long_column_are_counted(self, rare: int, atoms: int) -> None:
        """Twenty distinct values have a cell each, though a sample misses most; of thirty only the frequent."""
        values = np.zeros(300_000)
        values[np.linspace(3, 299_990, rare).astype(int)] = np.arange(1, rare + 1)
        layout = edges_of(values)
        assert len(layout.atoms) == atoms
        assert count_numbers(values, layout).counts[[0, -1]].tolist() == [0, 0]

    def test_a_long_column_is_learned_without_what_is_not_finite(self) -> None:
        """As a short one."""
        values = np.random.default_rng(7).normal(size=150_000)
        values[::2] = np.nan
        values[1], values[3] = np.inf, -np.inf
        assert np.isfinite(edges_of(values).edges).all()
        assert edges_of(values).fingerprint == edges_of(values[np.isfinite(values)]).fingerprint

    def test_a_constant_reference_has_a_cell(self) -> None:
        """And the scale does not vanish."""
        for rows in (5, 200_000):
            layout = edges_of([3.0] * rows)
            assert layout.cells == 3
            assert layout.scale == 1.0

    @pytest.mark.parametrize("bad", [[], [None], [float("nan")], [float("inf")]])
    def test_no_finite_value_no_cells(self, bad: list) -> None:
        """There is nothing to learn from."""
        with pytest.raises(InvalidStatistic, match="no finite value"):
            edges_of(bad)

    def test_edges_of_a_sketch_are_near_those_of_the_values(self) -> None:
        """Within the rank error, atoms included."""
        values = np.concatenate([np.random.default_rng(0).normal(size=90_000), np.full(10_000, 0.5)])
        np.random.default_rng(1).shuffle(values)
        layout = edges_of_sketch(sketch_numbers([values]))
        assert 0.5 in layout.atoms
        counts = count_numbers(values, layout).counts / len(values)
        assert abs(counts[1:-1][layout.edges[:-1] != 0.5].mean() - 0.9 / 64) < 0.005
        assert layout.scale == pytest.approx(edges_of(values).scale, rel=0.05)

    @pytest.mark.parametrize("bad", [[], [1, np.nan], [np.inf]])
    def test_edges_that_are_none_are_refused(self, bad: list) -> None:
        """Given ones too."""
        with pytest.raises(InvalidStatistic):
            edges_given(bad)


class TestSummarise:
    """Many columns at once."""

    def test_threads_change_nothing(self) -> None:
        """A Polars frame or a mapping, one thread or two."""
        rng = np.random.default_rng(0)
        frame = pl.DataFrame({"x": rng.normal(size=3000), "kind": rng.choice(["a", "b"], 3000)})
        layouts = {"x": edges_of(frame["x"]), "kind": categories_of(frame["kind"])}
        one, two = summarise(frame, layouts), summarise(frame.to_dict(), layouts, threads=2)
        for name in layouts:
            assert np.array_equal(one[name].cells(), two[name].cells())

    def test_a_missing_column_is_named(self) -> None:
        """The error says which."""
        with pytest.raises(InvalidStatistic, match="'y'"):
            summarise({"x": [1.0]}, {"y": edges_given([0])})
