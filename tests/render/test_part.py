"""The small parts of a page hold words from anywhere."""

from __future__ import annotations

from hypothesis import given, settings

from regrove.render import Facts, Fold, Note, Part, Prose, Tile, Tiles, lines
from regrove.render.words import clean
from tests.render.hostile import ANY_TEXT, Reader


class TestParts:
    @given(ANY_TEXT)
    @settings(deadline=None)
    def test_words_are_shown_and_do_nothing(self, text: str) -> None:
        """In every part."""
        parts = [
            Prose(text),
            Facts([(text, text or "-")]),
            Note(word=text, reason=text),
            Tiles([Tile(text, text, text)]),
            Fold(text, [Prose(text)]),
        ]
        for part in parts:
            read = Reader(part.html())
            assert read.tags() <= {"p", "dl", "div", "dt", "dd", "bdi", "span", "details", "summary"}
            assert read.attributes() <= {"class"}
            shown = "".join(read.texts[0][1].split()) if read.texts else ""
            assert "".join(clean(text).split()) in shown

    def test_each_is_a_part(self) -> None:
        """A page takes them all by one seam."""
        parts = [Prose(""), Facts([]), Note(word="", reason=""), Tiles([]), Fold("", []), lines("t", [], y="y")]
        assert all(isinstance(each, Part) for each in parts)

    def test_paragraphs_are_parted_by_empty_lines(self) -> None:
        """And by nothing else."""
        assert Reader(Prose("one\nstill one\n\n\n\ntwo").html()).of("p") == ["one\nstill one", "two"]

    def test_facts_without_a_value_are_left_out(self) -> None:
        """A label alone says nothing."""
        assert Reader(Facts([("a", "1"), ("b", "")]).html()).of("dt") == ["a"]

    def test_a_fold_is_scripted_when_something_in_it_is(self) -> None:
        """So that the page brings the script."""
        assert not Fold("", [Prose("")]).scripted
        assert Fold("", [Fold("", [lines("t", [], y="y")])]).scripted
