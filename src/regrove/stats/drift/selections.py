"""Which blocks could have been the window: selections under the null that all blocks of a stratum are alike.

A selection marks, among reference and window blocks together, as many blocks of each stratum as the window has. All
columns of a model share the selections, so that the joint distribution of their statistics is kept.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from itertools import combinations, product

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.drift.counts import Floats, Integers
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Selections", "arrangements", "select_blocks", "strata_numbers"]


class Selections(msgspec.Struct, frozen=True, kw_only=True):
    """Selections as rows of zeros and ones; the first row is the window that was observed."""

    marks: npt.NDArray[np.float64]
    """Shape (1 + draws, reference blocks + window blocks); each row marks the blocks that stand as the window."""
    exact: bool
    """Whether the rows are all selections there are, each once, so that p-values are exact and not sampled."""
    possible: float
    """How many selections there are; no p-value can be below 1 divided by it."""
    share: npt.NDArray[np.float64]
    """Shape (blocks,): with what probability a block stands in the window; the same for all blocks of a stratum."""
    stratified: bool
    """Whether blocks were exchanged within more than one stratum."""


def strata_numbers(
    reference: Sequence[Hashable] | None, window: Sequence[Hashable] | None, blocks_reference: int, blocks_window: int
) -> tuple[Integers, Integers]:
    """The strata of both sides as numbers; all zeros when there are none.

    Raises InvalidStatistic when a side has strata and the other has not, or not one a block.
    """
    if reference is None and window is None:
        return np.zeros(blocks_reference, dtype=np.int64), np.zeros(blocks_window, dtype=np.int64)
    left, right = list(reference or ()), list(window or ())
    if len(left) != blocks_reference or len(right) != blocks_window:
        raise InvalidStatistic(
            "Strata and blocks do not match",
            expected=f"a stratum for each of {blocks_reference} reference and {blocks_window} window blocks",
            received=f"{len(left)} and {len(right)} strata",
        )
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(each, len(numbers)) for each in (*left, *right)], dtype=np.int64)
    return codes[:blocks_reference], codes[blocks_reference:]


def arrangements(strata_reference: Integers, strata_window: Integers) -> float:
    """In how many ways the window's composition can be chosen from all blocks, as a float that may be infinite.

    >>> arrangements(np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64))
    20.0
    """
    possible = 1.0
    for stratum in np.unique(strata_window):
        chosen = int(np.sum(strata_window == stratum))
        available = chosen + int(np.sum(strata_reference == stratum))
        ways = math.comb(available, chosen)
        possible *= float(ways) if ways < 2**1000 else math.inf
    return possible


def select_blocks(
    strata_reference: Integers, strata_window: Integers, draws: int, rng: np.random.Generator
) -> Selections:
    """Selections with the window's number of blocks of each stratum.

    When there are no more than ``draws + 1`` selections, all are listed (Fisher's and Pitman's exact test); otherwise
    ``draws`` are drawn at random with replacement. The observed one comes first either way.

    >>> strata = np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int64)
    >>> select_blocks(*strata, 99, np.random.default_rng(0)).marks
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 1., 0.]])
    """
    if draws < 1 or not len(strata_window) or not len(strata_reference):
        raise InvalidStatistic(
            "There is nothing to permute",
            expected="at least 1 draw, 1 reference block and 1 window block",
            received=f"{draws} draws, {len(strata_reference)} and {len(strata_window)} blocks",
        )
    strata = np.concatenate([strata_reference, strata_window])
    observed = np.zeros(len(strata))
    observed[len(strata_reference) :] = 1.0
    possible = arrangements(strata_reference, strata_window)
    exact = possible <= draws + 1
    groups = [np.flatnonzero(strata == each) for each in np.unique(strata)]
    chosen = [int(observed[group].sum()) for group in groups]
    rest = _all_but(observed, groups, chosen) if exact else _drawn(len(strata), groups, chosen, draws, rng)
    share = np.zeros(len(strata))
    for group, count in zip(groups, chosen, strict=True):
        share[group] = count / len(group)
    return Selections(
        marks=np.vstack([observed, rest]) if len(rest) else observed[None, :],
        exact=exact,
        possible=possible,
        share=share,
        stratified=sum(count > 0 for count in chosen) > 1,
    )


def _all_but(observed: Floats, groups: list[Integers], chosen: list[int]) -> Floats:
    """Every selection but the observed one."""
    ways: Iterable[tuple[tuple[int, ...], ...]] = product(
        *(combinations(group.tolist(), count) for group, count in zip(groups, chosen, strict=True))
    )
    rows = []
    for way in ways:
        row = np.zeros(len(observed))
        row[[block for part in way for block in part]] = 1.0
        if not np.array_equal(row, observed):
            rows.append(row)
    return np.array(rows)


def _drawn(blocks: int, groups: list[Integers], chosen: list[int], draws: int, rng: np.random.Generator) -> Floats:
    """Random selections: in each stratum the blocks with the smallest of uniform keys."""
    marks = np.zeros((draws, blocks))
    for group, count in zip(groups, chosen, strict=True):
        if 0 < count < len(group):
            keys = rng.random((draws, len(group)))
            picked = np.argpartition(keys, count - 1, axis=1)[:, :count]
            np.put_along_axis(marks, group[picked], 1.0, axis=1)
        elif count:
            marks[:, group] = 1.0
    return marks
