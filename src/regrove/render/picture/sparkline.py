"""A line in a small space: how one number went, and where it was judged."""

from __future__ import annotations

import math
from collections.abc import Sequence

from regrove.errors import InvalidInput
from regrove.render.picture.drawing import Picture, element

__all__ = ["sparkline"]

_MARGIN = 4.0


def sparkline(
    values: Sequence[float | None],
    *,
    title: str,
    description: str = "",
    low: Sequence[float | None] | None = None,
    high: Sequence[float | None] | None = None,
    floor: float | None = None,
    window: tuple[int, int] | None = None,
    width: int = 160,
    height: int = 36,
) -> Picture:
    """One point a value, from left to right; None and nan are gaps.

    ``low`` and ``high`` shade an interval around the line, ``floor`` draws the level that matters, ``window`` shades
    the values from its first to its second index, both included. The last value has a dot. Without any finite value
    the picture is empty and its description says so.

    >>> sparkline([1, 2, None, 3], title="loss").description
    '4 values from 1 to 3, the last 3'
    """
    line = [_finite(each) for each in values]
    band = _band(line, low, high)
    known = [each for each in (*line, *band[0], *band[1], _finite(floor)) if each is not None]
    scale = _Scale(known, len(line), width, height)
    parts = []
    if window is not None and line:
        parts.append(_shade(window, scale))
    parts += _filled(band, scale)
    if floor is not None and known:
        parts.append(element("path", d=f"M0 {scale.y(floor):.1f}H{width}", class_="rg-floor"))
    parts += _strokes(line, scale)
    return Picture(title=title, description=description or _said(line), width=width, height=height, body="".join(parts))


class _Scale:
    """From values to pixels."""

    def __init__(self, known: Sequence[float], count: int, width: int, height: int) -> None:
        self._least, self._most = min(known, default=0.0), max(known, default=1.0)
        self._step = (width - 2 * _MARGIN) / max(count - 1, 1)
        self._alone = width / 2 if count == 1 else None
        self.height = height

    def x(self, index: float) -> float:
        return _MARGIN + index * self._step if self._alone is None else self._alone

    def y(self, value: float) -> float:
        span = self._most - self._least
        part = (value - self._least) / span if span > 0 else 0.5
        return self.height - _MARGIN - part * (self.height - 2 * _MARGIN)

    @property
    def half(self) -> float:
        return self._step / 2


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _band(
    line: list[float | None], low: Sequence[float | None] | None, high: Sequence[float | None] | None
) -> tuple[list[float | None], list[float | None]]:
    if low is None and high is None:
        return [], []
    if low is None or high is None or not len(low) == len(high) == len(line):
        raise InvalidInput(
            "An interval needs both ends for each value",
            expected=f"{len(line)} lower and upper ends",
            received=f"{len(low or ())} lower and {len(high or ())} upper ends",
        )
    return [_finite(each) for each in low], [_finite(each) for each in high]


def _runs(known: Sequence[bool]) -> list[tuple[int, int]]:
    """The stretches without a gap: first index, and the one after the last."""
    runs, start = [], None
    for index, there in enumerate([*known, False]):
        if there and start is None:
            start = index
        elif not there and start is not None:
            runs.append((start, index))
            start = None
    return runs


def _filled(band: tuple[list[float | None], list[float | None]], scale: _Scale) -> list[str]:
    lows, highs = band
    paths = []
    for start, end in _runs([low is not None and high is not None for low, high in zip(lows, highs, strict=True)]):
        there = [f"{scale.x(at):.1f} {scale.y(highs[at] or 0.0):.1f}" for at in range(start, end)]
        back = [f"{scale.x(at):.1f} {scale.y(lows[at] or 0.0):.1f}" for at in reversed(range(start, end))]
        paths.append(element("path", d=f"M{'L'.join(there + back)}Z", class_="rg-band"))
    return paths


def _strokes(line: list[float | None], scale: _Scale) -> list[str]:
    paths = []
    for start, end in _runs([each is not None for each in line]):
        points = [f"{scale.x(at):.1f} {scale.y(line[at] or 0.0):.1f}" for at in range(start, end)]
        if len(points) == 1:
            points.append(points[0])  # a round cap makes it a dot
        paths.append(element("path", d=f"M{'L'.join(points)}", class_="rg-trace"))
    last = next((at for at in reversed(range(len(line))) if line[at] is not None), None)
    if last is not None:
        paths.append(element("circle", cx=scale.x(last), cy=scale.y(line[last] or 0.0), r=2.5, class_="rg-window"))
    return paths


def _shade(window: tuple[int, int], scale: _Scale) -> str:
    first, last = scale.x(window[0]) - scale.half, scale.x(window[1]) + scale.half
    return element("rect", x=first, y=0, width=max(last - first, 1.0), height=scale.height, class_="rg-band")


def _said(line: list[float | None]) -> str:
    known = [each for each in line if each is not None]
    if not known:
        return "no values"
    return f"{len(line)} values from {min(known):.4g} to {max(known):.4g}, the last {known[-1]:.4g}"
