"""PROMOTE, REJECT or HOLD: superiority, or no loss beyond a margin where a benefit is declared, and every guard."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from regrove.stats.comparison.metrics import Metric
from regrove.stats.comparison.paired import Gain
from regrove.stats.comparison.sizes import needed_units
from regrove.stats.verdict import Decision, InvalidStatistic, needs

__all__ = ["Guard", "Promotion", "judge", "margin_for"]

_LEAST_BLOCKS = 5
_LEAST_ROWS = 30
_CAPS = {Metric.AUC: 0.005, Metric.ACCURACY: 0.005}


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """A second metric, or the metric on a protected slice, that must not get worse by more than ``margin``."""

    name: str
    gain: Gain
    margin: float


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on one challenger, with all that it rests on."""

    decision: Decision
    reason: str
    """A sentence for a person; for HOLD with what is missing."""
    superior: bool
    """The lower bound of the gain is above 0."""
    within_margin: bool
    """The lower bound of the gain is above -margin."""
    more: float
    """Blocks or rows that are missing for 8 of 10 such holdouts to decide; infinite when no number would."""
    margin: float
    benefit: str
    gain: Gain
    guards: tuple[Guard, ...]
    open_gates: tuple[str, ...]


def judge(
    gain: Gain,
    *,
    margin: float = 0.0,
    benefit: str = "",
    guards: Sequence[Guard] = (),
    open_gates: Sequence[str] = (),
) -> Promotion:
    """The decision from the intervals of the primary gain and of the guards.

    PROMOTE when the lower end of the gain is above 0, or above -``margin`` with a declared ``benefit`` (cheaper,
    fairer, fresher), and the lower end of every guard is above -its margin, and no gate is open. REJECT when the gain's
    upper end is below 0 (below -``margin`` with a benefit), or a guard's is below -its margin. HOLD otherwise: nothing
    is promoted because too few rows could not show the harm. All guards must pass, so no correction is needed. Fewer
    than 5 blocks or 30 rows decide nothing.

    Stated error rate with intervals at 90%, gains skewed or not: a challenger without gain is promoted in at most .08
    with 20 blocks or more, and in at most .12 with the fewest that may decide, 5.

    >>> import numpy as np
    >>> from regrove.stats.comparison import Metric, paired_bootstrap
    >>> rng = np.random.default_rng(1); truth = rng.normal(size=600); day = np.repeat(np.arange(30), 20)
    >>> found = paired_bootstrap(Metric.MAE, truth, truth + rng.normal(0, 2, 600), truth + rng.normal(0, 1, 600), day)
    >>> judge(found.gain()).decision.value
    'promote'
    """
    for name, each in (("the primary", margin), *((guard.name, guard.margin) for guard in guards)):
        if not 0.0 <= each < math.inf:
            raise InvalidStatistic(f"The margin of {name} is none", expected="0 or more", received=str(each))
    allowed = margin if benefit else 0.0
    decision, reason, more = _decided(gain, margin, benefit, allowed, guards, open_gates)
    return Promotion(
        decision=decision,
        reason=reason,
        superior=gain.interval.low > 0.0,
        within_margin=gain.interval.low > -margin,
        more=more,
        margin=margin,
        benefit=benefit,
        gain=gain,
        guards=tuple(guards),
        open_gates=tuple(open_gates),
    )


def margin_for(metric: Metric | str, champion: float, trivial: float, *, kept: float = 0.9) -> float:
    """The margin that keeps ``kept`` of the champion's gain over the trivial baseline (prior, seasonal naive).

    At most .005 for AUC and accuracy. 0 where the champion is no better than the baseline. The rationale is that of
    non-inferiority trials, which keep half of the effect (FDA, 2016).

    >>> round(margin_for(Metric.AUC, 0.73, 0.5), 4), round(margin_for(Metric.MAE, 8.0, 10.0), 4)
    (0.005, 0.2)
    """
    metric = Metric(metric)
    if not (math.isfinite(champion) and math.isfinite(trivial) and 0.0 <= kept <= 1.0):
        raise InvalidStatistic(
            "These numbers give no margin",
            expected="finite metrics and a share of 0 to 1 to keep",
            received=f"{champion}, {trivial}, {kept}",
        )
    gain = champion - trivial if metric.higher_is_better else trivial - champion
    return min(max(0.0, gain) * (1.0 - kept), _CAPS.get(metric, math.inf))


def _decided(
    gain: Gain, margin: float, benefit: str, allowed: float, guards: Sequence[Guard], open_gates: Sequence[str]
) -> tuple[Decision, str, float]:
    for guard in guards:
        if _enough(guard.gain) and guard.gain.interval.high < -guard.margin:
            worse = f"{guard.name} is worse: {_shown(guard.gain)}, margin {guard.margin:.3g}"
            return Decision.REJECT, worse, 0.0
    if not _enough(gain):
        return _few("the primary metric", gain)
    low, high = gain.interval.low, gain.interval.high
    if high < -allowed:
        beyond = f" by more than the margin {margin:.3g}" if allowed else ""
        return Decision.REJECT, f"the challenger is worse{beyond}: {_shown(gain)}", 0.0
    if low <= 0.0 and not (benefit and low > -margin):
        return _open("no gain is shown", gain, allowed, margin if low > -margin else None)
    for guard in guards:
        if not _enough(guard.gain):
            return _few(guard.name, guard.gain)
        if guard.gain.interval.low <= -guard.margin:
            return _open(f"{guard.name} may be worse by more than {guard.margin:.3g}", guard.gain, guard.margin, None)
    if open_gates:
        return Decision.HOLD, f"inconclusive, for a person to decide: {', '.join(open_gates)}", math.inf
    if low > 0.0:
        return Decision.PROMOTE, f"the challenger is better: {_shown(gain)}", 0.0
    kept = f"not worse by more than the margin {margin:.3g}, and it is declared to be {benefit}"
    return Decision.PROMOTE, f"{kept}: {_shown(gain)}", 0.0


def _enough(gain: Gain) -> bool:
    return gain.rows >= _LEAST_ROWS and gain.blocks >= _LEAST_BLOCKS


def _few(name: str, gain: Gain) -> tuple[Decision, str, float]:
    """HOLD for want of rows or blocks."""
    if gain.blocks < _LEAST_BLOCKS:
        have, unit, more = gain.blocks, "blocks", float(_LEAST_BLOCKS - gain.blocks)
    else:
        have, unit, more = gain.rows, "rows", float(_LEAST_ROWS - gain.rows)
    return Decision.HOLD, f"{have} {unit} for {name} are too few: {needs(more, unit)}", more


def _open(start: str, gain: Gain, margin: float, kept: float | None) -> tuple[Decision, str, float]:
    """HOLD because the interval holds the limit; with what would show a gain as large as the one seen."""
    units, name = gain.units
    level = 0.5 + gain.interval.level / 2.0
    wanted = needed_units(gain.value, gain.error, units, margin=margin, level=level)
    more = max(1.0, wanted - units)
    if math.isinf(wanted):
        end = f"the gain seen is not above {-margin:.3g}, so more {name} are not likely to show one"
    else:
        end = f"if the truth is what was seen, it {needs(more, name)}"
    if kept is not None and kept > 0.0:
        end += f"; it is within the margin {kept:.3g}, and a declared benefit would promote it"
    return Decision.HOLD, f"{start}: {_shown(gain)}; {end}", more


def _shown(gain: Gain) -> str:
    """The gain for a person."""
    size, unit = gain.units
    return (
        f"{gain.metric} {gain.champion:.4g} to {gain.challenger:.4g}, gain {gain.value:.3g} "
        f"[{gain.interval.low:.3g}, {gain.interval.high:.3g}] on {size:,} {unit}"
    )
