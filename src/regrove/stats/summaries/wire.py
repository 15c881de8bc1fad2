"""Summaries and layouts as bytes: compact, versioned, the same bytes for the same summary."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.summaries.layout import CategoryLayout, NumericLayout
from regrove.stats.summaries.moments import Moments
from regrove.stats.summaries.sketches import DistinctSketch, FrequentSketch
from regrove.stats.summaries.summary import CategorySummary, NumericSummary
from regrove.stats.verdict import InvalidStatistic

__all__ = ["VERSION", "layout_from_bytes", "layout_to_bytes", "summary_from_bytes", "summary_to_bytes"]

VERSION = 1
_MAGIC = b"RGS"

Natural = Annotated[int, msgspec.Meta(ge=0)]
Width = Literal["u1", "u2", "u4", "u8"]


class _Edges(msgspec.Struct, array_like=True, tag="n", forbid_unknown_fields=True):
    edges: bytes
    atoms: tuple[float, ...]
    scale: float


class _Categories(msgspec.Struct, array_like=True, tag="c", forbid_unknown_fields=True):
    top: tuple[str, ...]
    rest: tuple[str, ...]
    complete: bool


class _Numbers(msgspec.Struct, array_like=True, tag="N", forbid_unknown_fields=True):
    layout: bytes
    width: Width
    counts: bytes
    nulls: Natural
    broken: Natural
    rows: Natural
    mean: float
    squares: float
    low: float
    high: float


class _Texts(msgspec.Struct, array_like=True, tag="C", forbid_unknown_fields=True):
    layout: bytes
    width: Width
    counts: bytes
    nulls: Natural
    distinct: bytes | None
    fresh: bytes | None


def layout_to_bytes(layout: NumericLayout | CategoryLayout) -> bytes:
    """A layout as bytes."""
    if isinstance(layout, NumericLayout):
        return _pack(_Edges(layout.edges.astype("<f8").tobytes(), layout.atoms, layout.scale))
    return _pack(_Categories(layout.top, layout.rest, layout.complete))


def layout_from_bytes(data: bytes) -> NumericLayout | CategoryLayout:
    """The layout that ``layout_to_bytes`` wrote; InvalidStatistic for anything else."""
    read: _Edges | _Categories = _unpack(data, _Edges | _Categories)
    if isinstance(read, _Edges):
        if len(read.edges) % 8:
            raise _unreadable("edges of broken length")
        return NumericLayout(edges=np.frombuffer(read.edges, dtype="<f8"), atoms=read.atoms, scale=read.scale)
    return CategoryLayout(top=read.top, rest=read.rest, complete=read.complete)


def summary_to_bytes(summary: NumericSummary | CategorySummary) -> bytes:
    """A summary as bytes, without its layout, which is named by its fingerprint.

    >>> from regrove.stats.summaries import count_numbers, edges_given
    >>> len(summary_to_bytes(count_numbers([1.0, 2.0], edges_given([0, 2]))))
    72
    """
    name = bytes.fromhex(summary.layout.fingerprint)
    width, counts = _narrow(summary.counts)
    if isinstance(summary, NumericSummary):
        m = summary.moments
        numbers = (summary.nulls, summary.broken, m.rows, m.mean, m.squares, m.low, m.high)
        return _pack(_Numbers(name, width, counts, *numbers))
    distinct = summary.distinct.data if summary.distinct else None
    fresh = summary.fresh.data if summary.fresh else None
    return _pack(_Texts(name, width, counts, summary.nulls, distinct, fresh))


def summary_from_bytes(data: bytes, layout: NumericLayout | CategoryLayout) -> NumericSummary | CategorySummary:
    """The summary that ``summary_to_bytes`` wrote.

    Raises InvalidStatistic when the bytes are of another version, or counted on another layout.
    """
    read: _Numbers | _Texts = _unpack(data, _Numbers | _Texts)
    if read.layout != bytes.fromhex(layout.fingerprint):
        raise InvalidStatistic(
            "The summary was counted on other cells",
            expected=f"the layout {layout.fingerprint}",
            received=read.layout.hex(),
        )
    if len(read.counts) != layout.cells * int(read.width[1]):
        raise _unreadable(f"{len(read.counts)} bytes of counts for {layout.cells} cells")
    counts = np.frombuffer(read.counts, dtype=f"<{read.width}").astype(np.int64)
    if np.any(counts < 0):
        raise _unreadable("counts from 2^63 on")
    if isinstance(read, _Numbers) and isinstance(layout, NumericLayout):
        moments = Moments(read.rows, read.mean, read.squares, read.low, read.high)
        if any(each != each for each in (read.mean, read.squares, read.low, read.high)):  # noqa: PLR0124 - nan test
            raise _unreadable("nan among the moments")
        return NumericSummary(layout=layout, counts=counts, nulls=read.nulls, broken=read.broken, moments=moments)
    if isinstance(read, _Texts) and isinstance(layout, CategoryLayout):
        distinct = DistinctSketch(read.distinct) if read.distinct is not None else None
        fresh = FrequentSketch(read.fresh) if read.fresh is not None else None
        return CategorySummary(layout=layout, counts=counts, nulls=read.nulls, distinct=distinct, fresh=fresh)
    raise _unreadable("a summary of another kind of column")


def _narrow(counts: npt.NDArray[np.int64]) -> tuple[Width, bytes]:
    """The counts in the narrowest type that holds them."""
    largest = int(counts.max(initial=0))
    widths: tuple[Width, ...] = ("u1", "u2", "u4", "u8")
    width = next(each for each in widths if largest <= np.iinfo(each).max)
    return width, counts.astype(f"<{width}").tobytes()


def _pack(wire: _Edges | _Categories | _Numbers | _Texts) -> bytes:
    return _MAGIC + bytes([VERSION]) + msgspec.msgpack.encode(wire)


def _unpack(data: bytes, kind: Any) -> Any:
    if data[:3] != _MAGIC or len(data) < 5:
        raise _unreadable("other bytes")
    if data[3] != VERSION:
        raise InvalidStatistic(
            "The summary was written by another version",
            expected=f"version {VERSION}",
            received=f"version {data[3]}",
            mend="count the block again, or read it with the version that wrote it",
        )
    try:
        return msgspec.msgpack.decode(data[4:], type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(why: str) -> InvalidStatistic:
    return InvalidStatistic("These bytes are no summary", expected="bytes that this room wrote", received=why)
