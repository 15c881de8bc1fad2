"""A range for the mean of bounded values that holds at all times at once: a confidence sequence by betting.

Hedged capital with predictable plug-in bets (Waudby-Smith and Ramdas, 2024, JRSS B 86:1, section 4): for every
candidate mean m a gambler bets that the values lie above it and another that they lie below; a candidate is excluded
once one of them is rich.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, finite
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Betting", "bet", "betting_sequence", "open_bets"]

_STAKE = 0.5
"""Part of the wealth that may be lost in one round."""


class Betting(msgspec.Struct, frozen=True, kw_only=True):
    """The state: the wealth of both gamblers for each candidate mean."""

    alpha: float
    lower: float
    upper: float
    """Bounds of the values."""
    above: npt.NDArray[np.float64]
    """Shape (candidates,), logarithms."""
    below: npt.NDArray[np.float64]
    low: float
    high: float
    """The range, in the unit of the values; it never widens."""
    count: int = 0
    total: float = 0.0
    """Of the values scaled to 0 to 1."""
    squares: float = 0.0
    """Sum of squared deviations from the mean so far."""

    @property
    def interval(self) -> Interval:
        """The range now."""
        return Interval(self.low, self.high, 1.0 - self.alpha)


def open_bets(*, alpha: float = 0.05, lower: float = 0.0, upper: float = 1.0, candidates: int = 1001) -> Betting:
    """The state before the first value.

    >>> str(open_bets().interval)
    '0 to 1 (95%)'
    """
    bounded = math.isfinite(lower) and math.isfinite(upper) and lower < upper
    if not (bounded and 0.0 < alpha < 1.0 and candidates >= 3):
        raise InvalidStatistic(
            "Bets need bounds",
            expected="finite bounds in order, alpha between 0 and 1, at least 3 candidates",
            received=f"{lower} to {upper}, alpha {alpha}, {candidates} candidates",
        )
    nothing = np.zeros(candidates)
    return Betting(
        alpha=alpha, lower=lower, upper=upper, above=nothing, below=nothing.copy(), low=float(lower), high=float(upper)
    )


def bet(state: Betting, values: npt.ArrayLike) -> Betting:
    """Take in values (mean losses of blocks, paired differences) in their order.

    The mean of each value, given those before it, must be the same unknown number; the values need no distribution.

    Stated level: the range ever fails to hold that number with probability at most ``alpha``.

    >>> after = bet(open_bets(), np.tile([0.1, 0.3], 200))
    >>> after.low < 0.2 < after.high, after.interval.width < 0.06
    (True, True)
    """
    return _run(state, values)[0]


def betting_sequence(
    values: npt.ArrayLike, *, alpha: float = 0.05, lower: float = 0.0, upper: float = 1.0, candidates: int = 1001
) -> tuple[Floats, Floats]:
    """Both ends of the range after each value, each of shape (values,).

    >>> low, high = betting_sequence([1.0] * 50)
    >>> float(low[0]), bool(low[-1] > 0.8), float(high[-1])
    (0.0, True, 1.0)
    """
    _, low, high = _run(open_bets(alpha=alpha, lower=lower, upper=upper, candidates=candidates), values)
    return low, high


def _run(state: Betting, values: npt.ArrayLike) -> tuple[Betting, Floats, Floats]:
    given = finite("values", values)
    if len(given) and (given.min() < state.lower or given.max() > state.upper):
        raise InvalidStatistic(
            "A value lies outside its bounds",
            expected=f"{state.lower} to {state.upper}",
            received=f"{given.min():.6g} to {given.max():.6g}",
        )
    scale = state.upper - state.lower
    scaled = np.clip((given - state.lower) / scale, 0.0, 1.0)
    candidates = np.linspace(0.0, 1.0, len(state.above))
    with np.errstate(divide="ignore"):  # a bet on 0 or 1 has no bound but its own size
        most = _STAKE / candidates, _STAKE / (1.0 - candidates)
    above, below, low, high = state.above.copy(), state.below.copy(), state.low, state.high
    count, total, squares = state.count, state.total, state.squares
    lows, highs = np.empty(len(given)), np.empty(len(given))
    bar = math.log(2.0 / state.alpha)  # half of the capital on either side
    for place, value in enumerate(scaled.tolist()):
        size = _size(state.alpha, count, squares)
        above += np.log1p(np.minimum(size, most[0]) * (value - candidates))
        below += np.log1p(-np.minimum(size, most[1]) * (value - candidates))
        poor, rich = candidates[above >= bar], candidates[below >= bar]
        low = max(low, state.lower + scale * float(poor.max())) if len(poor) else low
        high = min(high, state.lower + scale * float(rich.min())) if len(rich) else high
        if low > high:  # the assumption is broken, or this is one of the alpha: keep a range that exists
            low = high = (low + high) / 2.0
        count += 1
        before = (total + 0.5) / count
        total += value
        squares += (value - before) * (value - (total + 0.5) / (count + 1))
        lows[place], highs[place] = low, high
    moved = msgspec.structs.replace(
        state, above=above, below=below, low=low, high=high, count=count, total=total, squares=squares
    )
    return moved, lows, highs


def _size(alpha: float, count: int, squares: float) -> float:
    """The plug-in bet for the next value; it knows only those before it."""
    variance = max((0.25 + squares) / (count + 1), 1e-9)
    after = count + 1
    return min(math.sqrt(2.0 * math.log(2.0 / alpha) / (variance * after * math.log(after + 1.0))), 1e6)
