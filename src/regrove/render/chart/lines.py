"""Lines over days, each with its interval: the loss of the living model beside that of one never trained again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from regrove.render.chart.chart import Chart, plain
from regrove.render.chart.colour import SERIES, named
from regrove.render.chart.layout import axis, layout, legend_above
from regrove.render.chart.mark import Mark, marked
from regrove.render.chart.value import days, numbers, same_length
from regrove.render.table import Column, Table
from regrove.render.words import shorten

__all__ = ["Line", "lines"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One series: a value a day, with the ends of its interval where it has one; None is a gap.

    A ``muted`` line is grey and dashed, as what others are compared with.
    """

    name: str
    days: Sequence[date]
    values: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    muted: bool = False

    def __post_init__(self) -> None:
        """Refuse values and days that do not belong together."""
        same_length(
            f"line {shorten(self.name, 40)!r}", days=self.days, values=self.values, low=self.low, high=self.high
        )


def lines(
    title: str, series: Sequence[Line], *, y: str, summary: str = "", marks: Sequence[Mark] = (), height: int = 380
) -> Chart:
    """Lines over days with intervals shaded; ``marks`` say what happened when.

    Raises InvalidInput for values that are not numbers and for days that are not dates.
    """
    data: list[dict[str, Any]] = []
    for index, each in enumerate(series):
        colour = "reference" if each.muted else SERIES[index % len(SERIES)]
        data += _band(each, colour, f"line{index}")
        data.append(_line(each, colour, f"line{index}"))
    above = marked(marks, [at for each in series for at in each.days])
    upper = {"yaxis2": above.axis} if marks else {}
    return Chart(
        title=title,
        summary=summary or _said(series, y),
        data=[*data, *above.traces],
        layout=layout(
            **legend_above(),
            xaxis=axis(type="date", hoverformat="%Y-%m-%d"),
            yaxis=axis(plain(y), domain=[0, above.top]),
            **upper,
            shapes=above.shapes,
            hovermode="x unified",
        ),
        height=height,
        numbers=_numbers(series, y),
    )


def _line(each: Line, colour: str, group: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers" if _sparse(each) else "lines",
        "name": plain(shorten(each.name, 48)),
        "legendgroup": group,
        "x": days(each.days),
        "y": numbers(each.values),
        "connectgaps": False,
        "hovertemplate": "%{y:.4g}",
        "line": {"color": named(colour), "width": 2, "dash": "dash" if each.muted else "solid"},
        "marker": {"color": named(colour), "size": 5},
    }


def _sparse(each: Line) -> bool:
    """Few values, or one between gaps, would not be seen as a line."""
    known = [value is not None for value in each.values]
    alone = any(
        there and not before and not after
        for before, there, after in zip([False, *known], known, [*known[1:], False], strict=False)
    )
    return len(known) <= 40 or alone


def _band(each: Line, colour: str, group: str) -> list[dict[str, Any]]:
    """The interval as one closed outline a stretch without gaps."""
    if each.low is None or each.high is None:
        return []
    x: list[str | None] = []
    y: list[float | None] = []
    for stretch in _stretches(days(each.days), numbers(each.low), numbers(each.high)):
        if x:
            x.append(None)
            y.append(None)
        x += [at for at, _, _ in stretch] + [at for at, _, _ in reversed(stretch)]
        y += [high for _, _, high in stretch] + [low for _, low, _ in reversed(stretch)]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": y,
            "fill": "toself",
            "fillcolor": named(colour + "-soft"),
            "line": {"width": 0, "color": named("clear")},
            "hoverinfo": "skip",
            "showlegend": False,
            "legendgroup": group,
        }
    ]


def _stretches(
    at: Sequence[str], low: Sequence[float | None], high: Sequence[float | None]
) -> list[list[tuple[str, float, float]]]:
    stretches: list[list[tuple[str, float, float]]] = [[]]
    for when, least, most in zip(at, low, high, strict=True):
        if least is None or most is None:
            stretches.append([])
        else:
            stretches[-1].append((when, least, most))
    return [each for each in stretches if each]


def _numbers(series: Sequence[Line], y: str) -> Table:
    columns = (Column("series"), Column("day", "day"), Column(y, "number"), Column("interval", "interval"))
    rows = []
    for each in series:
        ends = zip(each.low or [None] * len(each.days), each.high or [None] * len(each.days), strict=True)
        for when, value, (low, high) in zip(each.days, each.values, ends, strict=True):
            rows.append((each.name, when, value, None if low is None or high is None else (low, high)))
    return Table(columns=columns, rows=rows)


def _said(series: Sequence[Line], y: str) -> str:
    parts = []
    for each in series:
        known = [value for value in numbers(each.values) if value is not None]
        name = shorten(each.name, 60)
        parts.append(f"{name} from {min(known):.4g} to {max(known):.4g}" if known else f"{name} without values")
    return f"{y} over days: " + "; ".join(parts) if parts else f"{y} over days: no series"
