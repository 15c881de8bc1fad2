"""A chart: a Plotly figure as plain values, what it says in words, and its numbers."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from markupsafe import Markup

from regrove.render.chart.colour import Theme, resolved
from regrove.render.table import Table
from regrove.render.templates import fill
from regrove.render.words import clean

__all__ = ["Chart", "in_script"]

_ROWS: Final = 1_000
_ESCAPES: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """One chart of a page.

    ``summary`` is what it shows, in a sentence, for whoever does not see it. ``data`` and ``layout`` are those of a
    Plotly figure, in plain values whose colours are names; ``numbers`` stand behind a fold under the chart.
    """

    title: str
    summary: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    height: int = 340
    numbers: Table | None = None

    @property
    def scripted(self) -> bool:
        """A chart is drawn by Plotly's script, which the page brings."""
        return True

    def figure(self, theme: Theme = "light") -> dict[str, Any]:
        """The figure with its colours, as ``plotly.graph_objects.Figure`` takes it and Plotly's script draws it."""
        layout = {**self.layout, "height": self.height, "title": {"text": plain(self.title)}}
        return {"data": resolved(self.data, theme), "layout": resolved(layout, theme)}

    def html(self) -> Markup:
        """The chart as part of a page: an empty plot, its figure as data, its numbers."""
        numbers = self.numbers if self.numbers is not None and len(self.numbers.rows) <= _ROWS else None
        return fill(
            "chart.html",
            chart=self,
            figure=Markup(in_script({"data": self.data, "layout": self.layout})),  # noqa: S704  # escaped for a script
            numbers=None if numbers is None else numbers.html(),
        )


def in_script(value: Any) -> str:
    r"""``value`` as JSON that may stand inside a ``script`` element: nothing in it can end the element.

    >>> in_script({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = msgspec.json.encode(value).decode("utf-8")
    for sign, escaped in _ESCAPES.items():
        text = text.replace(sign, escaped)
    return text


def plain(words: str) -> str:
    """Words for a place where Plotly reads a few tags and entities: they are shown as they are.

    >>> plain("<b>a & b</b>")
    '&lt;b&gt;a &amp; b&lt;/b&gt;'
    """
    return clean(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
