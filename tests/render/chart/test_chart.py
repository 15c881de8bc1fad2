"""Every chart is a figure that Plotly takes, whatever its names are."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pytest
from hypothesis import given, settings

from regrove.render.chart.chart import in_script, plain
from regrove.render.chart.colour import themes
from regrove.render.words import clean
from tests.render.chart.gallery import gallery
from tests.render.hostile import ANY_TEXT, HOSTILE, Reader


@pytest.fixture(scope="module")
def figure_of() -> Any:
    """Plotly's own class of figures, which refuses an attribute or value that its script would not take."""
    with warnings.catch_warnings(action="ignore"):
        from plotly.graph_objects import Figure
    return Figure


class TestFigure:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("chart", gallery("a", "b", "c"), ids=lambda chart: chart.title)
    def test_plotly_takes_it(self, figure_of: Any, chart: Any, theme: Any) -> None:
        """Every attribute is known to Plotly, every colour is one, and nothing is left to guess."""
        made = chart.figure(theme)
        figure = figure_of(made)
        assert len(figure.data) == len(made["data"]) and figure.layout.title.text == chart.title
        assert "var(--" not in json.dumps(made)

    def test_hostile_names_are_words(self, figure_of: Any) -> None:
        """Not tags, not entities, not templates, not colours."""
        for name in HOSTILE:
            for chart in gallery(name, name + "2", name + "3"):
                made = figure_of(chart.figure()).to_plotly_json()
                assert not re.search(r"<(?!/?b>|br>)", json.dumps(made).replace("\\u003c", "<"))

    def test_numbers_are_plain(self) -> None:
        """No nan and no infinity: JSON has none, and a gap is a gap."""
        for chart in gallery("a"):
            json.loads(json.dumps(chart.figure(), allow_nan=False))

    @given(ANY_TEXT)
    @settings(max_examples=30, deadline=None)
    def test_the_markup_holds_the_figure_and_no_more(self, name: str) -> None:
        """A parser finds one script of data in each chart, and in it the figure."""
        for chart in gallery(name, "b"):
            read = Reader(chart.html())
            (data,) = read.of("script")
            assert json.loads(data) == json.loads(json.dumps({"data": chart.data, "layout": chart.layout}))
            kinds = [attributes for tag, attributes in read.elements if tag == "script"]
            assert kinds == [{"type": "application/json"}]
            assert read.of("figcaption") == [clean(chart.title)]
            assert read.attributes() <= {"class", "role", "aria-label", "style", "type", "scope", "colspan"}

    @pytest.mark.parametrize("chart", gallery("a", "b", "c"), ids=lambda chart: chart.title)
    def test_it_says_in_words_what_it_shows(self, chart: Any) -> None:
        """For whoever does not see it, and where there is no script."""
        elements = [attributes for _, attributes in Reader(chart.html()).elements if attributes.get("role") == "img"]
        assert [each["aria-label"] for each in elements] == [clean(chart.summary)] and len(chart.summary) > 10


class TestColours:
    def test_both_themes_have_the_same_names(self) -> None:
        """A colour that one lacks would be black there."""
        assert set(themes()["light"]) == set(themes()["dark"])

    def test_every_name_in_a_figure_is_one_of_the_style_sheet(self) -> None:
        """A name that nobody knows would be black."""
        used = set(
            re.findall(r"var\(--([a-z0-9-]+)\)", json.dumps([each.data + [each.layout] for each in gallery("a")]))
        )
        assert used <= set(themes()["light"]) and len(used) > 10

    def test_a_series_that_is_called_like_a_colour_is_not_one(self) -> None:
        """Names are replaced where Plotly reads colours, and nowhere else."""
        names = [trace.get("name") for trace in gallery("var(--ink)")[0].figure()["data"]]
        assert "var(--ink)" in names


class TestInScript:
    @given(ANY_TEXT)
    @settings(deadline=None)
    def test_what_goes_in_comes_out_and_cannot_end_the_element(self, text: str) -> None:
        """Neither a closing tag nor a comment nor a line end that only JavaScript knows."""
        written = in_script({"k": [clean(text)]})
        assert json.loads(written) == {"k": [clean(text)]}
        assert not re.search("[<>&\u2028\u2029]", written)

    @given(ANY_TEXT)
    @settings(deadline=None)
    def test_words_for_plotly_hold_no_tag(self, text: str) -> None:
        """Plotly shows entities as their signs."""
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", plain(text))
