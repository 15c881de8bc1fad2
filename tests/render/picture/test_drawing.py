"""A picture says in words what it shows, and a stored one is read back only when it is one of ours."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.errors import Corrupt
from regrove.render import Cells, Picture, distribution, sparkline
from regrove.render.words import clean
from tests.render.hostile import ANY_TEXT, Reader

SVG = "{http://www.w3.org/2000/svg}"
PLAIN = sparkline([1, 2, 3], title="loss").svg


class TestPicture:
    @given(ANY_TEXT, st.lists(ANY_TEXT, min_size=1, max_size=4))
    @settings(deadline=None)
    def test_words_in_it_do_nothing(self, title: str, labels: list[str]) -> None:
        """It is well-formed XML, and no element or attribute comes from a name."""
        cells = Cells(labels=tuple(labels), reference=(1,) * len(labels), window=(2,) * len(labels))
        for picture in (distribution(cells, title=title), sparkline([1], title=title)):
            root = ElementTree.fromstring(picture.svg)
            assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
                *("svg", "title", "desc", "style", "rect", "line", "path", "circle", "text")
            }
            assert (root.findtext(f"{SVG}title") or "") == clean(title)
            assert Reader(picture.html()).attributes() >= {"role"}
            assert not {name for each in root.iter() for name in each.attrib if name.startswith("on")}

    @given(ANY_TEXT, st.lists(ANY_TEXT, min_size=1, max_size=4))
    @settings(deadline=None)
    def test_a_stored_picture_is_what_it_was(self, title: str, labels: list[str]) -> None:
        """Whatever its names are."""
        cells = Cells(labels=tuple(labels), reference=(1,) * len(labels), window=(2,) * len(labels))
        picture = distribution(cells, title=title)
        again = Picture.read(picture.svg.encode("utf-8"))
        assert again.svg == picture.svg
        assert Picture.read(again.svg).svg == picture.svg

    def test_the_style_is_todays(self) -> None:
        """A picture of an older release is shown in the colours of this one."""
        start, _, rest = PLAIN.partition("<style>")
        _, _, end = rest.partition("</style>")
        old = f"{start}<style>svg {{ fill: url(https://example.com/x) }}</style>{end}"
        assert Picture.read(old).svg == PLAIN

    def test_in_words(self) -> None:
        """For whoever does not see it."""
        assert sparkline([1, 3], title="loss").text() == "loss: 2 values from 1 to 3, the last 3"

    def test_it_stands_on_paper_and_in_the_dark(self) -> None:
        """Its colours follow the reader's, and paper is light."""
        assert "@media screen and (prefers-color-scheme: dark)" in PLAIN and "<title>loss</title>" in PLAIN


class TestRead:
    @pytest.mark.parametrize(
        "stored",
        [
            PLAIN.replace("<path", "<script>alert(1)</script><path", 1),
            PLAIN.replace("<path", '<path onload="alert(1)"', 1),
            PLAIN.replace("<path", '<path style="fill: url(https://example.com)"', 1),
            PLAIN.replace("<path", '<a href="https://example.com"/><path', 1),
            PLAIN.replace("<path", '<image href="https://example.com/x.png"/><path', 1),
            PLAIN.replace("<path", "<foreignObject/><path", 1),
            PLAIN.replace("<path", '<svg xmlns="http://www.w3.org/2000/svg"/><path', 1),
            PLAIN.replace("<path", "<text><style>*{}</style></text><path", 1),
            PLAIN.replace("<svg ", '<svg xmlns:x="http://www.w3.org/1999/xlink" x:href="#a" ', 1),
            PLAIN.replace("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"),
            '<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + PLAIN,
            '<?xml-stylesheet href="https://example.com"?>' + PLAIN,
            PLAIN.replace("viewBox", "class2"),
            PLAIN.replace(' viewBox="0 0 160 36"', ""),
            PLAIN.replace('viewBox="0 0 160 36"', 'viewBox="wide"'),
            PLAIN[:-1],
            "",
            b"\xff\xfe",
            "<svg/>",
            PLAIN + " " * 1_000_000,
        ],
    )
    def test_what_this_package_does_not_draw_is_refused(self, stored: str | bytes) -> None:
        """Nothing comes onto a page from a store that could act there."""
        with pytest.raises(Corrupt, match="no picture of Regrove"):
            Picture.read(stored)
