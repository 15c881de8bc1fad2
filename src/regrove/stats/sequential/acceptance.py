"""May the canary be promoted? Planned looks at whether it is no worse than a margin allows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from scipy import special

from regrove.stats.sequential.spending import LOOKS, boundaries, drift_for_power
from regrove.stats.verdict import Decision, Interval, InvalidStatistic, needs

__all__ = ["Acceptance", "AcceptancePlan", "look", "plan_acceptance"]


class AcceptancePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Fixed before the first unit."""

    margin: float
    """The canary's rate may be this much above the control's."""
    most: int
    """N_max: units of both arms at the last look."""
    share: float
    fractions: tuple[float, ...]
    bounds: tuple[float, ...]
    """For z at each look."""
    alpha: float
    power: float
    rate: float
    """Of the control, as expected."""
    design: float


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """What a look says."""

    decision: Decision
    """PROMOTE when the margin is excluded; HOLD otherwise, also after the last look."""
    z: float
    threshold: float
    difference: float
    """Canary's rate minus control's."""
    interval: Interval
    """One-sided at this look's own level: from open below to the bound that is compared with the margin."""
    margin: float
    look: int
    units: int
    reason: str


def plan_acceptance(
    rate: float,
    margin: float,
    *,
    share: float = 0.5,
    fractions: Sequence[float] = LOOKS,
    alpha: float = 0.05,
    power: float = 0.9,
    design: float = 1.0,
) -> AcceptancePlan:
    """How many units are needed, and the boundary of each look.

    Stated level: a canary that is worse by the margin is promoted with probability at most about alpha; one that is as
    good as the control with probability ``power``. All guards must pass, and then no correction for their number is
    needed.

    Args:
        rate: share of the control's units with an event.
        margin: by how much the canary's may be higher.
        share: of the canary.
        fractions: parts of the largest number at which is looked.
        alpha: one-sided.
        power: for a canary without a difference.
        design: design effect of units, when events of one unit hang together.

    >>> plan_acceptance(0.01, 0.002).most
    87540
    """
    if not (0.0 < rate < 1.0 and 0.0 < margin < 1.0 - rate and 0.0 < share < 1.0 and 1.0 <= design < math.inf):
        raise InvalidStatistic(
            "The looks cannot be planned",
            expected="rate, margin and share between 0 and 1, rate + margin below 1, a design effect from 1",
            received=f"rate {rate}, margin {margin}, share {share}, design effect {design}",
        )
    bounds = boundaries(fractions, alpha=alpha)
    drift = drift_for_power(power, fractions, alpha=alpha)
    variance = _variance(rate, rate, share)
    return AcceptancePlan(
        margin=margin,
        most=math.ceil(design * variance * (drift / margin) ** 2),
        share=share,
        fractions=tuple(float(each) for each in fractions),
        bounds=bounds,
        alpha=alpha,
        power=power,
        rate=rate,
        design=design,
    )


def look(plan: AcceptancePlan, number: int, *, canary: tuple[int, int], control: tuple[int, int]) -> Acceptance:
    """The look of this number, counted from 1.

    Args:
        plan: from ``plan_acceptance``.
        number: of the look.
        canary: events and units of the canary so far.
        control: events and units of the control so far.

    >>> plan = plan_acceptance(0.05, 0.02)
    >>> look(plan, 3, canary=(54, 1200), control=(60, 1200)).decision.value
    'promote'
    """
    (hits, ours), (other, theirs) = canary, control
    if not (1 <= number <= len(plan.bounds) and 0 <= hits <= ours and 0 <= other <= theirs and ours and theirs):
        raise InvalidStatistic(
            "There is nothing to look at",
            expected=f"a look of 1 to {len(plan.bounds)} and units in both arms",
            received=f"look {number}, canary {canary}, control {control}",
        )
    units = ours + theirs
    difference = hits / ours - other / theirs
    # rates that keep the total and differ by the margin: the variance where the decision is made, never 0
    low = min(max((hits + other) / units - ours / units * plan.margin, 0.0), 1.0 - plan.margin)
    error = math.sqrt(plan.design * _variance(low + plan.margin, low, ours / units) / units)
    z = (plan.margin - difference) / error
    bound = plan.bounds[number - 1]
    passed = z >= bound
    tail = float(special.ndtr(-bound))
    upper = difference + bound * error
    reason = (
        f"the canary's rate is {difference:+.3g} from the control's, at most {upper:+.3g}; margin {plan.margin:.3g}"
    )
    if not passed and units < plan.most:
        reason += f"; {needs(plan.most - units, 'units')} until the last look"
    elif not passed:
        reason += "; this was the last look: it is not shown to be good enough"
    return Acceptance(
        decision=Decision.PROMOTE if passed else Decision.HOLD,
        z=z,
        threshold=bound,
        difference=difference,
        interval=Interval(-math.inf, upper, min(max(1.0 - tail, 1e-12), 1.0 - 1e-16)),
        margin=plan.margin,
        look=number,
        units=units,
        reason=reason,
    )


def _variance(canary: float, control: float, share: float) -> float:
    """Of the difference of two rates, times the number of units."""
    return canary * (1.0 - canary) / share + control * (1.0 - control) / (1.0 - share)
