"""How likely a gain is found, and how many rows or blocks it takes."""

from __future__ import annotations

import math

from scipy import special

from regrove.stats.verdict import InvalidStatistic

__all__ = ["needed_rows", "needed_units", "power"]


def power(gain: float, error: float, units: int, planned: float, *, margin: float = 0.0, level: float = 0.95) -> float:
    """The chance that a lower ``level`` bound lies above -``margin``, when the truth is ``gain``.

    ``error`` is the standard error seen with ``units`` blocks (or independent rows); it shrinks with the root of the
    ``planned`` number. Normal approximation.

    >>> round(power(0.01, 0.01, 30, 120), 2)
    0.64
    """
    _check(error, units, level)
    if planned <= 0:
        raise InvalidStatistic("Nothing is planned", expected="a number above 0", received=str(planned))
    if error == 0.0:
        return float(gain > -margin)
    scaled = error * math.sqrt(units / planned)
    return float(special.ndtr((gain + margin) / scaled - special.ndtri(level)))


def needed_units(
    gain: float, error: float, units: int, *, margin: float = 0.0, level: float = 0.95, chance: float = 0.8
) -> float:
    """How many blocks (or independent rows) in all give the ``power`` of ``chance``; infinite for no gain.

    Normal approximation with the error taken as known. A stated chance of .8 is at least .77 with 30 blocks or more
    where the gains of blocks are normal; where they are skewed to the wrong side it is .68 with 30 blocks and .72 with
    60.

    >>> needed_units(0.01, 0.01, 30), needed_units(-0.01, 0.01, 30)
    (186.0, inf)
    """
    _check(error, units, level)
    if not 0.0 < chance < 1.0:
        raise InvalidStatistic("This is no chance", expected="a number between 0 and 1", received=str(chance))
    distance = gain + margin
    if distance <= 0.0:
        return math.inf
    ratio = (float(special.ndtri(level)) + float(special.ndtri(chance))) * error / distance
    return float(max(1, math.ceil(units * max(0.0, ratio) * abs(ratio)))) if ratio < 1e150 else math.inf


def needed_rows(gain: float, discordant: float, *, level: float = 0.95, chance: float = 0.8) -> float:
    """Independent rows for a gain in accuracy to be found, before there are any data.

    ``discordant`` is the share of rows on which exactly one of the two models is right. One-sided. Source: Connor
    (1987), Biometrics 43:207.

    >>> needed_rows(0.01, 0.05)
    3090.0
    """
    if not (0.0 <= abs(gain) <= discordant <= 1.0 and 0.0 < level < 1.0 and 0.0 < chance < 1.0):
        raise InvalidStatistic(
            "These shares cannot be",
            expected="|gain| <= discordant <= 1, level and chance between 0 and 1",
            received=f"gain {gain}, discordant {discordant}, level {level}, chance {chance}",
        )
    if gain <= 0.0:
        return math.inf
    left = float(special.ndtri(level)) * math.sqrt(discordant)
    right = float(special.ndtri(chance)) * math.sqrt(discordant - gain * gain)
    return float(math.ceil((left + right) ** 2 / (gain * gain)))


def _check(error: float, units: int, level: float) -> None:
    if not (0.0 <= error < math.inf and units > 0 and 0.0 < level < 1.0):
        raise InvalidStatistic(
            "These numbers give no power",
            expected="an error of at least 0, units, and a level between 0 and 1",
            received=f"error {error}, {units} units, level {level}",
        )
