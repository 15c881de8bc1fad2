from __future__ import annotations

from collections import Counter

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.datasets.frequent import CAPACITY, Frequent

VALUES = st.lists(st.integers(0, 300).map(lambda n: f"v{n * n % 301}"), max_size=400)


def of(values):
    counts = pl.Series("value", values, dtype=pl.String).value_counts(name="count")
    return Frequent.of(counts)


class TestFrequent:
    @settings(deadline=None)
    @given(st.lists(VALUES, min_size=1, max_size=5))
    def test_no_count_lacks_more_than_the_error(self, parts):
        """Counts of the sum are lower bounds, and the error says how far below they can be."""
        found = of(parts[0])
        for part in parts[1:]:
            found = found + of(part)
        exact = Counter(value for part in parts for value in part)
        kept = dict(found.values)
        assert len(kept) <= CAPACITY
        assert found.error <= exact.total() / (CAPACITY + 1)
        for value, count in exact.items():
            assert 0 <= count - kept.get(value, 0) <= found.error

    def test_few_values_are_counted_exactly_the_most_frequent_first(self):
        """As long as all values fit, nothing is lost."""
        assert of(["EWR", "JFK", "EWR"]) == Frequent((("EWR", 2), ("JFK", 1)), 0)
