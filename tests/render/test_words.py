"""Words from anywhere are fit for a page, a terminal and XML, and otherwise what they were."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from regrove.render.words import clean, shorten
from tests.render.hostile import ANY_TEXT, HOSTILE


class TestClean:
    @given(ANY_TEXT)
    @settings(deadline=None)
    def test_the_outcome_is_text_that_xml_and_utf8_can_hold(self, text: str) -> None:
        """An XML parser, which refuses what it must, takes it and gives it back."""
        cleaned = clean(text)
        cleaned.encode("utf-8")
        escaped = cleaned.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert (ElementTree.fromstring(f"<t>{escaped}</t>").text or "") == cleaned

    @given(ANY_TEXT)
    @settings(deadline=None)
    def test_no_control_is_left_and_nothing_else_is_lost(self, text: str) -> None:
        """Only line ends and tabs act; every character that shows is kept in its place."""
        cleaned = clean(text)
        assert all(each in "\n\t" or unicodedata.category(each) != "Cc" for each in cleaned)
        kept = [each for each in cleaned if each not in "\n\ufffd"]
        controls = {*map(chr, [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])}
        unfit = (controls - {"\t"}) | {"\ufffd", "\ufffe", "\uffff", *map(chr, range(0xD800, 0xE000))}
        assert kept == [each for each in text if each not in unfit]

    def test_once_is_enough(self) -> None:
        """A cleaned text is clean."""
        assert all(clean(clean(each)) == clean(each) for each in HOSTILE)


class TestShorten:
    @given(ANY_TEXT)
    @settings(deadline=None)
    def test_it_fits_on_one_line(self, text: str) -> None:
        """Whatever is given."""
        short = shorten(text, 20)
        assert len(short) <= 20 and "\n" not in short

    @pytest.mark.parametrize(("text", "short"), [("a b", "a b"), ("abcdef", "abc…"), ("a\n b", "a b")])
    def test_the_end_is_cut_with_a_sign(self, text: str, short: str) -> None:
        """A reader sees that there was more."""
        assert shorten(text, 4) == short
