"""A small line goes through its values, stops at gaps, and shades what was judged."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.render import Picture, sparkline

SVG = "{http://www.w3.org/2000/svg}"
VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=40)


def paths(picture: Picture, kind: str) -> list[list[tuple[float, float]]]:
    """The points of each path of a class."""
    found = [each for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}path") if each.get("class") == kind]
    return [
        [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", each.get("d", ""))] for each in found
    ]


class TestSparkline:
    @given(VALUES)
    @settings(deadline=None)
    def test_each_known_value_is_a_point_inside_and_order_is_kept(self, values: list[float | None]) -> None:
        """From left to right, a larger value higher up."""
        picture = sparkline(values, title="t")
        points = [point for path in paths(picture, "rg-trace") for point in dict.fromkeys(path)]
        known = [each for each in values if each is not None]
        assert len(points) == len(known)
        assert all(0 <= x <= 160 and 0 <= y <= 36 for x, y in points)
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        for (_, y1), value1 in zip(points, known, strict=True):
            for (_, y2), value2 in zip(points, known, strict=True):
                assert value1 <= value2 or y1 <= y2

    def test_a_gap_parts_the_line(self) -> None:
        """Nothing is drawn where nothing is known; nan and infinities are gaps."""
        nan, infinite = float("nan"), float("inf")
        assert [
            len(each) for each in paths(sparkline([1, 2, None, 3, nan, infinite, 1, 2, 3], title="t"), "rg-trace")
        ] == [
            *(2, 2, 3)  # a single value is drawn twice, which makes it a dot
        ]

    def test_an_interval_is_an_outline_around_the_line(self) -> None:
        """Its upper edge forth, its lower back."""
        picture = sparkline([2, 2], low=[1, 1], high=[3, 3], title="t")
        (outline,) = paths(picture, "rg-band")
        (line,) = paths(picture, "rg-trace")
        assert [x for x, _ in outline] == [line[0][0], line[1][0], line[1][0], line[0][0]]
        assert outline[0][1] < line[0][1] < outline[2][1]

    def test_the_window_covers_its_values(self) -> None:
        """Half a step to both sides."""
        picture = sparkline(range(11), title="t", window=(3, 4))
        (shade,) = ElementTree.fromstring(picture.svg).iter(f"{SVG}rect")
        ((*points,),) = paths(picture, "rg-trace")
        left, right = float(shade.get("x")), float(shade.get("x")) + float(shade.get("width"))
        assert [index for index, (x, _) in enumerate(points) if left <= x <= right] == [3, 4]

    def test_the_floor_is_drawn_in_the_same_measure(self) -> None:
        """A value at the floor lies on it."""
        picture = sparkline([0, 5, 10], title="t", floor=5)
        (path,) = [
            each for each in ElementTree.fromstring(picture.svg).iter(f"{SVG}path") if each.get("class") == "rg-floor"
        ]
        ((*points,),) = paths(picture, "rg-trace")
        assert float(re.match(r"M0 ([\d.]+)H", path.get("d"))[1]) == points[1][1]

    @pytest.mark.parametrize("values", [[], [None, None]])
    def test_without_values_it_says_so(self, values: list[None]) -> None:
        """An empty picture is no broken one."""
        picture = sparkline(values, title="t", floor=1, window=(0, 0))
        assert picture.description == "no values" and not paths(picture, "rg-trace")

    def test_values_that_are_all_alike_lie_in_the_middle(self) -> None:
        """Neither at the top nor at the bottom, which would mean something."""
        ((*points,),) = paths(sparkline([7, 7, 7], title="t"), "rg-trace")
        assert {y for _, y in points} == {18.0}

    @pytest.mark.parametrize("ends", [{"low": [1]}, {"low": [1, 1], "high": [2]}])
    def test_half_an_interval_is_refused(self, ends: dict[str, list[float]]) -> None:
        """Both ends, for each value."""
        with pytest.raises(InvalidInput, match="both ends"):
            sparkline([1, 2], title="t", **ends)
