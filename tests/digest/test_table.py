"""The digest of a table's content."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.digest import TableHasher, of_table
from regrove.digest.table import CHUNK
from regrove.errors import InvalidInput

FROZEN = "b3-1:5b5f203180486540e78128c308bdcb1eeefe8eab136e622b5aca3709ac1dce3d"
FRAMES = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        st.one_of(st.none(), st.floats()),
        st.one_of(st.none(), st.text(max_size=6)),
        st.one_of(st.none(), st.booleans()),
    ),
    min_size=1,
    max_size=30,
).map(
    lambda rows: pl.DataFrame(
        rows, schema={"i": pl.Int64, "f": pl.Float64, "s": pl.String, "b": pl.Boolean}, orient="row"
    )
)


class TestTableDigest:
    """The same content gives the same digest, and other content another."""

    @given(FRAMES, st.data())
    def test_how_rows_arrive_does_not_matter(self, frame: pl.DataFrame, data: st.DataObject) -> None:
        """In one batch or cut anywhere."""
        cuts = sorted(data.draw(st.lists(st.integers(0, frame.height), max_size=4)))
        hasher = TableHasher()
        for start, end in zip([0, *cuts], [*cuts, frame.height], strict=True):
            hasher.update(frame[start:end])
        assert hasher.digest() == of_table(frame)

    @given(FRAMES, st.data())
    def test_a_changed_value_changes_it(self, frame: pl.DataFrame, data: st.DataObject) -> None:
        """Any one value of any column."""
        row = data.draw(st.integers(0, frame.height - 1))
        other = pl.DataFrame([(7, 0.5, "\x00changed", None)], schema=frame.schema, orient="row")
        column = data.draw(st.sampled_from(frame.columns))
        if frame[column][row] == other[column][0] or (frame[column][row] is None and other[column][0] is None):
            return
        replaced = pl.concat([frame[:row], frame[row : row + 1].with_columns(other[column]), frame[row + 1 :]])
        assert of_table(replaced) != of_table(frame)

    @settings(max_examples=5, deadline=None)
    @given(st.integers(1, CHUNK - 1))
    def test_chunks_begin_at_the_same_rows_whatever_the_batches_were(self, cut: int) -> None:
        """Also when a table is longer than one chunk."""
        frame = pl.DataFrame({"x": range(CHUNK * 2 + 5)})
        hasher = TableHasher()
        for part in (frame[:cut], frame[cut : CHUNK + cut], frame[CHUNK + cut :]):
            hasher.update(part)
        assert hasher.digest() == of_table(frame)

    def test_neighbouring_texts_do_not_run_together(self) -> None:
        """("ab", "c") and ("a", "bc") are two tables."""
        assert of_table(pl.DataFrame({"s": ["ab", "c"]})) != of_table(pl.DataFrame({"s": ["a", "bc"]}))

    def test_a_null_is_neither_zero_nor_an_empty_text(self) -> None:
        """Absent is a value of its own."""
        assert of_table(pl.DataFrame({"x": [None, 1]})) != of_table(pl.DataFrame({"x": [0, 1]}))
        assert of_table(pl.DataFrame({"x": [None, "a"]})) != of_table(pl.DataFrame({"x": ["", "a"]}))

    def test_names_types_and_order_of_columns_count(self) -> None:
        """A table is more than its values."""
        base = pl.DataFrame({"a": [1], "b": [2]})
        others = [base.rename({"a": "c"}), base.select("b", "a"), base.cast({"a": pl.Int32})]
        assert len({of_table(each) for each in [base, *others]}) == 4

    def test_every_nan_is_the_same_nan(self) -> None:
        """Its bits are an accident of how it was computed."""
        import numpy as np

        odd = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)
        assert of_table(pl.DataFrame({"x": odd})) == of_table(pl.DataFrame({"x": [float("nan")]}))

    def test_an_instant_is_the_same_in_every_zone_and_unit(self) -> None:
        """Digests are of instants, not of how a library stores them."""
        moment = pl.DataFrame({"t": [datetime(2013, 1, 1, 5, 15, tzinfo=UTC)]})
        zoned = moment.with_columns(pl.col("t").dt.convert_time_zone("America/New_York").dt.cast_time_unit("ms"))
        assert of_table(moment) == of_table(zoned)

    def test_a_category_is_its_text(self) -> None:
        """Not the code that a library gave it."""
        plain = pl.DataFrame({"c": ["x", "y", "x"]}, schema={"c": pl.Categorical})
        turned = pl.concat([plain[1:2], plain[0:1], plain[2:3]])
        assert of_table(plain) == of_table(pl.concat([turned[1:2], turned[0:1], turned[2:3]]))

    def test_dates_and_bytes_have_digests(self) -> None:
        """Every logical type can be hashed."""
        frame = pl.DataFrame({"d": [date(2013, 1, 1), None], "b": [b"\x00\xff", None]})
        assert of_table(frame) != of_table(frame.reverse())

    def test_batches_of_two_schemas_are_refused(self) -> None:
        """They are no one table."""
        hasher = TableHasher()
        hasher.update(pl.DataFrame({"x": [1]}))
        with pytest.raises(InvalidInput, match="differ in schema"):
            hasher.update(pl.DataFrame({"x": ["1"]}))

    def test_the_digest_is_frozen(self) -> None:
        """Version 1 of the rules: a change of this value needs a version 2."""
        frame = pl.DataFrame({"i": [1, None], "s": ["a", "bc"], "f": [0.5, float("nan")], "b": [True, None]})
        assert of_table(frame) == FROZEN
