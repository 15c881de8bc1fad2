"""The test of a canary that may be looked at after every event and whose share may change: a grid e-process.

Units are sent to the canary at random with share ``pi``. Take the events of one kind (errors, slow answers, a class of
predictions). When the canary has them at R times the rate of the control, the next such event is the canary's with
probability ``pi R / (pi R + 1 - pi)``; at R = 1 with probability ``pi``, whatever the traffic does over the day. The
ratio of both likelihoods, multiplied up over the events, is a martingale with mean 1 for every R, and so is its mean
over a grid of ratios (Lindon and Malek, 2022, NeurIPS, have it with a beta prior in place of the grid). By Ville's
inequality it ever reaches 1 / alpha with probability at most alpha.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, binary, finite
from regrove.stats.verdict import InvalidStatistic

__all__ = ["RATIOS", "RATIO_MISMATCH", "Grid", "begin", "count", "observe", "observe_counts"]

RATIOS = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0)
"""The rate ratios that a guard looks for."""
RATIO_MISMATCH = (1.01, 1.02, 1.05, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0)
"""Finer ratios, for the test that units arrive in the share that was asked for; two-sided."""

_CHUNK = 16_384


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of a stream of events: a few floats."""

    ratios: tuple[float, ...]
    wealth: tuple[float, ...]
    """Logarithm of the likelihood ratio for each rate ratio."""
    peak: float = 0.0
    """The largest logarithm of the e-value so far: a test that was passed once stays passed."""
    canary: float = 0.0
    """Events of the canary."""
    events: float = 0.0
    expected: float = 0.0
    """Events of the canary that were expected if both had the same rate."""

    @property
    def log_e(self) -> float:
        """Logarithm of the e-value now: of the mean over the ratios."""
        top = max(self.wealth)
        return top + math.log(sum(math.exp(each - top) for each in self.wealth) / len(self.wealth))

    @property
    def e(self) -> float:
        """The e-value now; infinite when it is beyond what a float holds."""
        return math.exp(self.log_e) if self.log_e < 709.0 else math.inf

    @property
    def p(self) -> float:
        """A p-value that is valid at any time: one over the largest e-value so far."""
        return math.exp(-max(0.0, self.peak))

    @property
    def control(self) -> float:
        """Events of the control."""
        return self.events - self.canary

    @property
    def ratio(self) -> float | None:
        """The canary's rate over the control's, as seen; None while one of both has no event or no share.

        Exact at a constant share, otherwise the ratio of observed over expected on both sides.
        """
        other = self.events - self.expected
        if self.expected <= 0.0 or other <= 0.0 or self.control <= 0.0:
            return None
        return (self.canary / self.expected) / (self.control / other)


def begin(ratios: tuple[float, ...] = RATIOS, *, two_sided: bool = False) -> Grid:
    """A grid before its first event.

    One-sided it asks whether the canary has *more* such events than the control: the null is "as many or fewer".
    ``two_sided`` adds 1 / R for each R.

    >>> begin((2.0, 4.0), two_sided=True).ratios
    (0.25, 0.5, 2.0, 4.0)
    """
    grid = tuple(float(each) for each in ratios)
    if not grid or not all(math.isfinite(each) and each > 1.0 for each in grid):
        raise InvalidStatistic("These are no rate ratios", expected="finite numbers above 1", received=str(ratios))
    if two_sided:
        grid += tuple(1.0 / each for each in grid)
    grid = tuple(sorted(set(grid)))
    return Grid(ratios=grid, wealth=(0.0,) * len(grid))


def observe(grid: Grid, in_canary: bool, share: float, *, design: float = 1.0) -> Grid:
    """One more event, of the canary or not, at the share that held when its unit was assigned.

    ``design`` divides the evidence when one unit can have many events (see ``unit_design``).

    >>> begin((2.0,)).e, observe(begin((2.0,)), True, 0.5).e
    (1.0, 1.3333333333333333)
    """
    if not (0.0 <= share <= 1.0 and (share < 1.0 if not in_canary else share > 0.0) and 1.0 <= design < math.inf):
        raise _refused(in_canary, share, design)
    wealth = tuple(
        old + ((math.log(ratio) if in_canary else 0.0) - math.log1p(share * (ratio - 1.0))) / design
        for old, ratio in zip(grid.wealth, grid.ratios, strict=True)
    )
    moved = Grid(
        ratios=grid.ratios,
        wealth=wealth,
        canary=grid.canary + bool(in_canary),
        events=grid.events + 1.0,
        expected=grid.expected + share,
    )
    return msgspec.structs.replace(moved, peak=max(grid.peak, moved.log_e))


def observe_counts(grid: Grid, canary: int, control: int, share: float, *, design: float = 1.0) -> Grid:
    """Events of both arms at one share, of which the order is not known: the e-value is that after the last of them.

    The likelihood ratio of a set of events is the product over them in whatever order, so that counts suffice; only
    the peak does not see what lies in between. It is that of all moments at which one looked.

    >>> in_order = count(begin(), [True, False, True], 0.2)
    >>> abs(observe_counts(begin(), 2, 1, 0.2).e - in_order.e) < 1e-12
    True
    """
    possible = 0.0 <= share <= 1.0 and (share > 0.0 or not canary) and (share < 1.0 or not control)
    if canary < 0 or control < 0 or not possible or not 1.0 <= design < math.inf:
        raise InvalidStatistic(
            "These events cannot be",
            expected="counts from 0 up, a share of 0 to 1 that allows them, and a design effect of at least 1",
            received=f"{canary} of the canary and {control} of the control at share {share}, design effect {design}",
        )
    events = canary + control
    wealth = tuple(
        old + (canary * math.log(ratio) - events * math.log1p(share * (ratio - 1.0))) / design
        for old, ratio in zip(grid.wealth, grid.ratios, strict=True)
    )
    moved = Grid(
        ratios=grid.ratios,
        wealth=wealth,
        canary=grid.canary + canary,
        events=grid.events + events,
        expected=grid.expected + share * events,
    )
    return msgspec.structs.replace(moved, peak=max(grid.peak, moved.log_e))


def count(grid: Grid, in_canary: npt.ArrayLike, share: npt.ArrayLike, *, design: float = 1.0) -> Grid:
    """Many events in their order, as if each were observed alone: the peak is over every event.

    Args:
        grid: the state before them.
        in_canary: shape (events,), whether each event is the canary's.
        share: one number for all, or shape (events,), each event's share.
        design: see ``observe``.

    >>> one_by_one = observe(observe(begin(), True, 0.1), False, 0.2)
    >>> abs(count(begin(), [True, False], [0.1, 0.2]).e - one_by_one.e) < 1e-12
    True
    """
    arms = binary("in_canary", in_canary)
    pi = finite("share", np.atleast_1d(np.asarray(share, dtype=np.float64)))
    if len(pi) not in {1, len(arms)}:
        raise InvalidStatistic("Shares are one for all or one an event", expected=str(len(arms)), received=str(len(pi)))
    possible = (pi >= 0.0) & (pi <= 1.0) & np.where(arms, pi > 0.0, pi < 1.0)
    if not possible.all() or not 1.0 <= design < math.inf:
        bad = int(np.argmin(possible))
        raise _refused(bool(arms[bad]) if len(arms) else False, float(pi[min(bad, len(pi) - 1)]), design)
    wealth, peak = np.array(grid.wealth), grid.peak
    for start in range(0, len(arms), _CHUNK):
        part = slice(start, start + _CHUNK)
        path = _path(wealth, np.array(grid.ratios), arms[part], pi if len(pi) == 1 else pi[part], design)
        peak = max(peak, _largest_mean(path))
        wealth = path[:, -1]
    return Grid(
        ratios=grid.ratios,
        wealth=tuple(wealth.tolist()),
        peak=peak,
        canary=grid.canary + float(np.count_nonzero(arms)),
        events=grid.events + float(len(arms)),
        expected=grid.expected + (float(pi[0]) * len(arms) if len(pi) == 1 else float(pi.sum())),
    )


def _path(wealth: Floats, ratios: Floats, arms: npt.NDArray[np.bool_], share: Floats, design: float) -> Floats:
    """The logarithms after each event, shape (ratios, events)."""
    hits = np.cumsum(arms, dtype=np.float64)
    if len(share) == 1:
        spent = np.arange(1.0, len(arms) + 1.0)
        costs = np.log1p(share[0] * (ratios - 1.0))
        path: Floats = np.log(ratios)[:, None] * hits - costs[:, None] * spent
    else:
        path = np.log(ratios)[:, None] * hits
        path -= np.cumsum(np.log1p((ratios - 1.0)[:, None] * share), axis=1)
    path /= design
    path += wealth[:, None]
    return path


def _largest_mean(path: Floats) -> float:
    """The largest logarithm of the mean over the ratios; the means are only taken where they could be largest."""
    top = path.max(axis=0)
    near = path[:, top >= top.max() - math.log(len(path)) - 1e-9]
    highest = near.max(axis=0)
    means = highest + np.log(np.exp(near - highest).sum(axis=0) / len(path))
    return float(means.max())


def _refused(in_canary: bool, share: float, design: float) -> InvalidStatistic:
    return InvalidStatistic(
        "This event cannot be",
        expected="a share of 0 to 1 that allows the event's arm, and a design effect of at least 1",
        received=f"an event of the {'canary' if in_canary else 'control'} at share {share}, design effect {design}",
    )
