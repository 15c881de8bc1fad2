"""Resamples of whole blocks as weights: how often each block was drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from regrove.stats.arrays import Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["block_weights"]

_CELLS = 2_000_000
"""Weights made at once, 16 MB."""


def block_weights(blocks: int, draws: int, rng: np.random.Generator, *, run: int = 1) -> Iterator[Floats]:
    """Batches of weights, shape (batch, blocks); together ``draws`` rows, each summing to ``blocks``.

    ``run`` blocks in a row are drawn together, around the end (Politis and Romano, 1992), for blocks that depend on
    their neighbours; 1 draws each by itself.

    >>> batch = next(block_weights(4, 3, np.random.default_rng(0)))
    >>> batch.shape, batch.sum(axis=1).tolist()
    ((3, 4), [4.0, 4.0, 4.0])
    """
    if blocks < 1 or draws < 1 or not 1 <= run <= blocks:
        raise InvalidStatistic(
            "These resamples cannot be drawn",
            expected="at least 1 block and 1 draw, and runs no longer than all blocks",
            received=f"{blocks} blocks, {draws} draws, runs of {run}",
        )
    step = max(1, _CELLS // blocks)
    for done in range(0, draws, step):
        batch = min(step, draws - done)
        if run == 1:
            chosen = rng.integers(blocks, size=(batch, blocks))
        else:
            starts = rng.integers(blocks, size=(batch, -(-blocks // run)))
            chosen = ((starts[:, :, None] + np.arange(run)) % blocks).reshape(batch, -1)[:, :blocks]
        chosen += np.arange(batch)[:, None] * blocks
        yield np.bincount(chosen.ravel(), minlength=batch * blocks).reshape(batch, blocks).astype(np.float64)
