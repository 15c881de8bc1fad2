"""Runs of neighbouring blocks as windows, for blocks that depend on their neighbours."""

from __future__ import annotations

import math

import numpy as np

from regrove.stats.drift.counts import Floats
from regrove.stats.drift.selections import Selections
from regrove.stats.verdict import InvalidStatistic

__all__ = ["select_runs"]


def select_runs(
    blocks_reference: int, blocks_window: int, length: int, draws: int, rng: np.random.Generator
) -> Selections:
    """Selections of runs of ``length`` consecutive blocks, the reference and then the window in order of time.

    A window no longer than ``length`` is compared with every run of its own size (there are as many as places where
    one can begin). A longer one is put together from randomly placed runs that do not overlap, the last cut to size, on
    the blocks closed to a circle. Strata play no part; choose windows of whole weeks where weekdays differ.

    The p-values are approximate: exact only in the limit of many runs of a stationary series.

    >>> select_runs(3, 2, 2, 99, np.random.default_rng(0)).marks
    array([[0., 0., 0., 1., 1.],
           [1., 1., 0., 0., 0.],
           [0., 1., 1., 0., 0.],
           [0., 0., 1., 1., 0.]])
    """
    blocks = blocks_reference + blocks_window
    if min(blocks_reference, blocks_window, length, draws) < 1:
        raise InvalidStatistic(
            "There are no runs to draw",
            expected="at least 1 block on each side, a length and draws of at least 1",
            received=f"{blocks_reference} and {blocks_window} blocks, length {length}, {draws} draws",
        )
    pieces = math.ceil(blocks_window / length)
    observed = np.zeros(blocks)
    observed[blocks_reference:] = 1.0
    if pieces == 1 or pieces > blocks // length:
        rest = np.zeros((blocks_reference, blocks))
        for start in range(blocks_reference):
            rest[start, start : start + blocks_window] = 1.0
    else:
        rest = _pieced(blocks, blocks_window, length, pieces, draws, rng)
    return Selections(
        marks=np.vstack([observed, rest]),
        exact=False,
        possible=float(blocks if pieces == 1 else max(blocks, math.comb(blocks // length, pieces) * length)),
        share=np.full(blocks, blocks_window / blocks),
        stratified=False,
    )


def _pieced(blocks: int, wanted: int, length: int, pieces: int, draws: int, rng: np.random.Generator) -> Floats:
    offsets = rng.integers(blocks, size=draws)
    segments = np.argsort(rng.random((draws, blocks // length)), axis=1)[:, :pieces]
    places = (segments[:, :, None] * length + np.arange(length)).reshape(draws, -1)[:, :wanted]
    marks = np.zeros((draws, blocks))
    np.put_along_axis(marks, (places + offsets[:, None]) % blocks, 1.0, axis=1)
    return marks
