"""The picture of an alert: its bars are as long as the shares of the counts."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.render import Cells, Picture, distribution

SVG = "{http://www.w3.org/2000/svg}"
COUNTS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=3, max_size=12)


def lengths(picture: Picture, kind: str, side: str) -> list[float]:
    """The length of each bar of a class; the first rectangle is the legend's."""
    found = [each for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}rect") if each.get("class") == kind]
    return [float(each.get(side, "")) for each in found[1:]]


def proportional(bars: list[float], counts: list[int], other: list[float], others: list[int]) -> bool:
    """Whether both sides' bars are in one measure, shares of their own totals, to the tenth of a pixel."""
    shares = [each / (sum(counts) or 1) for each in counts] + [each / (sum(others) or 1) for each in others]
    drawn = [*bars, *other]
    unit = max(drawn) / max(shares) if max(shares) else 0.0
    return all(abs(bar - share * unit) <= 0.11 for bar, share in zip(drawn, shares, strict=True))


class TestDistribution:
    @given(COUNTS)
    @settings(deadline=None)
    def test_categories_are_rows_as_long_as_their_shares(self, counts: list[tuple[int, int]]) -> None:
        """Of the reference and of the window alike."""
        before, after = [a for a, _ in counts], [b for _, b in counts]
        cells = Cells(labels=tuple("abcdefghijklmnop"[: len(counts)]), reference=tuple(before), window=tuple(after))
        picture = distribution(cells, title="t")
        bars = [lengths(picture, kind, "width") for kind in ("rg-reference", "rg-window")]
        assert proportional(bars[0], before, bars[1], after)

    @given(COUNTS)
    @settings(deadline=None)
    def test_numbers_are_columns_as_high_as_their_shares(self, counts: list[tuple[int, int]]) -> None:
        """Nulls stand beside them in the same measure."""
        before, after = [a for a, _ in counts], [b for _, b in counts]
        cells = Cells.numeric(list(range(len(counts) - 2)), before, after, others=["null"])
        picture = distribution(cells, title="t")
        bars = [lengths(picture, kind, "height") for kind in ("rg-reference", "rg-window")]
        assert proportional(bars[0], before, bars[1], after)

    def test_of_many_categories_those_that_changed_most_are_shown(self) -> None:
        """The rest is said in numbers and not drawn: it would dwarf the others."""
        labels = tuple(f"c{index}" for index in range(40))
        cells = Cells(labels=labels, reference=(10,) * 40, window=(*[10] * 38, 500, 300))
        picture = distribution(cells, title="t")
        texts = [each.text for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]
        assert {"c38", "c39", "29 others"} <= set(texts)
        assert len(lengths(picture, "rg-window", "width")) == 11

    @pytest.mark.parametrize("count", [2, 5, 20, 60, 200])
    def test_nothing_is_drawn_outside(self, count: int) -> None:
        """However many cells there are."""
        cells = Cells.numeric(
            [each / 7 for each in range(count)], range(count + 2), range(count + 2, 0, -1), others=["n"]
        )
        picture = distribution(cells, title="a title that is much longer than the picture is wide " * 3)
        for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}rect"):
            x, y, wide, high = (float(each.get(name, "")) for name in ("x", "y", "width", "height"))
            assert 0 <= x and x + wide <= picture.width and 0 <= y and y + high <= picture.height

    def test_a_window_without_rows(self) -> None:
        """It is drawn as what it is."""
        picture = distribution(Cells(labels=("a",), reference=(5,), window=(0,)), title="t")
        assert lengths(picture, "rg-window", "width") == [0.0] and "0 rows" in picture.svg

    def test_in_words_the_largest_change_comes_first(self) -> None:
        """For whoever does not see it."""
        cells = Cells(labels=("a", "b", "c"), reference=(50, 25, 25), window=(10, 65, 25))
        assert distribution(cells, title="t").description.startswith("a 50.0% before, 10.0% in the window; b 25.0%")
