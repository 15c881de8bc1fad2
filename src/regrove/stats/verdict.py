"""The words that every verdict shares: what was decided, how sure, on what calibration, and what is missing.

Conventions of every result record in ``regrove.stats``:

- a frozen Struct, keyword-only where it has more than three fields, made of plain Python numbers (never numpy scalars);
- it carries the value, its ``interval``, the p or e value, the ``effect``, the ``threshold``, the sample sizes, the
  calibration ``tier``, the ``seed`` where chance was used, and a ``reason``: one sentence for a person, which also
  says what more is needed when the answer is open;
- no field is ever nan. An open end of an interval is infinite; an effect that cannot be computed is None and the
  reason says why.
"""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import Self

import msgspec

from regrove.errors import InvalidInput

__all__ = ["Decision", "Drift", "Interval", "InvalidStatistic", "Option", "Tier", "needs"]


class InvalidStatistic(InvalidInput, ValueError):
    """Numbers from which no verdict can be made; also a ValueError, as callers of numpy and scipy expect.

    >>> raise InvalidStatistic("There is no window", expected="at least 1 block", received="0 blocks")
    Traceback (most recent call last):
    ...
    regrove.stats.verdict.InvalidStatistic: There is no window.
      expected: at least 1 block
      received: 0 blocks
    """


class Option(StrEnum):
    """A choice that a caller makes: wherever a member is taken, its value does as well, and nothing else does.

    >>> Tier("iid") is Tier.IID
    True
    >>> Tier("row")
    Traceback (most recent call last):
    ...
    regrove.stats.verdict.InvalidStatistic: There is no tier 'row'.
      expected: block, leave-one-out, moving-block, rao-scott or iid
      received: 'row'
    """

    @classmethod
    def _missing_(cls, value: object) -> Self:
        """Refuse what is no member, and name those that are."""
        name = re.sub(r"(?<!^)(?=[A-Z])", " ", cls.__name__).lower()
        *others, last = cls
        raise InvalidStatistic(
            f"There is no {name} {value!r}", expected=f"{', '.join(others)} or {last}", received=repr(value)
        )


class Drift(StrEnum):
    """Do the window's data come from where the reference came from?"""

    DRIFT = "drift"
    """The difference is more than chance, and large enough to matter."""
    STABLE = "stable"
    """The difference, if there is one, is shown to be too small to matter."""
    INCONCLUSIVE = "inconclusive"
    """The data do not suffice for either; the reason says how many more would."""


class Decision(StrEnum):
    """What to do with a challenger or a canary."""

    PROMOTE = "promote"
    """It is shown to be good enough."""
    REJECT = "reject"
    """It is shown not to be."""
    HOLD = "hold"
    """Neither is shown; wait for more data or ask a person."""


class Tier(Option):
    """On what the chance level of a verdict was calibrated, from the most to the least trustworthy."""

    BLOCK = "block"
    """Permutation of whole blocks (days, hours, batches): rows inside a block may depend on each other."""
    LEAVE_ONE_OUT = "leave-one-out"
    """Each reference block against the others, for a window of one block."""
    MOVING_BLOCK = "moving-block"
    """Runs of consecutive blocks, because neighbouring blocks depend on each other too."""
    RAO_SCOTT = "rao-scott"
    """A chi-square divided by an estimated design effect; few blocks, approximate."""
    IID = "iid"
    """Rows taken as independent: nothing is known of time or blocks, so the alarm rate may be far above its level."""


class Interval(msgspec.Struct, frozen=True):
    """A range for an unknown number; at ``level`` .95 it covers the truth in 95 of 100 cases.

    >>> Interval(0.1, 0.3, 0.95).covers(0.2)
    True
    >>> str(Interval(-0.02, 0.1, 0.9))
    '-0.02 to 0.1 (90%)'
    """

    low: float
    high: float
    level: float

    def __post_init__(self) -> None:
        """Refuse what is no range, so that no verdict rests on nan."""
        if not (self.low <= self.high and 0.0 < self.level < 1.0):
            raise InvalidStatistic(
                "These numbers are no interval",
                expected="low <= high and a level between 0 and 1",
                received=f"low {self.low}, high {self.high}, level {self.level}",
            )

    def __str__(self) -> str:
        """The range for a person."""
        return f"{self.low:.4g} to {self.high:.4g} ({100 * self.level:.4g}%)"

    @property
    def width(self) -> float:
        """How far the ends are apart."""
        return self.high - self.low

    def covers(self, value: float) -> bool:
        """Whether ``value`` lies inside, ends included."""
        return self.low <= value <= self.high


def needs(more: float, what: str) -> str:
    """The end of a sentence that says how much is missing.

    >>> needs(1239.2, "rows")
    'needs 1,240 more rows'
    >>> needs(1, "blocks")
    'needs 1 more block'
    >>> needs(float("inf"), "rows")
    'no number of rows would decide it'
    """
    if math.isnan(more):
        raise InvalidStatistic("The number of missing units is not a number", expected="a number", received="nan")
    if math.isinf(more):
        return f"no number of {what} would decide it"
    count = max(1, math.ceil(more))
    return f"needs {count:,} more {what.removesuffix('s') if count == 1 else what}"
