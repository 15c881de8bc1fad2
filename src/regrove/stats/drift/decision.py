"""From a column's test to DRIFT, STABLE or INCONCLUSIVE, and what is missing for an answer."""

from __future__ import annotations

import math

import msgspec
from scipy import special

from regrove.stats.drift.comparison import ColumnTest
from regrove.stats.drift.effects import Effect
from regrove.stats.verdict import Drift, InvalidStatistic, Tier, needs

__all__ = ["ColumnVerdict", "decide"]

_LEAST = 30
_POWER = 0.8


class ColumnVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one column, with all that it rests on."""

    name: str
    verdict: Drift
    reason: str
    """A sentence for a person; for INCONCLUSIVE with what is missing."""
    p: float | None
    level: float
    """The level that p had to reach after the correction for many columns."""
    decisive: Effect | None
    """The effect that decided, or that stands in the way."""
    more: float
    """Window rows or blocks that are missing; 0 for a decided column, infinite when the window alone cannot decide."""
    test: ColumnTest
    """Statistics, effects, sizes, tier, design effect and seed."""


def decide(test: ColumnTest, *, level: float = 0.05) -> ColumnVerdict:
    """The verdict on a column at a level that was corrected for how many columns are looked at.

    DRIFT when p is at or below the level and an effect reaches its floor; STABLE when the 95% upper bound of every
    effect is below its floor (an equivalence test, whatever p is); INCONCLUSIVE otherwise. Without the floor every
    column drifts at a million rows; without the bound every column is stable at a hundred.

    >>> import numpy as np
    >>> from regrove.stats.drift import ColumnCounts, compare
    >>> rng = np.random.default_rng(0)
    >>> column = ColumnCounts(name="kind", reference=rng.multinomial(9000, [0.5, 0.5], size=30),
    ...                       window=rng.multinomial(9000, [0.5, 0.5], size=5))
    >>> decide(compare([column]).columns[0]).verdict.value
    'stable'
    """
    if not 0.0 < level < 1.0:
        raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(level))
    significant = test.p is not None and test.p <= level
    weighed = [each for each in test.effects if each.floor is not None]
    large = [each for each in weighed if each.matters]
    if significant and large:
        widest = max(large, key=_against_floor)
        return _verdict(test, level, Drift.DRIFT, f"{_described(widest)} (p = {test.p:.2g})", widest, 0.0)
    open_ = [each for each in weighed if not each.negligible]
    measured = weighed and test.rows_window >= _LEAST and test.rows_reference >= _LEAST
    if measured and not open_ and test.p is not None:
        closest = max(weighed, key=lambda each: each.bound / _floor(each))
        reason = f"every effect is below its floor; closest: {_described(closest)}"
        return _verdict(test, level, Drift.STABLE, reason, closest, 0.0)
    return _inconclusive(test, level, significant, large, open_)


def _inconclusive(
    test: ColumnTest, level: float, significant: bool, large: list[Effect], open_: list[Effect]
) -> ColumnVerdict:
    blocks = test.tier not in {Tier.IID, Tier.RAO_SCOTT}
    unit = "window blocks" if blocks else "window rows"
    have, reference = (test.blocks_window, test.blocks_reference) if blocks else (test.rows_window, test.rows_reference)
    if test.rows_window < _LEAST or test.rows_reference < _LEAST:
        side = "window" if test.rows_window < _LEAST else "reference"
        rows = min(test.rows_window, test.rows_reference)
        more = float(_LEAST - rows)
        reason = f"{rows} {side} rows with a value are too few for a test: {needs(more, f'{side} rows')}"
        return _verdict(test, level, Drift.INCONCLUSIVE, reason, None, more)
    if test.p is None or not test.effects:
        reason = "the column holds a single value on both sides, or blocks too few to tell chance from drift"
        return _verdict(test, level, Drift.INCONCLUSIVE, reason, None, math.inf)
    if large and not significant:
        widest = max(large, key=_against_floor)
        ratio = _to_significance(test.p, level)
        start = f"{_described(widest)}, but chance could do it (p = {test.p:.2g} against {level:.2g})"
    else:
        widest = max(open_, key=lambda each: each.bound / _floor(each))
        gap, half = abs(_floor(widest) - widest.size), widest.bound - widest.size
        ratio = (gap / half) ** 2 if half > 0 else 1.0
        start = f"{_described(widest)}: its interval holds the floor"
    more = _missing(have, reference, ratio)
    tail = (
        needs(more, unit)
        if math.isfinite(more)
        else "a longer window alone would not decide it, a longer reference may"
    )
    return _verdict(test, level, Drift.INCONCLUSIVE, f"{start}; {tail}", widest, more)


def _to_significance(p: float, level: float) -> float:
    """By what factor the noise variance must shrink for the same difference to be found in 8 of 10 windows."""
    now = max(0.1, float(special.ndtri(1.0 - min(max(p, 1e-16), 1.0 - 1e-16))))
    return (now / (float(special.ndtri(1.0 - level)) + float(special.ndtri(_POWER)))) ** 2


def _missing(window: int, reference: int, ratio: float) -> float:
    """More window units so that 1/reference + 1/window shrinks by ``ratio``; infinite when it cannot."""
    if ratio >= 1.0:
        return 1.0
    wanted = (1.0 / reference + 1.0 / window) * ratio - 1.0 / reference
    return 1.0 / wanted - window if wanted > 0.0 else math.inf


def _floor(effect: Effect) -> float:
    assert effect.floor is not None  # only weighed effects come here
    return effect.floor


def _against_floor(effect: Effect) -> float:
    return effect.size / _floor(effect)


_WORDS = {
    "js": "Jensen-Shannon distance",
    "transport": "shift in robust standard deviations",
    "nulls": "change of the null rate",
    "broken": "change of the share of nan and infinities",
    "fresh": "share of values never seen before",
}


def _described(effect: Effect) -> str:
    name = _WORDS.get(effect.name, effect.name)
    return (
        f"{name} {effect.value:.3g} [{effect.interval.low:.3g}, {effect.interval.high:.3g}], floor {_floor(effect):.3g}"
    )


def _verdict(
    test: ColumnTest, level: float, verdict: Drift, reason: str, decisive: Effect | None, more: float
) -> ColumnVerdict:
    return ColumnVerdict(
        name=test.name,
        verdict=verdict,
        reason=reason,
        p=test.p,
        level=level,
        decisive=decisive,
        more=more,
        test=test,
    )
