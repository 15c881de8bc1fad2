"""How many independent rows the rows of blocks are worth, for a share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Bools, codes, same_rows
from regrove.stats.drift.design import share_design

__all__ = ["design_of"]


def design_of(hits: Bools, blocks: npt.ArrayLike | None) -> float:
    """The design effect of the share of ``hits``: 1 without blocks or rows, all rows in a single block.

    >>> design_of(np.array([True] * 50 + [False] * 50), np.repeat(np.arange(4), 25)) > 25
    True
    """
    if blocks is None or not len(hits):
        return 1.0
    names, block = codes(blocks)
    same_rows(hits=hits, blocks=block)
    if len(names) < 2:
        return float(len(hits))
    inside = np.bincount(block[hits], minlength=len(names))
    return share_design(np.stack([np.bincount(block, minlength=len(names)) - inside, inside], axis=1), [1])
