"""A reference and a window on the same cells, as a chart that can be pointed at."""

from __future__ import annotations

from typing import Any

from regrove.render.cells import Cells
from regrove.render.chart.chart import Chart, plain
from regrove.render.chart.colour import named
from regrove.render.chart.layout import axis, layout, legend_above, words_below
from regrove.render.chart.value import number
from regrove.render.picture.distribution import said
from regrove.render.table import Column, Table
from regrove.render.words import shorten

__all__ = ["histogram"]

_CATEGORIES = 30


def histogram(title: str, cells: Cells, *, summary: str = "", height: int = 320) -> Chart:
    """The share of the rows in each cell, in the reference and in the window; both add up to 1."""
    shown = cells.folded(_CATEGORIES)
    labels = [plain(shorten(each, 24)) for each in shown.labels]
    before, after = shown.shares()
    rows = shown.rows
    return Chart(
        title=title,
        summary=summary or said(cells),
        data=[
            _side(f"reference, {rows[0]:,} rows", before, labels, "reference"),
            _side(f"window, {rows[1]:,} rows", after, labels, "blue"),
        ],
        layout=layout(
            **legend_above(),
            barmode="group",
            bargap=0.18,
            bargroupgap=0.02,
            xaxis=axis(**words_below(labels)),
            yaxis=axis("share of rows", tickformat=".0%", rangemode="tozero"),
            hovermode="x unified",
        ),
        height=height,
        numbers=Table(
            columns=(
                Column("cell"),
                Column("reference", "count"),
                Column("window", "count"),
                Column("share before", "share"),
                Column("share in the window", "share"),
            ),
            rows=list(zip(shown.labels, shown.reference, shown.window, before, after, strict=True)),
        ),
    )


def _side(name: str, shares: list[float], labels: list[str], colour: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": list(range(len(labels))),
        "y": [number(each) for each in shares],
        "hovertemplate": "%{y:.2%}",
        "marker": {"color": named(colour)},
    }
