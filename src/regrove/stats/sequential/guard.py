"""What a guard of a canary says now: stop it, or nothing yet; and what all guards say together."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from regrove.stats.sequential.combination import combine
from regrove.stats.sequential.grid import Grid
from regrove.stats.verdict import Decision, Interval, InvalidStatistic, needs

__all__ = ["GuardVerdict", "GuardsVerdict", "judge", "judge_all", "ratio_interval"]


class GuardVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One guard."""

    name: str
    decision: Decision
    """REJECT once the e-value has ever reached the threshold, HOLD before; a guard never promotes."""
    e: float
    """The largest e-value so far."""
    p: float
    """Valid at any time."""
    threshold: float
    """One over alpha."""
    ratio: float | None
    """The canary's rate over the control's, as seen."""
    interval: Interval
    """For the ratio, valid at any time, as fine as the grid; the end that the grid does not reach is open."""
    canary: float
    control: float
    """Events."""
    reason: str


class GuardsVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """All guards together."""

    decision: Decision
    e: float
    """Weighted mean of the guards' e-values now."""
    threshold: float
    guards: tuple[GuardVerdict, ...]
    """Each at its own part of alpha."""
    reason: str


def judge(name: str, grid: Grid, *, alpha: float = 0.01) -> GuardVerdict:
    """Whether to stop the canary for this guard.

    Stated level, whenever and as often as one looks: a canary that is no worse is stopped with probability at most
    ``alpha``, also while its share changes.

    >>> import numpy as np
    >>> from regrove.stats.sequential import begin, count
    >>> verdict = judge("errors", count(begin(), np.arange(300) % 4 != 0, 0.5))
    >>> verdict.decision.value, verdict.ratio, verdict.interval.low
    ('reject', 3.0, 1.5)
    """
    _checked(alpha)
    found = grid.peak >= -math.log(alpha)
    interval = ratio_interval(grid, level=min(1.0 - alpha, 1.0 - 1e-15))
    ratio = grid.ratio
    shown = "" if ratio is None else f"{ratio:.3g} times the control's rate in {grid.events:,.0f} events"
    if found:
        reason = f"{name}: {shown or f'{grid.canary:,.0f} events of the canary, none of the control'}"
    elif ratio is None or ratio <= 1.0:
        reason = f"{name}: {shown or 'too few events on both sides to compare'}; no sign of harm"
    else:
        reason = f"{name}: {shown}, which chance could do; if it stays so, {needs(_missing(grid, alpha), 'events')}"
    return GuardVerdict(
        name=name,
        decision=Decision.REJECT if found else Decision.HOLD,
        e=math.exp(min(grid.peak, 709.0)),
        p=grid.p,
        threshold=1.0 / alpha,
        ratio=ratio,
        interval=interval,
        canary=grid.canary,
        control=grid.control,
        reason=reason,
    )


def judge_all(
    guards: Mapping[str, Grid], *, weights: Mapping[str, float] | None = None, alpha: float = 0.01
) -> GuardsVerdict:
    """Whether to stop the canary for any guard, at one ``alpha`` for all of them.

    REJECT when a guard reaches its own threshold (its weight's part of alpha), or when the weighted mean of all
    e-values reaches one over alpha now. The first implies that the mean had reached it at that moment, so that both
    together keep to ``alpha``, however the guards depend on each other.

    >>> from regrove.stats.sequential import begin
    >>> judge_all({"errors": begin(), "slow": begin()}).decision.value
    'hold'
    """
    _checked(alpha)
    if not guards:
        raise InvalidStatistic("There are no guards", expected="at least 1", received="0")
    given = dict.fromkeys(guards, 1.0) if weights is None else dict(weights)
    if set(given) != set(guards):
        raise InvalidStatistic("Weights are of other guards", expected=str(sorted(guards)), received=str(sorted(given)))
    if not all(each > 0.0 for each in given.values()):
        raise InvalidStatistic(
            "A guard without weight can never stop",
            expected="weights above 0",
            received=str(given),
            mend="leave the guard out, or judge it alone",
        )
    total = math.fsum(given.values())
    mean = combine([each.e for each in guards.values()], [given[name] for name in guards])
    verdicts = tuple(judge(name, grid, alpha=max(alpha * given[name] / total, 1e-300)) for name, grid in guards.items())
    broken = [each for each in verdicts if each.decision is Decision.REJECT]
    found = bool(broken) or mean >= 1.0 / alpha
    if broken:
        reason = "; ".join(each.reason for each in broken)
    elif found:
        reason = f"no guard alone, but all together: mean e-value {mean:.3g}"
    else:
        reason = f"no guard has reached its threshold; mean e-value {mean:.3g} of {1.0 / alpha:.3g}"
    return GuardsVerdict(
        decision=Decision.REJECT if found else Decision.HOLD,
        e=mean,
        threshold=1.0 / alpha,
        guards=verdicts,
        reason=reason,
    )


def ratio_interval(grid: Grid, *, level: float = 0.95) -> Interval:
    """A range for the rate ratio that holds at all times at once.

    The same grid tests any of its ratios, and 1, against the mean of all; a ratio is excluded when that e-value
    reaches ``1 / (1 - level)``. The likelihood is concave in the logarithm of the ratio, so what is left lies between
    the nearest excluded ratios on both sides. Where the grid ends the range is open.

    >>> import numpy as np
    >>> from regrove.stats.sequential import begin, count
    >>> str(ratio_interval(count(begin(two_sided=True), np.arange(2000) % 2 == 0, 0.5)))
    '0.8 to 1.25 (95%)'
    """
    if not 0.0 < level < 1.0:
        raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(level))
    points = sorted([*zip(grid.ratios, grid.wealth, strict=True), (1.0, 0.0)])
    bar = grid.log_e + math.log1p(-level)
    kept = [ratio for ratio, wealth in points if wealth > bar]
    low = max((ratio for ratio, _ in points if ratio < kept[0]), default=0.0)
    high = min((ratio for ratio, _ in points if ratio > kept[-1]), default=math.inf)
    return Interval(low, high, level)


def _missing(grid: Grid, alpha: float) -> float:
    """Events until the threshold when the evidence grows on as it did on average for the best ratio."""
    best = max(grid.wealth)
    wanted = -math.log(alpha) + math.log(len(grid.wealth))
    return (wanted - best) * grid.events / best if best > 0.0 else math.inf


def _checked(alpha: float) -> None:
    if not 0.0 < alpha < 1.0:
        raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(alpha))
