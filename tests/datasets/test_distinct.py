from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.datasets.distinct import Distinct, K
from regrove.errors import InvalidInput
from regrove.schema import LogicalType

TEXTS = st.lists(st.text(max_size=30), max_size=60)


def of(values, kind=LogicalType.INT64, dtype=None):
    return Distinct.of(pl.Series(values, dtype=dtype), kind)


class TestDistinct:
    @settings(deadline=None)
    @given(TEXTS, TEXTS)
    def test_few_texts_are_counted_exactly_and_union_is_union(self, one, other):
        """Below K values the summary is exact, and two summaries are that of both lists."""
        both = of(one, LogicalType.STRING, pl.String) | of(other, LogicalType.STRING, pl.String)
        assert both.estimate() == len({*one, *other})
        assert both.encode() == of(one + other, LogicalType.STRING, pl.String).encode()

    @pytest.mark.parametrize("n", [K - 1, 5_000, 300_000])
    def test_many_numbers_are_estimated(self, n):
        """Beyond K values the estimate stays within four standard errors."""
        estimate = of(range(n)).estimate()
        assert estimate == n if n < K else abs(estimate / n - 1) < 4 / (K - 2) ** 0.5

    def test_many_texts_are_estimated(self):
        """Texts are hashed as evenly as numbers."""
        estimate = of([f"flight {n}" for n in range(50_000)], LogicalType.STRING).estimate()
        assert abs(estimate / 50_000 - 1) < 4 / (K - 2) ** 0.5

    def test_how_the_rows_are_cut_does_not_matter(self):
        """The summary of parts is the summary of the whole, byte for byte."""
        whole = of(range(100_000))
        parts = of(range(40_000)) | of(range(30_000, 100_000))
        assert parts.encode() == whole.encode()

    @pytest.mark.parametrize(
        ("values", "kind", "expected"),
        [
            ([0.0, -0.0, float("nan"), float("nan"), 1.5], LogicalType.FLOAT64, 3),
            ([True, False, True], LogicalType.BOOLEAN, 2),
            (["x" * 512, "x" * 513, "x" * 2_000, "x" * 2_000, "", "\0", "\0\0"], LogicalType.STRING, 6),
            ([b"\xff", b"\xff\0", b""], LogicalType.BINARY, 3),
            ([2**64 - 1, 0], LogicalType.UINT64, 2),
        ],
    )
    def test_every_type_is_counted_by_value(self, values, kind, expected):
        """Equal values are one, whatever their bits or length; different ones are not."""
        dtype = pl.UInt64 if kind is LogicalType.UINT64 else None
        assert of(values, kind, dtype).estimate() == expected

    def test_the_hash_of_a_text_is_fixed_for_ever(self):
        """A stored summary must add up with one made years later on another machine."""
        assert of(["EWR"], LogicalType.STRING).encode() == of(["EWR", "EWR"], LogicalType.STRING).encode() == EWR
        assert of([1]).encode() == ONE

    def test_text_that_is_no_summary_is_refused(self):
        """A summary has at most K hashes of eight bytes."""
        with pytest.raises(InvalidInput):
            Distinct.decode("AAAA")


EWR = "afqnuuuYi4I="
ONE = "wVwCiewtCpE="
