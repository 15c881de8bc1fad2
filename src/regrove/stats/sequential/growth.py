"""CONFIRMED: a Shiryaev-Roberts e-detector over the mean losses of blocks.

``M <- (M + 1)(1 + bet (Y - m0))`` for a few bets, alarm when their mean reaches 1 / a. While the expected loss of a
block, given all before it, is at most m0, the expected number of blocks to an alarm is at least 1 / a, whatever the
losses are distributed like (Shin, Ramdas and Rinaldo, 2023, NEJSDS, "E-detectors").
"""

from __future__ import annotations

import math

import msgspec
import numpy.typing as npt

from regrove.stats.sequential.blocks import block_losses
from regrove.stats.verdict import InvalidStatistic

__all__ = ["BETS", "Detector", "detect", "detector"]

BETS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Each bet times m0: the part of the wealth that a loss of 0 costs."""

_TOP = 1e300


class Detector(msgspec.Struct, frozen=True, kw_only=True):
    """The state: a float for each bet."""

    m0: float
    """The largest mean loss that counts as unchanged, above 0 (see ``ceiling``)."""
    arl: float
    """1 / a: at least as many blocks lie on average before a false alarm."""
    wealth: tuple[float, ...] = (0.0,) * len(BETS)
    blocks: int = 0
    alarm_at: int | None = None
    """The block, counted from 1, at which the mean first reached ``arl``."""

    @property
    def value(self) -> float:
        """The mean over the bets; compared with ``arl``."""
        return math.fsum(each / len(self.wealth) for each in self.wealth)


def detector(m0: float, *, arl: float = 10_000.0) -> Detector:
    """A detector before its first block.

    >>> detector(0.2).value
    0.0
    """
    if not (0.0 < m0 <= 1.0 and 1.0 <= arl < _TOP):
        raise InvalidStatistic(
            "There is no such detector", expected="m0 above 0 and at most 1, arl from 1", received=f"{m0}, {arl}"
        )
    return Detector(m0=m0, arl=arl)


def detect(state: Detector, losses: npt.ArrayLike) -> Detector:
    """Take in the mean losses of new blocks, in order of time.

    Stated level: at ``arl`` 10,000 at most 365 / 10,000 = 3.7% of null years of daily blocks see an alarm.

    >>> detect(detector(0.2, arl=1000), [0.2] * 300).alarm_at is None
    True
    >>> detect(detector(0.2, arl=1000), [0.2] * 30 + [0.4] * 60).alarm_at
    39
    """
    wealth, seen, alarm = list(state.wealth), state.blocks, state.alarm_at
    rates = [bet / state.m0 for bet in BETS]
    for loss in block_losses("losses", losses).tolist():
        gain = loss - state.m0
        wealth = [min(_TOP, (old + 1.0) * (1.0 + rate * gain)) for old, rate in zip(wealth, rates, strict=True)]
        seen += 1
        if alarm is None and math.fsum(wealth) / len(wealth) >= state.arl:
            alarm = seen
    return Detector(m0=state.m0, arl=state.arl, wealth=tuple(wealth), blocks=seen, alarm_at=alarm)
