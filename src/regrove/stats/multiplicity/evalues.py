"""Many e-values at once, under any dependence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regrove.stats.multiplicity.adjusted import Discoveries, discoveries, present
from regrove.stats.verdict import InvalidStatistic

__all__ = ["e_bh"]


def e_bh(e: Sequence[float | None], level: float = 0.1) -> Discoveries:
    """Benjamini and Hochberg's rule on 1 / e: the list of what was found, with ``level`` of it false.

    Stated level: the expected share of false ones is at most ``level`` however the e-values depend on each other,
    also for overlapping windows and for guards of one canary (Wang and Ramdas, 2022, JRSSB 84:822). The price is power.

    Args:
        e: one e-value a hypothesis, from 0 to infinity; None for one that could not be tested.
        level: the share of false discoveries that one accepts.

    >>> e_bh([50.0, 3.0, 12.0, 0.0], 0.2).rejected
    (True, False, True, False)
    """
    given = np.array([each for each in e if each is not None], dtype=np.float64)
    if not (given >= 0.0).all():
        raise InvalidStatistic("These are no e-values", expected="numbers from 0 up", received=str(list(e)))
    inverse = [None if each is None else (1.0 / each if each > 1.0 else 1.0) for each in e]
    values, places = present(inverse, level)
    order = np.argsort(values, kind="stable")
    m = len(values)
    steps = np.minimum.accumulate((values[order] * (m / np.arange(1.0, m + 1.0)))[::-1])[::-1]
    return discoveries(places, order, np.minimum(steps, 1.0), level, len(e), "share of false ones")
