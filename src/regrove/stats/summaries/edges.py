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
_WHOLE = 131_072
_SAMPLE = 100_000


def edges_of(column: Column, *, cells: int = 64, atoms: int = _ATOMS) -> NumericLayout:
    """Edges at the reference's quantiles j / cells, and a cell for every atom.

    An atom is a value with at least 1% of the rows (the ``atoms`` most frequent ones); with 20 distinct values or
    fewer every value is one. Nulls, nan and infinities are left out.

    Up to 131,072 values the quantiles are those of all rows, in whatever order they come. Of more values 100,000 are
    looked at, one from each of as many stretches of the column, the same ones every time: an edge is within .7
    percentage points of its rank (4.4 standard errors). Range, atoms and the number of distinct values up to 20 are
    those of all rows even so, and counts on the edges are exact whatever the edges are.

    Raises InvalidStatistic when no finite value is left: there are no cells to count on.

    >>> layout = edges_of([0.0] * 50 + [1.0, 2.0, 3.0] * 20)
    >>> layout.atoms, layout.cells
    ((0.0, 1.0, 2.0, 3.0), 9)
    """
    every = _finite(column)
    ordered, values, counts = _looked_at(every)
    if len(values) <= _DISTINCT and counts.sum() == len(every):
        frequent = values
    else:
        often = np.flatnonzero(counts >= _ATOM_SHARE * len(every))
        frequent = values[often[np.argsort(-counts[often], kind="stable")][:atoms]]
    inner = ordered[np.ceil(np.arange(1, cells) * len(ordered) / cells).astype(np.int64) - 1]
    quartiles = ordered[[(len(ordered) - 1) // 4, (3 * (len(ordered) - 1)) // 4]]
    return _layout(float(every.min()), float(every.max()), inner, frequent, _scale(quartiles, every))


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
    return _layout(grid[0], grid[-1], inner, frequent, _scale(quartiles, grid))


def edges_given(edges: Sequence[float], *, atoms: Sequence[float] = (), scale: float = 0.0) -> NumericLayout:
    """Edges as someone knows them: limits of classes, prices, doses; with atoms added.

    >>> edges_given([0, 10, 20], atoms=[10]).edges.tolist()
    [0.0, 10.0, 10.000000000000002, 20.0]
    """
    points = np.asarray(edges, dtype=np.float64)
    if not len(points) or not np.all(np.isfinite(points)) or not np.all(np.isfinite(np.asarray(atoms, dtype=float))):
        raise InvalidStatistic("These are no edges", expected="finite numbers", received=repr(edges))
    width = float(points.max()) / 2.698 - float(points.min()) / 2.698  # half the range as if it were the quartiles'
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


def _finite(column: Column) -> npt.NDArray[np.float64]:
    pieces, _ = numbers(column)
    floats = [np.asarray(piece, dtype=np.float64) for piece in pieces]
    every = floats[0] if len(floats) == 1 else np.concatenate(floats)
    # the least of values with a nan is nan: finite ends show that there is nothing to leave out, and spare a copy
    kept = every if len(every) and np.isfinite([every.min(), every.max()]).all() else every[np.isfinite(every)]
    if not len(kept):
        raise InvalidStatistic(
            "The reference holds no finite value", expected="at least 1", received=f"{len(every)} values"
        )
    return kept


def _looked_at(
    every: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Values in order; the distinct ones of them, or what may be atoms; and how many of all rows have each of these."""
    if len(every) > _WHOLE:
        stretches = np.arange(_SAMPLE) + np.random.default_rng(0).random(_SAMPLE)
        ordered = np.sort(every[(stretches * (len(every) / _SAMPLE)).astype(np.int64)])
        values, found = _repeats(ordered)
        if len(values) > _DISTINCT:
            # a value with 1% of all rows falls below .75% of these once in 10^14 columns
            values = values[found >= 0.75 * _ATOM_SHARE * _SAMPLE]
            return ordered, values, _occurrences(every, values)
        counts = _occurrences(every, values)
        if counts.sum() == len(every):
            return ordered, values, counts
        # values too rare for the sample: only all rows tell how many there are
    ordered = np.sort(every)
    return ordered, *_repeats(ordered)


def _repeats(ordered: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return ordered[starts], np.diff(np.append(starts, len(ordered)))


def _occurrences(every: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.array([np.count_nonzero(every == value) for value in values], dtype=np.int64)


def _layout(
    low: float, high: float, inner: npt.NDArray[np.float64], frequent: npt.NDArray[np.float64], scale: float
) -> NumericLayout:
    ends = np.array([low, np.nextafter(high, math.inf)])
    edges = np.unique(np.concatenate([ends, inner, *_around(frequent)]))
    edges = edges[np.isfinite(edges)]
    return NumericLayout(edges=edges, atoms=tuple(sorted(float(each) for each in frequent)), scale=scale)


def _around(values: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
    return [values, np.nextafter(values, math.inf)]


def _scale(quartiles: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> float:
    """The robust standard deviation; the plain one where half of the rows are one value; 1 for a constant."""
    robust = float(quartiles[1] - quartiles[0]) / 1.349
    if 0.0 < robust < math.inf:
        return robust
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = float(values.std())
    return deviation if 0.0 < deviation < math.inf else 1.0
