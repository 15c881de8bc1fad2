"""Bars: a value a month, with its interval, for one series or several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from regrove.render.chart.chart import Chart, plain
from regrove.render.chart.colour import SERIES, named
from regrove.render.chart.layout import axis, layout, legend_above, words_below
from regrove.render.chart.value import number, numbers, same_length
from regrove.render.table import Column, Table
from regrove.render.words import shorten

__all__ = ["Bars", "bars"]


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """One series: a value a label, with the ends of its interval where it has one; None is no bar."""

    name: str
    values: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    muted: bool = False


def bars(
    title: str, labels: Sequence[str], series: Sequence[Bars], *, y: str, summary: str = "", height: int = 340
) -> Chart:
    """Bars by label, such as a month. Raises InvalidInput for a series with more or fewer values than labels."""
    for each in series:
        same_length(f"bars {shorten(each.name, 40)!r}", labels=labels, values=each.values, low=each.low, high=each.high)
    shown = [plain(shorten(each, 24)) for each in labels]
    return Chart(
        title=title,
        summary=summary or _said(labels, series, y),
        data=[_bar(each, index, shown) for index, each in enumerate(series)],
        layout=layout(
            **legend_above(),
            barmode="group",
            bargap=0.3,
            bargroupgap=0.08,
            xaxis=axis(**words_below(shown)),
            yaxis=axis(plain(y), rangemode="tozero"),
            hovermode="x unified",
        ),
        height=height,
        numbers=_numbers(labels, series, y),
    )


def _bar(each: Bars, index: int, shown: list[str]) -> dict[str, Any]:
    bar: dict[str, Any] = {
        "type": "bar",
        "name": plain(shorten(each.name, 48)),
        "x": list(range(len(shown))),
        "y": numbers(each.values),
        "hovertemplate": "%{y:.4g}",
        "marker": {"color": named("reference" if each.muted else SERIES[index % len(SERIES)])},
    }
    if each.low is not None and each.high is not None:
        ends = list(zip(each.values, each.low, each.high, strict=True))
        bar["error_y"] = {
            "type": "data",
            "symmetric": False,
            "array": [_reach(high, value) for value, _, high in ends],
            "arrayminus": [_reach(value, low) for value, low, _ in ends],
            "color": named("muted"),
            "thickness": 1.2,
            "width": 3,
        }
    return bar


def _reach(above: float | None, below: float | None) -> float | None:
    upper, lower = number(above), number(below)
    return None if upper is None or lower is None else max(upper - lower, 0.0)


def _numbers(labels: Sequence[str], series: Sequence[Bars], y: str) -> Table:
    columns = (Column(""), Column("series"), Column(y, "number"), Column("interval", "interval"))
    rows = []
    for index, label in enumerate(labels):
        for each in series:
            ends = None if each.low is None or each.high is None else (each.low[index], each.high[index])
            rows.append((label, each.name, each.values[index], None if ends is None or None in ends else ends))
    return Table(columns=columns, rows=rows)


def _said(labels: Sequence[str], series: Sequence[Bars], y: str) -> str:
    parts = []
    for each in series:
        known = [(value, labels[index]) for index, value in enumerate(numbers(each.values)) if value is not None]
        name = shorten(each.name, 60)
        if known:
            (low, first), (high, last) = min(known), max(known)
            parts.append(f"{name} from {low:.4g} ({shorten(first, 24)}) to {high:.4g} ({shorten(last, 24)})")
        else:
            parts.append(f"{name} without values")
    return f"{y}: " + "; ".join(parts)
