from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from regrove.errors import InvalidInput
from regrove.frames import find_files
from regrove.frames.csv import INFERRED_ROWS, has_short_line, header, infer_types, misshapen, parsed
from regrove.schema import LogicalType


def values(texts, kind):
    return pl.DataFrame({"x": texts}, schema={"x": pl.String}).select(parsed(pl.col("x"), kind)).to_series().to_list()


class TestParsed:
    @pytest.mark.parametrize(
        ("kind", "texts", "expected"),
        [
            (LogicalType.INT8, ["7", "-128", "128", "7.0", " 7", "x", ""], [7, -128, None, None, None, None, None]),
            (LogicalType.FLOAT64, ["7", "1e3", "-.5", "x"], [7.0, 1000.0, -0.5, None]),
            (LogicalType.BOOLEAN, ["true", "False", "TRUE", "1"], [True, False, True, None]),
            (LogicalType.DATE, ["2013-03-01", "2013-02-30", "01.03.2013"], [date(2013, 3, 1), None, None]),
            (LogicalType.STRING, ["", "a"], ["", "a"]),
            (
                LogicalType.TIMESTAMP,
                ["2013-01-01T05:00:00Z", "2013-01-01T05:00:00-05:00", "2013-01-01T05:00:00", "2013-01-01"],
                [datetime(2013, 1, 1, 5, tzinfo=UTC), datetime(2013, 1, 1, 10, tzinfo=UTC), None, None],
            ),
        ],
    )
    def test_a_text_is_a_value_or_none(self, kind, texts, expected):
        """What stands for no value of the type becomes null; a naive time is none."""
        assert values(texts, kind) == expected

    def test_bytes_have_no_form_in_csv(self):
        """A binary column cannot come from CSV."""
        with pytest.raises(InvalidInput):
            parsed(pl.col("x"), LogicalType.BINARY)


class TestInfer:
    def put(self, tmp_path, *bodies):
        for number, body in enumerate(bodies):
            (tmp_path / f"{number}.csv").write_text(body)
        return find_files(tmp_path, "*.csv")

    def test_the_first_rows_decide(self, tmp_path):
        """Whole numbers, numbers, booleans; the rest is text, and so are numbers with leading zeros."""
        files = self.put(tmp_path, "a,b,c,d,e,f\n1,1.5,true,x,007,\n2,2,false,1,1,\n")
        assert infer_types(files, {}) == {
            "a": LogicalType.INT64,
            "b": LogicalType.FLOAT64,
            "c": LogicalType.BOOLEAN,
            "d": LogicalType.STRING,
            "e": LogicalType.STRING,
            "f": LogicalType.STRING,
        }

    def test_how_the_rows_are_cut_into_files_does_not_matter(self, tmp_path):
        """A fraction in the second file counts as in the first."""
        assert infer_types(self.put(tmp_path, "a\n1\n", "a\n1.5\n"), {}) == {"a": LogicalType.FLOAT64}

    def test_rows_after_the_first_ones_widen_nothing(self, tmp_path):
        """A text that comes later is a broken row, not another type."""
        files = self.put(tmp_path, "a\n" + "1\n" * INFERRED_ROWS + "x\n")
        assert infer_types(files, {}) == {"a": LogicalType.INT64}

    def test_declared_types_and_null_texts_hold(self, tmp_path):
        """What is declared is not inferred, and texts for absent values say nothing about the type."""
        files = self.put(tmp_path, "a,b\n1,NA\n2,3\n")
        assert infer_types(files, {"a": LogicalType.INT8}, ["NA"]) == {"a": LogicalType.INT8, "b": LogicalType.INT64}


class TestShape:
    @pytest.mark.parametrize(
        ("body", "found"),
        [
            ("a,b\n1,2\n3,4\n", []),
            ("a,b\n1,2\n3\n", [(2, 2, 1)]),
            ("a,b\n1,2,3\n4,5", [(1, 2, 3)]),
            ('a,b\n"x,\ny",2\n', []),
            ("a\n\n1\n", []),
        ],
    )
    def test_rows_with_a_wrong_number_of_fields_are_found(self, tmp_path, body, found):
        """Too long and too short rows are named by their number; quoted commas and line breaks are values."""
        path = tmp_path / "a.csv"
        path.write_text(body)
        assert misshapen(str(path)) == found

    def test_a_line_that_was_cut_short_is_seen_quickly(self, tmp_path):
        """The quick look has no false assurance."""
        path = tmp_path / "a.csv"
        path.write_text("a,b\n1,2\n3")
        assert has_short_line(str(path))
        path.write_text("a,b\n1,2\n3,\n")
        assert not has_short_line(str(path))

    def test_open_quotes_are_told_with_their_line(self, tmp_path):
        """A quote that is never closed swallows the file."""
        path = tmp_path / "a.csv"
        path.write_text('a,b\n"1,2\n')
        with pytest.raises(InvalidInput, match="Line"):
            misshapen(str(path))

    @pytest.mark.parametrize("first", ["", "a,a", "a,,b", "\n"])
    def test_a_first_line_that_does_not_name_the_columns_is_refused(self, tmp_path, first):
        """Every column has a name of its own."""
        path = tmp_path / "a.csv"
        path.write_text(first + "\n1,2\n")
        with pytest.raises(InvalidInput, match="first line"):
            header(str(path))
