"""A reference and a window side by side: the picture of an alert."""

from __future__ import annotations

from math import ceil

from regrove.render.cells import Cells
from regrove.render.picture.drawing import Picture, element, text
from regrove.render.words import shorten

__all__ = ["distribution", "said"]

_WIDTH = 560
_LETTER = 6.4  # pixels of a letter of the small font, on the safe side
_HEAD = 50.0
_ROW = 30.0
_CATEGORIES = 12
_PLOT = 150.0
_STEPS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25)


def distribution(cells: Cells, *, title: str, description: str = "") -> Picture:
    """The share of the rows in each cell, in the reference and in the window.

    Numbers stand as columns in their order, categories as rows: the twelve whose share changed most, the rest put
    together.

    >>> cells = Cells(labels=("JFK", "LGA"), reference=(60, 40), window=(30, 70))
    >>> distribution(cells, title="origin").description
    'JFK 60.0% before, 30.0% in the window; LGA 40.0% before, 70.0% in the window'
    """
    shown = cells.folded(_CATEGORIES if not cells.ordered else 6)
    body, height = (
        _columns(shown) if shown.ordered else _rows(shown, _CATEGORIES - 1 if shown is not cells else len(cells.labels))
    )
    return Picture(
        title=title,
        description=description or said(cells),
        width=_WIDTH,
        height=round(height),
        body=_head(cells, title) + body,
    )


def _head(cells: Cells, title: str) -> str:
    before, after = (f"{count:,} {'row' if count == 1 else 'rows'}" for count in cells.rows)
    legend, at = "", 0.0
    for kind, words in (("rg-reference", f"reference, {before}"), ("rg-window", f"window, {after}")):
        legend += element("rect", x=at, y=24, width=10, height=10, rx=2, class_=kind)
        legend += text("text", words, x=at + 15, y=33, class_="rg-small")
        at += 15 + len(words) * _LETTER + 18
    return text("text", shorten(title, int(_WIDTH / 7.4)), x=0, y=12, class_="rg-head") + legend


def _rows(cells: Cells, single: int) -> tuple[str, float]:
    """Categories: one row each, its name to the left, both shares to the right.

    Rows from ``single`` on hold several categories: their shares are said and not drawn, for they would dwarf the rest.
    """
    before, after = cells.shares()
    left, right = 132.0, 104.0
    most = max(*before[:single], *after[:single], 0.0) or 1.0
    unit = (_WIDTH - left - right) / most
    parts = []
    for index, label in enumerate(cells.labels):
        top = _HEAD + index * _ROW
        parts.append(text("text", shorten(label, 19), x=left - 8, y=top + 15, text_anchor="end"))
        for kind, share, offset in (("rg-reference", before[index], 3), ("rg-window", after[index], 12)):
            if index >= single:
                continue
            parts.append(element("rect", x=left, y=top + offset, width=share * unit, height=8, rx=1, class_=kind))
        change = f"{100 * before[index]:.1f}% → {100 * after[index]:.1f}%"
        parts.append(text("text", change, x=_WIDTH, y=top + 15, text_anchor="end", class_="rg-small"))
    end = _HEAD + len(cells.labels) * _ROW
    parts.append(element("line", x1=left, y1=_HEAD, x2=left, y2=end - 4, class_="rg-axis"))
    return "".join(parts), end + 2


def _columns(cells: Cells) -> tuple[str, float]:
    """Numbers: one pair of columns a cell; cells without order stand apart at the end."""
    before, after = cells.shares()
    free = len(cells.labels) - cells.ordered
    apart = 56.0
    left, floor = 40.0, _HEAD + _PLOT
    each = (_WIDTH - left - free * apart - (12.0 if free else 0.0)) / cells.ordered
    most, parts = _grid(max(*before, *after), left, floor)
    for index in range(len(cells.labels)):
        ordered = index < cells.ordered
        start = left + (index * each if ordered else cells.ordered * each + 12 + (index - cells.ordered) * apart)
        wide = min(each if ordered else apart, 44.0) * 0.42
        middle = start + (each if ordered else apart) / 2
        for kind, share, at in (("rg-reference", before[index], middle - wide), ("rg-window", after[index], middle)):
            tall = share / most * _PLOT
            parts.append(element("rect", x=at, y=floor - tall, width=max(wide - 0.5, 0.5), height=tall, class_=kind))
        if not ordered:
            word = shorten(cells.labels[index], 9)
            parts.append(text("text", word, x=middle, y=floor + 15, text_anchor="middle", class_="rg-small"))
    parts.append(element("line", x1=left, y1=floor, x2=_WIDTH, y2=floor, class_="rg-axis"))
    parts += _ticks(cells, left, each, floor)
    return "".join(parts), floor + 22


def _grid(most: float, left: float, floor: float) -> tuple[float, list[str]]:
    """The share at the top of the plot, and lines at round shares up to it."""
    step = next((each for each in _STEPS if most <= 4 * each), _STEPS[-1])
    lines = max(1, ceil(most / step - 1e-9))
    parts = []
    for line in range(1, lines + 1):
        y = floor - line / lines * _PLOT
        parts.append(element("line", x1=left, y1=y, x2=_WIDTH, y2=y, class_="rg-axis"))
        words = f"{100 * line * step:.3g}%"
        parts.append(text("text", words, x=left - 6, y=y + 4, text_anchor="end", class_="rg-small"))
    return lines * step, parts


def _ticks(cells: Cells, left: float, each: float, floor: float) -> list[str]:
    """Under the axis: the edges where cells meet, else the cells' names; as many as have room."""
    if cells.edges:
        marks = [(left + (index + 1) * each, f"{edge:.4g}") for index, edge in enumerate(cells.edges)]
    else:
        marks = [(left + (index + 0.5) * each, cells.labels[index]) for index in range(cells.ordered)]
    parts, free_from = [], left - 20
    for x, label in marks:
        word = shorten(label, 12)
        half = len(word) * _LETTER / 2
        if x - half >= free_from:
            parts.append(element("line", x1=x, y1=floor, x2=x, y2=floor + 4, class_="rg-axis"))
            parts.append(text("text", word, x=x, y=floor + 15, text_anchor="middle", class_="rg-small"))
            free_from = x + half + 8
    return parts


def said(cells: Cells) -> str:
    """The cells that changed most, in words."""
    before, after = cells.shares()
    ranked = sorted(range(len(before)), key=lambda cell: (-abs(after[cell] - before[cell]), cell))[:5]
    return "; ".join(
        f"{shorten(cells.labels[cell], 40)} {100 * before[cell]:.1f}% before, {100 * after[cell]:.1f}% in the window"
        for cell in ranked
    )
