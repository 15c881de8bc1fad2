"""Layouts from a reference: from its values, from its sketch, or as given."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from regrove.stats.summaries.intake import Column, numbers, texts
from regrove.stats.summaries.layout import CategoryLayout, NumericLayout
from regrove.stats.summaries.sketches import QuantileSketch
from regrove.stats.verdict import InvalidStatistic

__all__ = ["categories_of", "edges_given", "edges_of", "edges_of_sketch"]

_DISTINCT = 20
_ATOMS = 16
_ATOM_SHARE = 0.01
_TOP = 256
_KNOWN = 65_536


def edges_of(column: Column, *, cells: int = 64, atoms: int = _ATOMS) -> NumericLayout:
    """Edges at the reference's quantiles j / cells, and a cell for every atom.

    An atom is a value with at least 1% of the rows (the ``atoms`` most frequent ones); with 20 distinct values or
    fewer every value is one. Nulls, nan and infinities are left out.

    Raises InvalidStatistic when no finite value is left: there are no cells to count on.

    >>> layout = edges_of([0.0] * 50 + [1.0, 2.0, 3.0] * 20)
    >>> layout.atoms, layout.cells
    ((0.0, 1.0, 2.0, 3.0), 9)
    """
    pieces, _ = numbers(column)
    every = np.concatenate([np.asarray(piece, dtype=np.float64) for piece in pieces])
    ordered = np.sort(every[np.isfinite(every)])
    if not len(ordered):
        raise InvalidStatistic(
            "The reference holds no finite value", expected="at least 1", received=f"{len(every)} values"
        )
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(np.append(starts, len(ordered)))
    if len(starts) <= _DISTINCT:
        frequent = ordered[starts]
    else:
        often = np.flatnonzero(lengths >= _ATOM_SHARE * len(ordered))
        often = often[np.argsort(-lengths[often], kind="stable")][:atoms]
        frequent = ordered[starts[often]]
    inner = ordered[np.ceil(np.arange(1, cells) * len(ordered) / cells).astype(np.int64) - 1]
    quartiles = ordered[[(len(ordered) - 1) // 4, (3 * (len(ordered) - 1)) // 4]]
    return _layout(ordered[0], ordered[-1], inner, frequent, _scale(quartiles, float(ordered.std())))


def edges_of_sketch(sketch: QuantileSketch, *, cells: int = 64, atoms: int = _ATOMS) -> NumericLayout:
    """The same from a quantile sketch: each edge is off by its rank error, and counts on it are exact all the same."""
    if sketch.rows == 0:
        raise InvalidStatistic("The sketch is empty", expected="at least 1 finite value", received="0 rows")
    grid = sketch.quantiles(np.linspace(0.0, 1.0, 401))
    again = np.unique(grid[1:][grid[1:] == grid[:-1]])
    shares = np.array([sketch.share_at(float(value)) for value in again])
    distinct = np.unique(grid)
    if len(distinct) <= _DISTINCT:
        frequent = distinct
    else:
        frequent = again[np.argsort(-shares, kind="stable")][:atoms]
        frequent = frequent[[sketch.share_at(float(each)) >= _ATOM_SHARE for each in frequent]]
    inner = sketch.quantiles(np.arange(1, cells) / cells)
    quartiles = sketch.quantiles(np.array([0.25, 0.75]))
    return _layout(grid[0], grid[-1], inner, frequent, _scale(quartiles, float(grid.std())))


def edges_given(edges: Sequence[float], *, atoms: Sequence[float] = (), scale: float = 0.0) -> NumericLayout:
    """Edges as someone knows them: limits of classes, prices, doses; with atoms added.

    >>> edges_given([0, 10, 20], atoms=[10]).edges.tolist()
    [0.0, 10.0, 10.000000000000002, 20.0]
    """
    points = np.asarray(edges, dtype=np.float64)
    if not len(points) or not np.all(np.isfinite(points)) or not np.all(np.isfinite(np.asarray(atoms, dtype=float))):
        raise InvalidStatistic("These are no edges", expected="finite numbers", received=repr(edges))
    width = float(np.ptp(points)) / 1.349 / 2.0
    return NumericLayout(
        edges=np.unique(np.concatenate([points, *_around(np.asarray(atoms, dtype=np.float64))])),
        atoms=tuple(sorted(float(each) for each in atoms)),
        scale=scale or (width if width > 0 else 1.0),
    )


def categories_of(column: Column, *, top: int = _TOP) -> CategoryLayout:
    """The ``top`` most frequent categories of a reference, the others by name up to 65,536 of them.

    >>> categories_of(["b", "a", "b"]).top
    ('b', 'a')
    """
    counts, _ = texts(column)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    others = ranked[top:]
    return CategoryLayout(top=tuple(ranked[:top]), rest=tuple(sorted(others[:_KNOWN])), complete=len(others) <= _KNOWN)


def _layout(
    low: float, high: float, inner: npt.NDArray[np.float64], frequent: npt.NDArray[np.float64], scale: float
) -> NumericLayout:
    ends = np.array([low, np.nextafter(high, math.inf)])
    edges = np.unique(np.concatenate([ends, inner, *_around(frequent)]))
    edges = edges[np.isfinite(edges)]
    return NumericLayout(edges=edges, atoms=tuple(sorted(float(each) for each in frequent)), scale=scale)


def _around(values: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    return [values, np.nextafter(values, math.inf)]


def _scale(quartiles: npt.NDArray[np.float64], deviation: float) -> float:
    """The robust standard deviation; the plain one where half of the rows are one value; 1 for a constant."""
    robust = float(quartiles[1] - quartiles[0]) / 1.349
    for each in (robust, deviation):
        if 0.0 < each < math.inf:
            return each
    return 1.0
