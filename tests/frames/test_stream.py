from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.frames import batches, rechunked


class TestRechunked:
    @settings(deadline=None)
    @given(st.lists(st.integers(0, 12), max_size=12), st.integers(1, 9))
    def test_all_rows_come_in_order_and_in_equal_heights(self, heights, rows):
        """However the rows arrive, they leave in frames of one height, the last one shorter."""
        values = iter(range(1_000))
        frames = [
            pl.DataFrame({"x": [next(values) for _ in range(height)]}, schema={"x": pl.Int64}) for height in heights
        ]
        found = list(rechunked(frames, rows))
        assert [x for frame in found for x in frame["x"]] == list(range(sum(heights)))
        assert all(frame.height == rows for frame in found[:-1])
        assert all(0 < frame.height <= rows for frame in found)


class TestBatches:
    def test_a_lazy_table_comes_in_batches_of_the_given_height(self, tmp_path):
        """The batches of several row groups are cut where the caller wants them."""
        pl.DataFrame({"x": range(10)}).write_parquet(tmp_path / "x.parquet", row_group_size=3)
        found = list(batches(pl.scan_parquet(tmp_path / "x.parquet"), 4))
        assert [frame["x"].to_list() for frame in found] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

    def test_an_empty_table_has_no_batch(self):
        """A table without rows gives no frame at all."""
        assert list(batches(pl.LazyFrame({"x": []}, schema={"x": pl.Int64}), 4)) == []

    def test_a_batch_without_height_is_refused(self):
        """Nothing would ever come out."""
        with pytest.raises(InvalidInput):
            list(batches(pl.LazyFrame({"x": [1]}), 0))
