"""Counting by buckets, against a search for every single value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats.summaries import count_numbers, edges_given, edges_of
from regrove.stats.summaries.buckets import Buckets

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


def _below(values: np.ndarray, edges: np.ndarray) -> list[int]:
    return np.sort(values).searchsorted(edges).tolist()


def _counted(values: np.ndarray, edges: np.ndarray) -> tuple[list[int], int]:
    """Counts below the edges, and how many values had to be compared for them."""
    below = np.zeros(len(edges), dtype=np.int64)
    left = Buckets(edges, len(values)).add_below(values, below)
    below += np.sort(left).searchsorted(edges)
    return below.tolist(), len(left)


class TestBuckets:
    """Every count is exact."""

    @settings(max_examples=200, deadline=None)
    @given(edges=st.lists(FINITE, min_size=4, max_size=20, unique=True), more=st.lists(FINITE, max_size=30))
    def test_counts_are_those_of_a_search(self, edges: list[float], more: list[float]) -> None:
        """For any floats, and for the edges themselves with their neighbours."""
        points = np.unique(np.array(edges) + 0.0)
        values = np.concatenate([points, np.nextafter(points, 1e308), np.nextafter(points, -1e308), more])
        values = values[np.isfinite(values)]
        if Buckets(points, len(values)).useful:
            assert _counted(values, points)[0] == _below(values, points)

    def test_few_values_are_left_to_compare(self) -> None:
        """Where edges are quantiles; that is what makes it fast."""
        rng = np.random.default_rng(0)
        for values in (rng.normal(size=20_000), rng.lognormal(3, 1, size=20_000)):
            edges = np.unique(np.quantile(values, np.linspace(0, 1, 65)))
            below, left = _counted(values, edges)
            assert below == _below(values, edges)
            assert left < 0.1 * len(values)

    @pytest.mark.parametrize(
        "edges",
        [
            [0.0, 1.0, 2.0],  # too few
            [0.0, 1.0, np.nextafter(1.0, 2.0), 3.0],  # nearer than a bucket can be narrow: still finite
            [-1e308, -1e308 * (1 + 1e-15), 1.7e308, 1.75e308],  # further apart than a float can say
            [0.0, 5e-324, 1e-323, 1.0],
        ],
    )
    def test_edges_at_the_limits_of_floats(self, edges: list[float]) -> None:
        """Either buckets are declined, or they count rightly; a long column is counted rightly in any case."""
        points = np.unique(np.array(edges))
        values = np.tile(np.concatenate([points, np.nextafter(points, 0.5), [0.25, -7.0]]), 900)
        if Buckets(points, len(values)).useful:
            assert _counted(values, points)[0] == _below(values, points)
        counts = count_numbers(values, edges_given(points)).counts
        assert np.cumsum(counts)[:-1].tolist() == _below(values, points)


class TestLongColumns:
    """Through ``count_numbers``, where columns are long enough for buckets."""

    @pytest.mark.parametrize("kind", ["smooth", "heavy tail", "few values", "half one value", "nan and infinities"])
    def test_counts_are_those_of_a_search(self, kind: str) -> None:
        """Whatever the shape, with whole chunks and a rest."""
        rng = np.random.default_rng(3)
        values = rng.normal(size=70_001)
        if kind == "heavy tail":
            values = rng.standard_cauchy(size=70_001) ** 3
        elif kind == "few values":
            values = rng.integers(0, 12, size=70_001).astype(float)
        elif kind == "half one value":
            values[rng.random(70_001) < 0.5] = 0.25
        elif kind == "nan and infinities":
            values[::97], values[5::101] = np.nan, np.inf
        layout = edges_of(values)
        counts = count_numbers(values, layout).counts
        finite = values[np.isfinite(values)]
        assert (
            counts.tolist() == np.bincount(layout.edges.searchsorted(finite, "right"), minlength=layout.cells).tolist()
        )
