"""On what the chance level of a comparison rests: the choice of the tier, and its draws."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.column import ColumnCounts
from regrove.stats.drift.counts import Floats, Integers
from regrove.stats.drift.runs import select_runs
from regrove.stats.drift.selections import Selections, arrangements, select_blocks, strata_numbers
from regrove.stats.drift.serial import autocorrelation, automatic_length, block_scores
from regrove.stats.verdict import InvalidStatistic, Tier

__all__ = ["Calibration", "calibrate", "run_length"]

_FEW = 20
"""Fewer reference blocks than this leave a permutation too coarse."""
_SERIAL = 0.3
"""The lag-1 autocorrelation of blocks above which their neighbours are kept together."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """A tier and what it needs."""

    tier: Tier
    note: str
    """Why this tier, in a sentence."""
    selections: Selections | None
    """For the tiers block and moving-block."""
    alike: npt.NDArray[np.bool_]
    """Shape (reference blocks,): those of the window's stratum, for leave-one-out."""


def calibrate(
    columns: Sequence[ColumnCounts],
    sides: Sequence[tuple[Floats, Floats]],
    strata_reference: Sequence[Hashable] | None,
    strata_window: Sequence[Hashable] | None,
    *,
    draws: int,
    rng: np.random.Generator,
    tier: Tier | str | None = None,
) -> Calibration:
    """The best tier that the blocks allow, or the one that is asked for.

    One window block: leave-one-out. From 20 reference blocks on: block permutation within strata, or moving blocks
    when neighbouring reference blocks are alike. From 2 on: Rao and Scott. Otherwise rows are taken as independent.
    """
    blocks, windows = len(sides[0][0]), len(sides[0][1])
    left, right = strata_numbers(strata_reference, strata_window, blocks, windows)
    alike = left == right[0] if windows else np.ones(blocks, dtype=bool)
    wanted, note = (Tier(tier), "the tier was given") if tier is not None else _best(left, right, alike)
    length = 1
    if wanted is Tier.MOVING_BLOCK or (wanted is Tier.BLOCK and tier is None):
        length, note_serial = run_length(columns, sides, left)
        if wanted is Tier.BLOCK and length > 1:
            wanted, note = Tier.MOVING_BLOCK, note_serial
    selections = None
    if wanted is Tier.BLOCK:
        selections = select_blocks(left, right, draws, rng)
    elif wanted is Tier.MOVING_BLOCK:
        selections = select_runs(blocks, windows, length, draws, rng)
    elif wanted is Tier.LEAVE_ONE_OUT and (windows != 1 or alike.sum() < 2):
        raise InvalidStatistic(
            "Leave-one-out cannot be used here",
            expected="1 window block and at least 2 reference blocks of its stratum",
            received=f"{windows} window blocks and {int(alike.sum())} reference blocks",
        )
    return Calibration(tier=wanted, note=note, selections=selections, alike=alike)


def _best(left: Integers, right: Integers, alike: npt.NDArray[np.bool_]) -> tuple[Tier, str]:
    blocks, windows = len(left), len(right)
    if blocks < 2:
        return Tier.IID, "no blocks are known: rows are taken as independent, and alarms may be far too many"
    if windows == 1:
        if alike.sum() >= _FEW:
            return Tier.LEAVE_ONE_OUT, f"one window block among {int(alike.sum())} reference blocks of its kind"
        why = f"{int(alike.sum())} reference blocks of the window's kind are too few to rank among; 20 would do"
        return Tier.RAO_SCOTT, why
    if blocks < _FEW:
        return Tier.RAO_SCOTT, f"{blocks} reference blocks are too few to permute; 20 would do"
    if arrangements(left, right) < _FEW:
        return Tier.RAO_SCOTT, "the window's strata leave too few arrangements of blocks to permute"
    return Tier.BLOCK, f"{windows} window blocks permuted with {blocks} reference blocks"


def run_length(
    columns: Sequence[ColumnCounts], sides: Sequence[tuple[Floats, Floats]], strata: Integers
) -> tuple[int, str]:
    """The longest run that a column needs to hold its serial dependence, and which one; 1 when none needs any.

    A column needs runs when the lag-1 autocorrelation of its reference blocks, weekday means taken away, is above .3
    and above what chance gives the most correlated of so many columns.
    """
    blocks = len(sides[0][0])
    chance = float(-special.ndtri(0.05 / max(1, len(columns)))) / math.sqrt(blocks)
    longest, name, strength = 1, "", 0.0
    for column, (left, _) in zip(columns, sides, strict=True):
        scores = block_scores(left, column.ordered)
        lag = autocorrelation(scores, strata)
        if lag > max(_SERIAL, chance):
            counts = np.maximum(np.bincount(strata), 1)
            length = automatic_length(scores - (np.bincount(strata, weights=scores) / counts)[strata])
            if length > longest:
                longest, name, strength = length, column.name, lag
    note = f"neighbouring blocks of {name!r} are alike (autocorrelation {strength:.2f}): runs of {longest} blocks"
    return longest, note if name else "no serial dependence was found"
