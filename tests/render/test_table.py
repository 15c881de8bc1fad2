"""One table, for a page and for a terminal, with whatever in its cells."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from regrove.errors import InvalidInput
from regrove.render import Column, Table, sparkline
from regrove.render.words import clean
from tests.render.hostile import ANY_TEXT, HOSTILE, Reader

TWO = (Column("name"), Column("code", "code"))


class TestHtml:
    @given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=5), ANY_TEXT)
    @settings(deadline=None)
    def test_every_cell_shows_what_was_given_and_does_nothing(self, rows: list[tuple[str, str]], caption: str) -> None:
        """A parser finds the words again, and no element or attribute but the table's own."""
        read = Reader(Table(columns=TWO, rows=rows, caption=caption).html())
        assert read.tags() <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "bdi", "code"}
        assert read.attributes() <= {"class", "scope", "colspan"}
        if rows:
            shown = [value for row in rows for value in row if len(clean(value)) <= 2_000]
            found = [text for text in read.of("td") if "more characters)" not in text]
            assert found == [clean(value) for value in shown]
        if caption:
            assert read.of("caption") == [clean(caption)]

    def test_a_very_long_value_is_cut_and_says_how_much_is_missing(self) -> None:
        """A page stays a page."""
        html = Table(columns=(Column("name"),), rows=[["x" * 1_000_000]]).html()
        assert len(html) < 5_000 and "(998,000 more characters)" in html

    def test_verdicts_have_the_colour_of_their_side_and_their_word(self) -> None:
        """Colour never stands alone."""
        html = Table(columns=(Column("v", "verdict"),), rows=[["DRIFT"], ["STABLE"], ["HOLD"], ["skipped"]]).html()
        read = Reader(html)
        spans = [attributes["class"] for tag, attributes in read.elements if tag == "span"]
        assert spans == ["verdict bad", "verdict good", "verdict open", "verdict none"]
        assert read.of("span") == ["DRIFT", "STABLE", "HOLD", "skipped"]

    def test_numbers_stand_to_the_right_unless_told_otherwise(self) -> None:
        """Each column has its side, in the head as in the rows."""
        columns = (Column("a"), Column("b", "count"), Column("c", "count", align="left"), Column("d", align="center"))
        read = Reader(Table(columns=columns, rows=[("x", 1, 2, "y")]).html())
        sides = [(attributes["class"] or "").split()[0] for tag, attributes in read.elements if tag in {"th", "td"}]
        assert sides == ["left", "right", "left", "center"] * 2

    def test_a_picture_stands_in_a_cell_and_none_is_a_dash(self) -> None:
        """A small line beside a number."""
        table = Table(columns=(Column("loss", "picture"),), rows=[[sparkline([1, 2], title="loss of <b>")], [None]])
        read = Reader(table.html())
        assert "svg" in read.tags() and read.of("title") == ["loss of <b>"] and read.of("td")[1] == "–"
        assert table.text().splitlines() == ["loss", "loss of <b>", "–"]

    def test_without_rows_it_says_so(self) -> None:
        """An empty table is not a blank."""
        table = Table(columns=TWO, rows=[], empty="No alerts <yet>.")
        assert Reader(table.html()).of("td") == ["No alerts <yet>."]
        assert table.text() == "No alerts <yet>."


class TestText:
    @given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=5))
    @settings(deadline=None)
    def test_a_terminal_obeys_nothing_in_it(self, rows: list[tuple[str, str]]) -> None:
        """One line a row, no control character, no more than a terminal holds."""
        text = Table(columns=TWO, rows=rows).text()
        assert len(text.split("\n")) == len(rows) + 1
        assert all(each == "\n" or unicodedata.category(each) != "Cc" for each in text)
        assert all(cell_len(line) <= 4 * 60 for line in text.split("\n"))

    @given(st.lists(st.text("abc数漢é ", max_size=9).map(str.strip), min_size=1, max_size=6))
    @settings(deadline=None)
    def test_columns_are_aligned_for_the_eye(self, names: list[str]) -> None:
        """Wide characters count as two."""
        columns = (Column("name"), Column("n", "count"))
        lines = Table(columns=columns, rows=[(name, 7) for name in names]).text().split("\n")
        assert len({cell_len(line) for line in lines}) == 1

    def test_centre_and_caption(self) -> None:
        """The caption stands above."""
        table = Table(columns=(Column("title", align="center"),), rows=[["x"]], caption="Found")
        assert table.text().split("\n") == ["Found", "title", "  x"]


class TestRefused:
    @pytest.mark.parametrize("way", ["html", "text"])
    def test_a_row_of_another_width(self, way: str) -> None:
        """The row is named, and what should stand in it."""
        with pytest.raises(InvalidInput, match=r"Row 1 of a table[\s\S]*2 values: name, code[\s\S]*3 values"):
            getattr(Table(columns=TWO, rows=[("a", "b"), ("a", "b", "c")]), way)()

    def test_a_value_that_the_column_cannot_take(self) -> None:
        """The row is named."""
        with pytest.raises(InvalidInput, match=r"Row 0 of a table: A value cannot be written as number"):
            Table(columns=(Column("n", "number"),), rows=[["many"]]).html()

    def test_hostile_titles_of_columns(self) -> None:
        """A head is escaped as a cell is."""
        read = Reader(Table(columns=tuple(Column(each) for each in HOSTILE), rows=[]).html())
        assert read.of("th") == [clean(each) for each in HOSTILE]
