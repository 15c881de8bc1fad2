"""Verdicts on a timeline: one lane for each judge, one dot for each judgement, its colour and shape the word's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec

from regrove.render.chart.chart import Chart, plain
from regrove.render.chart.colour import named
from regrove.render.chart.hover import wrapped
from regrove.render.chart.layout import axis, layout, legend_above, ticks
from regrove.render.chart.value import day
from regrove.render.table import Column, Table
from regrove.render.tone import Tone, tone_of
from regrove.render.words import shorten

__all__ = ["Dot", "timeline"]

_SHAPES: Final[dict[Tone, str]] = {"good": "circle", "bad": "diamond", "open": "circle-open", "none": "square-open"}


class Dot(msgspec.Struct, frozen=True, kw_only=True):
    """One judgement: when, in which lane, its word, and its reason."""

    at: date
    lane: str
    word: str
    reason: str = ""


def timeline(title: str, dots: Sequence[Dot], *, summary: str = "") -> Chart:
    """Lanes from top to bottom in the order in which they are first met.

    Raises InvalidInput for an ``at`` that is no date.
    """
    lanes = list(dict.fromkeys(each.lane for each in dots))
    words = list(dict.fromkeys(each.word for each in dots))
    shown = [plain(shorten(each, 40)) for each in lanes]
    place = {lane: index for index, lane in enumerate(lanes)}
    return Chart(
        title=title,
        summary=summary or _said(dots),
        data=[_word(word, [each for each in dots if each.word == word], place) for word in words],
        layout=layout(
            **legend_above(),
            xaxis=axis(type="date", hoverformat="%Y-%m-%d"),
            yaxis=axis(**ticks(shown), range=[max(len(lanes), 1) - 0.5, -0.5], zeroline=False, fixedrange=True),
            hovermode="closest",
        ),
        height=88 + 34 * max(len(lanes), 2),
        numbers=Table(
            columns=(Column("day", "day"), Column("lane"), Column("verdict", "verdict"), Column("reason")),
            rows=[(each.at, each.lane, each.word, each.reason) for each in dots],
        ),
    )


def _word(word: str, dots: Sequence[Dot], place: dict[str, int]) -> dict[str, Any]:
    tone = tone_of(word)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(shorten(word, 32)),
        "x": [day(each.at) for each in dots],
        "y": [place[each.lane] for each in dots],
        "hovertext": [wrapped(f"{day(each.at)[:10]}  {each.word}", each.reason) for each in dots],
        "hoverinfo": "text",
        "marker": {
            "color": named(tone),
            "symbol": _SHAPES[tone],
            "size": 10,
            "line": {"width": 2, "color": named(tone)},
        },
    }


def _said(dots: Sequence[Dot]) -> str:
    if not dots:
        return "No verdicts"
    counts = Counter(each.word for each in dots)
    listed = ", ".join(f"{count} {shorten(word, 32)}" for word, count in counts.most_common())
    first, last = min(day(each.at) for each in dots)[:10], max(day(each.at) for each in dots)[:10]
    return f"{len(dots)} verdicts from {first} to {last}: {listed}"
