"""Plotly's own script, as the wheel on PyPI ships it."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from regrove.errors import MissingExtra, Unavailable

__all__ = ["plotly_script"]


@cache
def plotly_script() -> str:
    """The text of ``plotly.min.js``, fit to stand inside a ``script`` element.

    Raises MissingExtra without Plotly, and Unavailable for a Plotly whose script would end its own element.
    """
    try:
        found = files("plotly") / "package_data" / "plotly.min.js"
        text = found.read_text(encoding="utf-8")
    except ModuleNotFoundError:
        raise MissingExtra("plotly", extra="plots", need="draw the charts of a page") from None
    except FileNotFoundError:
        raise Unavailable(
            "The installed Plotly ships no script",
            expected="plotly/package_data/plotly.min.js",
            mend="pip install --force-reinstall 'regrove[plots]'",
        ) from None
    if re.search(r"<(/script|!--)", text, re.IGNORECASE):
        raise Unavailable(
            "The installed Plotly's script cannot stand inside a page",
            expected="a script that does not end its element",
            mend="pip install --upgrade 'regrove[plots]'",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
