"""Where is the model worst? Bad slices are looked for on one half of the rows and tested on the other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Bools, Codes, Floats, codes, finite, same_rows
from regrove.stats.groups.contrast import contrast
from regrove.stats.multiplicity.adjusted import benjamini_hochberg
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Slice", "SliceSearch", "binned", "search_slices"]


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that share one value of a column, or of two, and how much worse the model is on them."""

    where: tuple[tuple[str, str], ...]
    """Column and value; two of them for an intersection."""
    gap: float
    """Mean loss inside minus outside, on the half that was not searched: no winner's curse."""
    interval: Interval
    found_gap: float
    """The same on the half that was searched; biased upwards."""
    p: float
    """One-sided, that the slice is no worse; from the tested half."""
    adjusted: float
    """After Benjamini and Hochberg over the slices that were tested."""
    rows: int
    """Rows of the slice in the tested half."""
    worse: bool
    """Whether ``adjusted`` is at or below the level."""

    def __str__(self) -> str:
        """The slice as a condition."""
        return " & ".join(f"{column} = {value}" for column, value in self.where)


class SliceSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What was found and what was confirmed."""

    slices: tuple[Slice, ...]
    """All tested slices, smallest p first."""
    candidates: int
    """Slices that were looked at on the first half."""
    rows: int
    level: float
    seed: int
    reason: str

    @property
    def worse(self) -> tuple[Slice, ...]:
        """The slices that were confirmed."""
        return tuple(each for each in self.slices if each.worse)


class _Candidate(msgspec.Struct, frozen=True):
    where: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, int], ...]
    gap: float
    score: float


def search_slices(
    loss: npt.ArrayLike,
    columns: Mapping[str, npt.ArrayLike],
    *,
    blocks: npt.ArrayLike | None = None,
    depth: int = 2,
    least: int = 50,
    keep: int = 20,
    level: float = 0.05,
    seed: int = 0,
) -> SliceSearch:
    """Slices of one or two values where the mean loss is higher than elsewhere.

    Half of the rows (of the blocks, where given) is searched: every value and every pair of values of two columns
    with at least ``least`` rows, ranked by the lower 95% end of its gap; the best ``keep`` are tested on the other
    half, with errors by block, and Benjamini and Hochberg (1995, JRSS B 57:289) holds the share of false ones among
    those called worse at ``level``. Stated: without any bad slice, one is called worse in at most 5% of searches.

    Args:
        loss: the loss of each row (0 and 1 for errors, squared errors).
        columns: values of each row by column; use ``binned`` for numbers.
        blocks: the day, user or session of each row, where rows depend on each other.
        depth: 1 for single values, 2 for pairs too.
        least: rows below which a slice is not looked at, in each half.
        keep: slices that are tested.
        level: of the false discovery rate.
        seed: of the halves.

    >>> rng = np.random.default_rng(0)
    >>> shop, day = rng.choice(["a", "b", "c"], 6000), rng.choice(["mon", "sun"], 6000)
    >>> wrong = rng.random(6000) < np.where((shop == "b") & (day == "sun"), 0.3, 0.1)
    >>> str(search_slices(wrong, {"shop": shop, "day": day}).worse[0])
    'day = sun & shop = b'
    """
    values = finite("loss", loss)
    coded = {name: codes(each) for name, each in columns.items()}
    rows = same_rows(loss=values, **{f"column {name}": places for name, (_, places) in coded.items()})
    if not columns or depth not in {1, 2} or least < 2 or keep < 1 or not 0.0 < level < 1.0:
        raise InvalidStatistic(
            "The search is not well put",
            expected="at least 1 column, depth 1 or 2, least >= 2, keep >= 1, a level between 0 and 1",
            received=f"{len(columns)} columns, depth {depth}, least {least}, keep {keep}, level {level}",
        )
    block = np.arange(rows) if blocks is None else codes(blocks)[1]
    same_rows(loss=values, blocks=block)
    searched = _half(block, np.random.default_rng(seed))
    first = {name: (names, places[searched]) for name, (names, places) in coded.items()}
    every = _candidates(values[searched], first, least, depth)
    chosen = sorted(every, key=lambda each: (-each.score, each.where))[:keep]
    tested = _test(values[~searched], block[~searched], coded, ~searched, chosen, least, level)
    worse = sum(each.worse for each in tested)
    reason = f"{len(every):,} slices were looked at, {len(tested)} tested on the other half, {worse} called worse"
    return SliceSearch(slices=tested, candidates=len(every), rows=rows, level=level, seed=seed, reason=reason)


def binned(values: npt.ArrayLike, bins: int = 10) -> list[str]:
    """Numbers as ranges of about equal counts, named by their ends; absent and non-finite ones as "(none)".

    >>> binned([1.0, 2.0, 3.0, 4.0], 2)
    ['below 2.5', 'below 2.5', 'from 2.5', 'from 2.5']
    """
    numbers = np.asarray(values, dtype=np.float64)
    usable = np.isfinite(numbers)
    if numbers.ndim != 1 or bins < 2:
        raise InvalidStatistic("These cannot be binned", expected="a vector and at least 2 bins", received=f"{bins}")
    if not usable.any():
        return ["(none)"] * len(numbers)
    edges = np.unique(np.quantile(numbers[usable], np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    inner = [f"{low:.6g} to {high:.6g}" for low, high in pairwise(edges)]
    names = [f"below {edges[0]:.6g}", *inner, f"from {edges[-1]:.6g}"]
    places = edges.searchsorted(np.where(usable, numbers, 0.0), "right")
    return [names[place] if fine else "(none)" for place, fine in zip(places, usable, strict=True)]


def _half(block: Codes, rng: np.random.Generator) -> Bools:
    """The rows of a random half of the blocks."""
    names, places = np.unique(block, return_inverse=True)
    order = rng.permutation(len(names))
    chosen: Bools = (order < (len(names) + 1) // 2)[places]
    return chosen


def _candidates(
    loss: Floats, coded: dict[str, tuple[tuple[str, ...], Codes]], least: int, depth: int
) -> list[_Candidate]:
    """Every value and pair with enough rows inside and outside."""
    names = sorted(coded)
    sets: list[tuple[str, ...]] = [(name,) for name in names]
    if depth == 2:
        sets += [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    total, squares, rows = float(loss.sum()), float((loss**2).sum()), len(loss)
    found = []
    for chosen in sets:
        sizes = [len(coded[name][0]) for name in chosen]
        flat = coded[chosen[0]][1] if len(chosen) == 1 else coded[chosen[0]][1] * sizes[1] + coded[chosen[1]][1]
        cells, places, n = np.unique(flat, return_inverse=True, return_counts=True)
        s = np.bincount(places, weights=loss, minlength=len(cells))
        q = np.bincount(places, weights=loss**2, minlength=len(cells))
        usable = np.flatnonzero((n >= least) & (rows - n >= least))
        for place in usable.tolist():
            inside, outside = float(n[place]), float(rows - n[place])
            mean_in, mean_out = s[place] / inside, (total - s[place]) / outside
            spread_in = max(0.0, q[place] / inside - mean_in**2)
            spread_out = max(0.0, (squares - q[place]) / outside - mean_out**2)
            gap = float(mean_in - mean_out)
            score = gap - 1.6448536 * float(np.sqrt(spread_in / inside + spread_out / outside))
            cell = int(cells[place])
            parts = (cell,) if len(chosen) == 1 else divmod(cell, sizes[1])
            columns = tuple(zip(chosen, parts, strict=True))
            where = tuple((name, coded[name][0][part]) for name, part in columns)
            found.append(_Candidate(where, columns, gap, score))
    return found


def _test(
    loss: Floats,
    block: Codes,
    coded: dict[str, tuple[tuple[str, ...], Codes]],
    tested: Bools,
    chosen: list[_Candidate],
    least: int,
    level: float,
) -> tuple[Slice, ...]:
    results = []
    for each in chosen:
        inside = np.ones(len(loss), dtype=np.bool_)
        for name, part in each.columns:
            inside &= coded[name][1][tested] == part
        if min(inside.sum(), (~inside).sum()) >= least:
            results.append((each, int(inside.sum()), contrast(loss, inside, block)))
    if not results:
        return ()
    found = benjamini_hochberg([result.p for _, _, result in results], level)
    all_adjusted = [each for each in found.adjusted if each is not None]  # every slice has a p-value
    slices = [
        Slice(
            where=each.where,
            gap=result.gap,
            interval=result.interval,
            found_gap=each.gap,
            p=result.p,
            adjusted=adjusted,
            rows=rows,
            worse=worse,
        )
        for (each, rows, result), adjusted, worse in zip(results, all_adjusted, found.rejected, strict=True)
    ]
    return tuple(sorted(slices, key=lambda each: (each.p, each.where)))
