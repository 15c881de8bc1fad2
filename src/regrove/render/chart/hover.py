"""What is said when a sign of a chart is pointed at."""

from __future__ import annotations

from textwrap import wrap
from typing import Final

from regrove.render.chart.chart import plain
from regrove.render.words import shorten

__all__ = ["wrapped"]

_LINE: Final = 68
_LONGEST: Final = 400


def wrapped(head: str, reason: str = "") -> str:
    """A head in bold and its reason in lines, for Plotly's hover label.

    >>> wrapped("DRIFT", "a < b")
    '<b>DRIFT</b><br>a &lt; b'
    """
    lines = wrap(shorten(reason, _LONGEST), _LINE)
    return "<br>".join([f"<b>{plain(shorten(head, _LINE))}</b>", *(plain(each) for each in lines)])
