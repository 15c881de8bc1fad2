"""What happened at an instant, drawn over an axis of time: a promotion, an alert, a rollback."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from regrove.render.chart.chart import plain
from regrove.render.chart.colour import named
from regrove.render.chart.hover import wrapped
from regrove.render.chart.value import day
from regrove.render.tone import Tone
from regrove.render.words import shorten

__all__ = ["Mark", "Marked", "marked"]

_ROW: Final = 0.065  # of the plot's height, a line of small words
_ROWS: Final = 4
_LETTER: Final = 0.0085  # of the plot's width, a letter of the small font
_SIGN: Final = 0.025


class Mark(msgspec.Struct, frozen=True):
    """An instant with a short label; its reason shows when it is pointed at."""

    at: date
    label: str
    reason: str = ""
    tone: Tone = "none"


class Marked(msgspec.Struct, frozen=True):
    """Marks as they enter a figure."""

    top: float
    """Where the plot ends and the marks begin, as a share of the height; 1 without marks."""
    traces: list[dict[str, Any]]
    shapes: list[dict[str, Any]]
    rows: int = 0

    @property
    def axis(self) -> dict[str, Any]:
        """The axis on which the marks stand."""
        return {
            "domain": [self.top, 1],
            "range": [self.rows - 0.5, -0.5],
            "visible": False,
            "fixedrange": True,
        }


def marked(marks: Sequence[Mark], shown: Sequence[date]) -> Marked:
    """The marks over a plot of the days ``shown``: signs in rows, so that their labels do not run into each other."""
    if not marks:
        return Marked(1.0, [], [])
    ordered = sorted(marks, key=lambda each: _instant(each.at))
    rows = _rows(ordered, [_instant(each) for each in shown])
    top = 1 - _ROW * (max(rows) + 1)
    traces = [
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": [day(each.at) for each in ordered],
            "y": rows,
            "yaxis": "y2",
            "text": [plain(shorten(each.label, 24)) for each in ordered],
            "textposition": "middle right",
            "textfont": {"size": 11, "color": named("muted")},
            "hovertext": [wrapped(each.label, each.reason) for each in ordered],
            "hoverinfo": "text",
            "marker": {"symbol": "diamond", "size": 8, "color": [named(each.tone) for each in ordered]},
            "cliponaxis": False,
            "showlegend": False,
        }
    ]
    return Marked(top, traces, [_line(each, row, top) for each, row in zip(ordered, rows, strict=True)], max(rows) + 1)


def _line(mark: Mark, row: int, top: float) -> dict[str, Any]:
    """From the sign down through the plot."""
    return {
        "type": "line",
        "xref": "x",
        "yref": "paper",
        "x0": day(mark.at),
        "x1": day(mark.at),
        "y0": 0,
        "y1": max(top, 1 - _ROW * (row + 0.7)),
        "layer": "below",
        "line": {"color": named(mark.tone), "width": 1, "dash": "dot"},
    }


def _rows(ordered: Sequence[Mark], shown: Sequence[float]) -> list[int]:
    """The first row whose last label ends before; the last row takes what finds none."""
    instants = [_instant(each.at) for each in ordered]
    wide = max([*instants, *shown]) - min([*instants, *shown]) or 1.0
    ends: list[float] = []
    rows = []
    for mark, at in zip(ordered, instants, strict=True):
        end = at + wide * (_SIGN + _LETTER * min(len(mark.label), 24))
        row = next((index for index, last in enumerate(ends) if last <= at), len(ends))
        row = min(row, _ROWS - 1)
        ends[row : row + 1] = [end]
        rows.append(row)
    return rows


def _instant(at: date) -> float:
    """Seconds, so that dates and datetimes can be put in order."""
    moment = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
