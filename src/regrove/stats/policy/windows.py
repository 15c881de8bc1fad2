"""On how much of the past to train, by rolling-origin back-test."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, finite, same_rows
from regrove.stats.comparison.paired import paired_losses
from regrove.stats.verdict import Interval, InvalidStatistic, needs

__all__ = ["Window", "WindowChoice", "choose_window"]

_LEAST_ORIGINS = 5
_ALL_FLIPS = 12
"""Units up to which all patterns of signs are listed and none is drawn."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate."""

    name: str
    loss: float
    """Mean over the origins."""
    gain: float
    """Mean loss of the first candidate less this one's; above 0 it is better."""
    interval: Interval
    """Of the gain: BCa, drawing origins."""
    p: float
    """One-sided for "no better than the first", corrected for all candidates; 1 for the first itself."""
    better: bool


class WindowChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate to train on."""

    chosen: str
    tie: bool
    """No candidate is shown to beat the first, which is therefore chosen."""
    reason: str
    windows: tuple[Window, ...]
    origins: int
    level: float
    flips: int
    """Patterns of signs that were looked at: all of them, or as many as were drawn."""
    seed: int


def choose_window(
    losses: Mapping[str, npt.ArrayLike], *, level: float = 0.05, draws: int = 4000, seed: int = 0, run: int = 1
) -> WindowChoice:
    """The candidate with the least loss among those that beat the first, and the first where none does.

    ``losses`` are named columns, the first that of the expanding window (all of the past): the mean loss of each block
    that follows an origin, in the order of time, each candidate trained up to the origin less the delay of the labels.
    With fewer than 5 origins the first is chosen.

    A candidate beats the first when flipping the signs of the paired differences at random seldom gives a sum as large,
    corrected for all candidates by step-down max-T on the same flips: exact for any number of origins where, without a
    gain, differences are symmetric and independent. ``run`` > 1 flips runs of neighbouring origins together, for
    differences that last. Skewed differences are tested approximately. Stated: where all candidates are alike, one is
    preferred to the first in at most ``level``.

    Sources: Tashman (2000), International Journal of Forecasting 16:437, for rolling origins; Romano (1990), JASA
    85:686, for the flips; Romano and Wolf (2005), Econometrica 73:1237, for several candidates.

    >>> back_test = {"expanding": [1.0, 1.1, 0.9, 1.0, 1.2, 1.1], "last year": [0.8, 1.0, 0.8, 0.7, 1.1, 1.0]}
    >>> choose_window(back_test).chosen
    'last year'
    """
    columns = {name: finite(f"loss of {name}", each) for name, each in losses.items()}
    origins = same_rows(**columns) if columns else 0
    if not origins or len(columns) < 2 or not 0.0 < level < 1.0 or not 1 <= run <= origins:
        raise InvalidStatistic(
            "These windows cannot be compared",
            expected="at least 2 candidates and 1 origin, a level between 0 and 1, runs no longer than all origins",
            received=f"{len(columns)} candidates, {origins} origins, level {level}, runs of {run}",
        )
    first, *others = columns
    gains = np.stack([columns[first] - columns[each] for each in others], axis=1)
    p, flips = _step_down(gains, run, draws, np.random.default_rng(seed))
    enough = origins >= _LEAST_ORIGINS
    intervals = _intervals(columns, first, draws, seed, run)
    windows = [
        Window(
            name=first,
            loss=float(columns[first].mean()),
            gain=0.0,
            interval=Interval(0.0, 0.0, 0.9),
            p=1.0,
            better=False,
        )
    ]
    windows += [
        Window(
            name=name,
            loss=float(columns[name].mean()),
            gain=float(gains[:, place].mean()),
            interval=intervals[place],
            p=float(p[place]),
            better=bool(enough and p[place] <= level),
        )
        for place, name in enumerate(others)
    ]
    best = min((each for each in windows if each.better), key=lambda each: each.loss, default=windows[0])
    return WindowChoice(
        chosen=best.name,
        tie=best is windows[0],
        reason=_reason(windows, best, origins),
        windows=tuple(windows),
        origins=origins,
        level=level,
        flips=flips,
        seed=seed,
    )


def _intervals(columns: Mapping[str, Floats], first: str, draws: int, seed: int, run: int) -> list[Interval]:
    others = {name: each for name, each in columns.items() if name != first}
    origins = len(columns[first])
    if origins < 2:
        return [Interval(-np.inf, np.inf, 0.9)] * len(others)
    found = paired_losses(columns[first], others, np.arange(origins), draws=draws, seed=seed, run=run)
    return [found.gain(name).interval for name in others]


def _step_down(gains: Floats, run: int, draws: int, rng: np.random.Generator) -> tuple[Floats, int]:
    """Corrected p-values of all columns, and the number of patterns of signs."""
    starts = np.arange(0, len(gains), run)
    units: Floats = np.add.reduceat(gains, starts, axis=0)
    scale = np.sqrt(np.square(units).sum(axis=0))
    units = units / np.where(scale > 0.0, scale, 1.0)
    signs = _signs(len(units), draws, rng)
    seen = units.sum(axis=0)
    chance = signs @ units
    p, floor = np.ones(len(seen)), 0.0
    order = np.argsort(-seen, kind="stable")
    for step, place in enumerate(order):
        highest = chance[:, order[step:]].max(axis=1)
        floor = max(floor, float((highest >= seen[place] - 1e-12).mean()))
        p[place] = floor
    return p, len(signs)


def _signs(units: int, draws: int, rng: np.random.Generator) -> Floats:
    """Patterns of signs, shape (patterns, units); the first leaves all as they are."""
    if units <= _ALL_FLIPS:
        bits = (np.arange(2**units)[:, None] >> np.arange(units)) & 1
    else:
        bits = rng.integers(0, 2, size=(draws + 1, units))
        bits[0] = 0
    return 1.0 - 2.0 * bits.astype(np.float64)


def _reason(windows: list[Window], best: Window, origins: int) -> str:
    first = windows[0]
    if origins < _LEAST_ORIGINS:
        missing = needs(_LEAST_ORIGINS - origins, "origins")
        return f"{origins} origins are too few to prefer another to {first.name}: {missing}"
    if best is not first:
        return (
            f"{best.name} loses {best.gain:.3g} less than {first.name} [{best.interval.low:.3g}, "
            f"{best.interval.high:.3g}] at {origins} origins, corrected p {best.p:.3g}"
        )
    near = min(windows[1:], key=lambda each: each.p)
    return (
        f"no candidate is shown to beat {first.name} at {origins} origins (nearest: {near.name}, gain {near.gain:.3g} "
        f"[{near.interval.low:.3g}, {near.interval.high:.3g}], corrected p {near.p:.3g}), so {first.name} stays"
    )
