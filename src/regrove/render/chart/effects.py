"""How far each column moved on each day: a map whose colours begin where an effect begins to matter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from regrove.errors import InvalidInput
from regrove.render.chart.chart import Chart, plain
from regrove.render.chart.colour import HEAT, named
from regrove.render.chart.layout import axis, layout, ticks
from regrove.render.chart.value import days, numbers, same_length
from regrove.render.words import shorten

__all__ = ["effects"]

_STRONG = 4.0  # effects of so many floors, and beyond, have the last colour


def effects(
    title: str,
    columns: Sequence[str],
    at: Sequence[date],
    values: Sequence[Sequence[float | None]],
    *,
    floor: float,
    drifted: Sequence[Sequence[bool]] | None = None,
    unit: str = "Jensen-Shannon distance",
    summary: str = "",
) -> Chart:
    """One row a column, one field a day; ``values[column][day]`` is an effect of 0 or more, None where none is known.

    ``floor`` is the least effect that matters; ``drifted`` underlines the fields whose verdict was DRIFT. Raises
    InvalidInput for a floor that is not above 0 and for values that do not fit columns and days.
    """
    if not floor > 0:
        raise InvalidInput("A floor must be above 0", expected="the least effect that matters", received=repr(floor))
    same_length("a map of effects", columns=columns, values=values, drifted=drifted)
    for index, name in enumerate(columns):
        moved = None if drifted is None else drifted[index]
        same_length(f"column {shorten(name, 40)!r}", days=at, values=values[index], drifted=moved)
    when, rows = days(at), [numbers(row) for row in values]
    shown = [plain(shorten(each, 32)) for each in columns]
    signs = [] if drifted is None else [_signs(when, drifted)]
    return Chart(
        title=title,
        summary=summary or _said(columns, when, rows, floor),
        data=[_map(when, rows, shown, floor, unit), *signs],
        layout=layout(
            margin={"l": 56, "r": 16, "t": 32, "b": 36, "pad": 2},
            xaxis=axis(type="date", showgrid=False),
            yaxis=axis(**ticks(shown), autorange="reversed", showgrid=False, zeroline=False, fixedrange=True),
            hovermode="closest",
        ),
        height=120 + 24 * max(len(columns), 3),
    )


def _map(when: list[str], rows: list[list[float | None]], shown: list[str], floor: float, unit: str) -> dict[str, Any]:
    steps = [0.0, 1 / _STRONG, 1.75 / _STRONG, 2.75 / _STRONG, 1.0]
    return {
        "type": "heatmap",
        "x": when,
        "y": list(range(len(rows))),
        "z": rows,
        "zmin": 0,
        "zmax": _STRONG * floor,
        "colorscale": [[step, named(colour)] for step, colour in zip(steps, HEAT, strict=True)],
        "xgap": 1 if len(when) <= 120 else 0,
        "ygap": 1,
        "hoverongaps": False,
        "hovertext": [
            [_said_of(name, day, value) for day, value in zip(when, row, strict=True)]
            for name, row in zip(shown, rows, strict=True)
        ],
        "hoverinfo": "text",
        "colorbar": {
            "thickness": 10,
            "outlinewidth": 0,
            "title": {"text": plain(unit), "side": "right", "font": {"color": named("muted")}},
            "tickvals": [0, floor, 2 * floor, _STRONG * floor],
            "ticktext": ["0", f"{floor:.3g}, the floor", f"{2 * floor:.3g}", f"{_STRONG * floor:.3g} and more"],
            "tickfont": {"color": named("muted")},
        },
    }


def _said_of(name: str, day: str, value: float | None) -> str:
    return f"<b>{name}</b><br>{day[:10]}  {'–' if value is None else f'{value:.4g}'}"


def _signs(when: list[str], drifted: Sequence[Sequence[bool]]) -> dict[str, Any]:
    places = [(day, row) for row, line in enumerate(drifted) for day, moved in zip(when, line, strict=True) if moved]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "DRIFT",
        "x": [day for day, _ in places],
        "y": [row + 0.38 for _, row in places],
        "hoverinfo": "skip",
        "marker": {"symbol": "square", "size": 4 if len(when) <= 120 else 2.5, "color": named("ink")},
    }


def _said(columns: Sequence[str], when: list[str], rows: list[list[float | None]], floor: float) -> str:
    found = [
        (value, column, day[:10])
        for column, row in zip(columns, rows, strict=True)
        for day, value in zip(when, row, strict=True)
        if value is not None
    ]
    if not found:
        return "No effects are known"
    over = sum(value >= floor for value, _, _ in found)
    most, column, day = max(found)
    return (
        f"{len(columns)} columns on {len(when)} days: {over} of {len(found)} effects reach the floor {floor:.4g}; "
        f"the largest is {most:.4g}, {shorten(column, 60)} on {day}"
    )
