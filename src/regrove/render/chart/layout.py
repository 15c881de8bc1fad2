"""What all charts look alike in: margins, axes, the legend, and one place for it."""

from __future__ import annotations

from typing import Any

from regrove.render.chart.colour import named

__all__ = ["axis", "layout", "legend_above", "ticks", "words_below"]

_FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def layout(**own: Any) -> dict[str, Any]:
    """The layout of a figure with what is its own."""
    return {
        "paper_bgcolor": named("clear"),
        "plot_bgcolor": named("clear"),
        "font": {"family": _FONT, "size": 12, "color": named("ink")},
        "margin": {"l": 56, "r": 16, "t": 12, "b": 36, "pad": 2},
        "hoverlabel": {
            "bgcolor": named("raised"),
            "bordercolor": named("line"),
            "font": {"family": _FONT, "size": 12, "color": named("ink")},
            "align": "left",
        },
        "modebar": {"bgcolor": named("clear"), "color": named("line"), "activecolor": named("muted")},
        "showlegend": False,
        "dragmode": "zoom",
        **own,
    }


def axis(title: str = "", **own: Any) -> dict[str, Any]:
    """An axis with what is its own; ``title`` is escaped already."""
    return {
        "title": {"text": title, "font": {"size": 12, "color": named("muted")}, "standoff": 8},
        "tickfont": {"color": named("muted")},
        "gridcolor": named("grid"),
        "linecolor": named("line"),
        "zerolinecolor": named("line"),
        "automargin": True,
        **own,
    }


def ticks(labels: list[str]) -> dict[str, Any]:
    """Words at the whole numbers of an axis: two that read alike stay two."""
    return {"tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": labels}


def words_below(labels: list[str]) -> dict[str, Any]:
    """`ticks` for a horizontal axis, turned where they have no room side by side."""
    crowded = len(labels) * (max(map(len, labels), default=0) + 2) > 120
    return {
        **ticks(labels),
        "tickangle": -35 if crowded else 0,
        "ticklabeloverflow": "allow",
        "range": [-0.6, max(len(labels), 1) - 0.4],
        "showgrid": False,
        "zeroline": False,
    }


def legend_above() -> dict[str, Any]:
    """The legend in a line above the plot."""
    return {
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "xanchor": "left", "yanchor": "bottom"},
        "margin": {"l": 56, "r": 16, "t": 36, "b": 36, "pad": 2},
    }
