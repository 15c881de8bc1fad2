"""One chart of each kind, called by names of one's choice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from regrove.render import Bars, Cells, Chart, Dot, Line, Mark, bars, effects, histogram, lines, timeline

DAYS = [date(2013, 3, 1) + timedelta(days=each) for each in range(20)]


def gallery(*names: str) -> list[Chart]:
    """Six charts; every title, series, label, reason in them is one of ``names``, in turn."""
    a, b, c = (names * 3)[:3]
    values = [0.4 + 0.01 * (each % 5) for each in range(20)]
    gap = [None if each in {0, 8, 9, 13} else value for each, value in enumerate(values)]
    low, high = ([None if each is None else each + by for each in gap] for by in (-0.05, 0.05))
    marks = [
        Mark(datetime(2013, 3, 4, 12, tzinfo=UTC), a, b, "bad"),
        Mark(DAYS[4], b, c, "good"),
        Mark(DAYS[4], c, a, "open"),
    ]
    cells = Cells(labels=(a, b, c), reference=(5, 3, 1), window=(1, 1, 0))
    return [
        lines(
            a,
            [
                Line(name=b, days=DAYS, values=gap, low=low, high=high),
                Line(name=c, days=DAYS, values=values, muted=True),
            ],
            y=b,
            marks=marks,
        ),
        bars(b, [a, b, c], [Bars(name=c, values=[1, None, 3], low=[0, None, 2], high=[2, None, 5])], y=a),
        timeline(c, [Dot(at=DAYS[0], lane=a, word=b, reason=c), Dot(at=DAYS[1], lane=b, word="DRIFT", reason=a)]),
        histogram(a, cells),
        histogram(b, Cells.numeric([1.5, 2.5], [1, 2, 3, 4], [4, 3, 2, 1], others=[c])),
        effects(c, [a, b], DAYS, [values, gap], floor=0.05, drifted=[[True] * 20, [False] * 20], unit=b),
    ]
