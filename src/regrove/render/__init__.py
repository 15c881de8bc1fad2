"""Render: what was found, as tables, charts, pictures and pages for people, and as JUnit XML for machines.

Everything here is a pure function of what it is given: the same values give the same bytes, nothing is looked up. Words
from anywhere (names of columns, reasons, requests) are escaped, and what no page or terminal should be given is
replaced. A `page` is one file that loads nothing and runs no script but its own; a `Chart` needs Plotly's script
(the extra ``plots``), a `Picture` needs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.render.cells import Cells
    from regrove.render.chart.bars import Bars, bars
    from regrove.render.chart.chart import Chart
    from regrove.render.chart.effects import effects
    from regrove.render.chart.histogram import histogram
    from regrove.render.chart.lines import Line, lines
    from regrove.render.chart.mark import Mark
    from regrove.render.chart.timeline import Dot, timeline
    from regrove.render.part import Facts, Fold, Note, Part, Prose, Tile, Tiles
    from regrove.render.picture.distribution import distribution
    from regrove.render.picture.drawing import Picture
    from regrove.render.picture.sparkline import sparkline
    from regrove.render.section import Section, page
    from regrove.render.suite import Case, Suite, junit
    from regrove.render.table import Column, Table
    from regrove.render.tone import tone_of
    from regrove.render.write import write_page

__all__ = [
    "Bars",
    "Case",
    "Cells",
    "Chart",
    "Column",
    "Dot",
    "Facts",
    "Fold",
    "Line",
    "Mark",
    "Note",
    "Part",
    "Picture",
    "Prose",
    "Section",
    "Suite",
    "Table",
    "Tile",
    "Tiles",
    "bars",
    "distribution",
    "effects",
    "histogram",
    "junit",
    "lines",
    "page",
    "sparkline",
    "timeline",
    "tone_of",
    "write_page",
]

_HOME = {
    "Bars": "chart.bars",
    "Case": "suite",
    "Cells": "cells",
    "Chart": "chart.chart",
    "Column": "table",
    "Dot": "chart.timeline",
    "Facts": "part",
    "Fold": "part",
    "Line": "chart.lines",
    "Mark": "chart.mark",
    "Note": "part",
    "Part": "part",
    "Picture": "picture.drawing",
    "Prose": "part",
    "Section": "section",
    "Suite": "suite",
    "Table": "table",
    "Tile": "part",
    "Tiles": "part",
    "bars": "chart.bars",
    "distribution": "picture.distribution",
    "effects": "chart.effects",
    "histogram": "chart.histogram",
    "junit": "suite",
    "lines": "chart.lines",
    "page": "section",
    "sparkline": "picture.sparkline",
    "timeline": "chart.timeline",
    "tone_of": "tone",
    "write_page": "write",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
