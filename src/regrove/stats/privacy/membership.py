"""Which rows did the model learn from? A guess from losses alone, and how often it is right when it is sure."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, binary, finite, same_rows, shares
from regrove.stats.drift.shares import clopper_pearson
from regrove.stats.gate import Gate, GateVerdict
from regrove.stats.placements import auc_interval
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Attack", "Hit", "attack", "logit_scores", "loss_attack", "membership_gate"]

RATES = (0.001, 0.01)


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Members found at a rate of false alarms."""

    rate: float
    """False alarms that are allowed, as a share of the rows that were held out."""
    alarms: int
    """Held-out rows above the threshold: at most ``rate`` of them."""
    found: int
    """Members above the threshold."""
    value: float
    """Members found, as a share of members (true positive rate)."""
    interval: Interval
    """Clopper and Pearson's, for the threshold as it is."""
    alarms_interval: Interval
    """Of the true rate of false alarms at this threshold; exact, although the threshold is an order statistic."""
    measurable: bool
    """False where ``rate`` is less than one held-out row: the threshold is then above all of them."""


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """How well members are told from rows that were held out."""

    name: str
    auc: float
    """Chance that a member scores higher than a held-out row; .5 for a model that gives nothing away."""
    interval: Interval
    """Of the AUC: DeLong's."""
    hits: tuple[Hit, ...]
    members: int
    held_out: int
    seed: int | None
    """Of the model of the attack; None for the loss alone."""


def loss_attack(
    members: npt.ArrayLike, held_out: npt.ArrayLike, *, rates: tuple[float, ...] = RATES, level: float = 0.95
) -> Attack:
    """Guess that rows of low loss are members.

    Source: Yeom, Giacomelli, Fredrikson and Jha (2018), IEEE CSF; why true positives at few false alarms and not
    accuracy: Carlini et al. (2022), IEEE S&P. The held-out rows must come from the same time as the members, else the
    attack measures drift. Rows are taken as independent.

    Args:
        members: the model's loss on rows that it learnt from.
        held_out: its loss on rows that it did not.
        rates: of false alarms at which members found are reported.
        level: of the intervals.

    >>> rng = np.random.default_rng(0)
    >>> attack = loss_attack(rng.exponential(1.0, 2000), rng.exponential(1.0, 2000))
    >>> attack.interval.covers(0.5)
    True
    """
    return attack("loss", -finite("members", members), -finite("held_out", held_out), rates=rates, level=level)


def attack(
    name: str,
    members: Floats,
    held_out: Floats,
    *,
    rates: tuple[float, ...] = RATES,
    level: float = 0.95,
    seed: int | None = None,
) -> Attack:
    """An attack's report from its scores, higher for rows that look more like members.

    >>> attack("mine", np.array([1.0, 2.0, 9.0]), np.array([0.0, 1.0]), rates=(0.5,)).hits[0].found
    3
    """
    if not (len(members) and len(held_out)) or not all(0.0 < rate < 1.0 for rate in rates):
        raise InvalidStatistic(
            "The attack needs rows on both sides",
            expected="members, held-out rows and rates between 0 and 1",
            received=f"{len(members)} members, {len(held_out)} held out, rates {rates}",
        )
    value, interval = auc_interval(members, held_out, level)
    ordered = np.sort(held_out)[::-1]
    hits = []
    for rate in rates:
        allowed = math.floor(rate * len(held_out) + 1e-9)
        # alarms are rows strictly above the first one that is one too many, so that ties never exceed the rate
        threshold = float(ordered[allowed])
        found, alarms = int((members > threshold).sum()), int((held_out > threshold).sum())
        hits.append(
            Hit(
                rate=rate,
                alarms=alarms,
                found=found,
                value=found / len(members),
                interval=clopper_pearson(found, len(members), level),
                alarms_interval=clopper_pearson(allowed, len(held_out), level),
                measurable=allowed > 0,
            )
        )
    return Attack(
        name=name,
        auc=value,
        interval=interval,
        hits=tuple(hits),
        members=len(members),
        held_out=len(held_out),
        seed=seed,
    )


def membership_gate(
    found: Attack, *, auc: float = 0.6, rate: float = 0.01, hit: float = 0.02, least: int = 300
) -> GateVerdict:
    """PASS when the AUC's upper bound is at most ``auc`` and members found at ``rate`` are not shown to exceed ``hit``.

    FAIL when a lower bound is above its limit: the AUC's, or that of the members found at ``rate``. INCONCLUSIVE
    otherwise, or with fewer than ``least`` rows on a side. The threshold for ``rate`` is estimated from the held-out
    rows; for a FAIL the limit ``hit`` is therefore raised by as much as the true rate of false alarms, at its upper
    bound, may lie above ``rate``. Stated: a model that gives nothing away fails in at most 2.5% of cases.

    >>> rng = np.random.default_rng(0)
    >>> membership_gate(loss_attack(rng.exponential(0.2, 2000), rng.exponential(1.0, 2000))).gate.value
    'fail'
    """
    at = next((each for each in found.hits if math.isclose(each.rate, rate)), None)
    if at is None:
        raise InvalidStatistic(
            "The attack was not reported at this rate",
            expected=", ".join(f"{each.rate:g}" for each in found.hits),
            received=f"{rate:g}",
        )
    rows = min(found.members, found.held_out)
    raised = hit * max(1.0, at.alarms_interval.high / rate)
    shown = (
        f"{found.name} attack: AUC {found.auc:.3f} [{found.interval.low:.3f}, {found.interval.high:.3f}], "
        f"{100 * at.value:.2g}% of members found at {100 * rate:g}% false alarms"
    )
    if rows < least:
        gate, reason = Gate.INCONCLUSIVE, f"{shown}; needs {least - rows:,} more rows on a side"
    elif found.interval.low > auc or (at.measurable and at.interval.low > raised):
        gate, reason = Gate.FAIL, f"{shown}: more than AUC {auc:g} or {100 * hit:g}% allow"
    elif found.interval.high <= auc and at.measurable:
        gate, reason = Gate.PASS, f"{shown}: within AUC {auc:g} and {100 * hit:g}%"
    else:
        gate, reason = Gate.INCONCLUSIVE, f"{shown}: not shown to be within AUC {auc:g}; needs more rows"
    return GateVerdict(
        name="membership inference",
        gate=gate,
        reason=reason,
        value=found.auc,
        interval=found.interval,
        limit=auc,
        rows=rows,
        seed=found.seed,
    )


def logit_scores(truth: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    """The logit of the probability that the model gave to what happened: nearly normal, unlike the loss.

    Source: Carlini et al. (2022), section VI. Probabilities are kept 1e-12 away from 0 and 1.

    >>> logit_scores([1, 0], [0.5, 0.5]).tolist()
    [0.0, 0.0]
    """
    y, p = binary("truth", truth), shares("scores", scores)
    same_rows(truth=y, scores=p)
    right = np.clip(np.where(y, p, 1.0 - p), 1e-12, 1.0 - 1e-12)
    logits: Floats = np.log(right) - np.log1p(-right)
    return logits
