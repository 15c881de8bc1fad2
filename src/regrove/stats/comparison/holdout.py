"""How often a holdout was used to decide: each use wears it out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from regrove.stats.verdict import InvalidStatistic

__all__ = ["HoldoutUse", "holdout_use"]


class HoldoutUse(msgspec.Struct, frozen=True, kw_only=True):
    """The uses of one holdout."""

    used: int
    left: int
    fresh: bool
    """Whether it may decide once more."""
    reason: str


def holdout_use(decisions: Iterable[str], holdout: str, *, budget: int = 20) -> HoldoutUse:
    """Count the past decisions, each given by the holdout it rested on, against the ``budget`` of one holdout.

    Choosing challengers by what a holdout said before fits them to it (Dwork et al., 2015, Science 349:636).

    >>> holdout_use(["march"] * 20, "march").reason
    '20 decisions rested on this holdout, the budget of 20 is used up: take a later window'
    """
    if budget < 1:
        raise InvalidStatistic("This is no budget", expected="at least 1 decision", received=str(budget))
    used = sum(1 for each in decisions if each == holdout)
    left = max(0, budget - used)
    reason = f"{used} decisions rested on this holdout, "
    reason += f"{left} more may" if left else f"the budget of {budget} is used up: take a later window"
    return HoldoutUse(used=used, left=left, fresh=left > 0, reason=reason)
