from __future__ import annotations

import gzip

import polars as pl
import pytest

from regrove.frames import BROKEN, Reader, UnreadableFile, find_files
from regrove.schema import LogicalType


def reader(tmp_path, name, types=None, nulls=()):
    return Reader(find_files(tmp_path, name)[0], types=types or {}, nulls=nulls)


class TestParquet:
    def test_a_declared_type_is_checked_against_the_file(self, tmp_path):
        """Parquet knows its types: another one than declared is refused, with both named."""
        pl.DataFrame({"hour": [1]}).write_parquet(tmp_path / "a.parquet")
        with pytest.raises(UnreadableFile, match="a.parquet: column 'hour'") as caught:
            reader(tmp_path, "a.parquet", {"hour": LogicalType.INT8}).schema()
        assert (caught.value.expected, caught.value.received) == ("int8", "int64")

    @pytest.mark.parametrize(
        "series",
        [
            pl.Series("x", [[1]]),
            pl.Series("x", [0]).cast(pl.Datetime("us")),
            pl.Series("x", [0]).cast(pl.Decimal(9, 2)),
        ],
    )
    def test_a_column_that_has_no_place_names_its_file(self, tmp_path, series):
        """Nested values, naive times and decimals are refused at the door."""
        series.to_frame().write_parquet(tmp_path / "a.parquet")
        with pytest.raises(UnreadableFile, match=r"a.parquet: Column 'x'"):
            reader(tmp_path, "a.parquet").schema()

    def test_a_damaged_file_names_itself(self, tmp_path):
        """Bytes that are no Parquet are told with the file's name."""
        (tmp_path / "a.parquet").write_bytes(b"not a table")
        with pytest.raises(UnreadableFile, match="a.parquet cannot be read"):
            reader(tmp_path, "a.parquet").schema()


class TestCsv:
    TYPES = {"a": LogicalType.INT64, "b": LogicalType.STRING}

    def test_values_are_parsed_and_broken_rows_marked(self, tmp_path):
        """A text that is no value of its type marks its row; an absent one does not."""
        (tmp_path / "a.csv").write_text('a,b\n1,x\ny,z\n,""\n"",q\n')
        csv = reader(tmp_path, "a.csv", self.TYPES)
        table = csv.table(csv.schema()).collect()
        assert table["a"].to_list() == [1, None, None, None]
        assert table[BROKEN].to_list() == [False, True, False, False]

    def test_a_gzipped_file_is_read_like_a_plain_one(self, tmp_path):
        """Compression changes nothing."""
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,x\n"))
        csv = reader(tmp_path, "a.csv.gz", self.TYPES)
        assert csv.table(csv.schema()).drop(BROKEN).collect().rows() == [(1, "x")]

    def test_null_texts_are_absent_values(self, tmp_path):
        """What R writes as NA is absent, not broken."""
        (tmp_path / "a.csv").write_text("a,b\nNA,NA\n")
        csv = reader(tmp_path, "a.csv", self.TYPES, ["NA"])
        assert csv.table(csv.schema()).collect().rows() == [(None, None, False)]

    def test_rows_are_given_as_they_stand(self, tmp_path):
        """The text of a refused row is kept, not what it could not be parsed to."""
        (tmp_path / "a.csv").write_text("a,b\n1,x\nzwei,y\n3,z\n")
        assert reader(tmp_path, "a.csv", self.TYPES).rows([1]).rows() == [("zwei", "y")]

    def test_text_that_is_not_utf8_names_the_file(self, tmp_path):
        """Another encoding is no table."""
        (tmp_path / "a.csv").write_bytes(b"a\xff,b\n1,x\n")
        with pytest.raises(UnreadableFile, match="a.csv: The text cannot be read"):
            reader(tmp_path, "a.csv", self.TYPES).schema()

    def test_a_broken_gzip_names_the_file(self, tmp_path):
        """A file that is not compressed as its name says is told."""
        (tmp_path / "a.csv.gz").write_bytes(b"a,b\n1,x\n")
        with pytest.raises(UnreadableFile, match="a.csv.gz"):
            reader(tmp_path, "a.csv.gz", self.TYPES).schema()
