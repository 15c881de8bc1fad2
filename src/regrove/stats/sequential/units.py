"""Events that come in bunches: one user, one session or one retry loop can make many."""

from __future__ import annotations

import numpy.typing as npt

from regrove.stats.arrays import finite, same_rows
from regrove.stats.verdict import InvalidStatistic

__all__ = ["measured_design", "unit_design"]


def unit_design(events: npt.ArrayLike) -> float:
    """By how much bunches inflate the variance of the canary's count, when whole units are assigned: at least 1.

    ``sum(n_u^2) / sum(n_u)`` over units with n_u events: all events of a unit fall into one arm. Dividing the
    evidence by the *largest* n_u keeps the level of a grid e-process exactly, for any bunches (Hoelder's inequality);
    dividing by this number keeps it about.

    Args:
        events: shape (units,), how many events each unit had.

    >>> unit_design([1, 1, 1, 1]), unit_design([2, 2]), unit_design([0, 0])
    (1.0, 2.0, 1.0)
    """
    sizes = finite("events", events)
    if sizes.size and sizes.min() < 0.0:
        raise InvalidStatistic("Events are counted", expected="numbers from 0 up", received=str(float(sizes.min())))
    total = float(sizes.sum())
    return max(1.0, float(sizes @ sizes) / total) if total else 1.0


def measured_design(canary: npt.ArrayLike, control: npt.ArrayLike, share: float) -> float:
    """The same from an A/A run, where both arms are alike: variance of the canary's counts over a binomial's.

    Args:
        canary: shape (blocks,), events of one arm in each block of time; at least 10 blocks with events.
        control: the other arm's.
        share: of the first arm.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> both = rng.binomial(40, 0.5, size=200)
    >>> measured_design(both, 40 - both, 0.5) < 1.3, measured_design(3 * both, 3 * (40 - both), 0.5) > 2.4
    (True, True)
    """
    left, right = finite("canary", canary), finite("control", control)
    same_rows(canary=left, control=right)
    total = left + right
    used = total > 0
    if not 0.0 < share < 1.0 or used.sum() < 10 or (left < 0).any() or (right < 0).any():
        raise InvalidStatistic(
            "A design effect cannot be measured",
            expected="a share between 0 and 1, and at least 10 blocks with events",
            received=f"share {share}, {int(used.sum())} blocks",
        )
    squares = (left[used] - share * total[used]) ** 2 / (share * (1.0 - share) * total[used])
    return max(1.0, float(squares.mean()))
