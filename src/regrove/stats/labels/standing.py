"""Has the loss grown? SUSPECT opens an incident, CONFIRMED may replace a model; both by mature blocks only."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.labels.maturity import BlockLoss
from regrove.stats.sequential.blocks import ceiling
from regrove.stats.sequential.growth import Detector, detect, detector
from regrove.stats.sequential.suspicion import Cusum, CusumPlan, calibrate_cusum, watch

__all__ = ["LossStanding", "Standing", "loss_standing"]


class Standing(StrEnum):
    """Has the loss grown?"""

    SOUND = "sound"
    """Neither detector says so."""
    SUSPECT = "suspect"
    """The fast one says so: open an incident, train a challenger in the shadow."""
    CONFIRMED = "confirmed"
    """The slow one says so, whatever the losses are distributed like: a better model may be promoted."""
    OPEN = "open"
    """No block is mature yet."""


class LossStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What both detectors say of the blocks that are mature."""

    standing: Standing
    reason: str
    suspect_at: int | None
    """Place, among all blocks given, of the block at which it became suspect."""
    confirmed_at: int | None
    """Place of the block at which it was confirmed."""
    mature: int
    immature: int
    plan: CusumPlan
    """Center, spread and simulated threshold of the fast detector."""
    cusum: Cusum
    detector: Detector
    """State of the slow one, with the loss that counts as unchanged and the blocks to a false alarm."""


def loss_standing(
    reference: npt.ArrayLike, blocks: Sequence[BlockLoss], *, arl: float = 10_000.0, rate: float = 0.05, seed: int = 0
) -> LossStanding:
    """Grade the losses of blocks in order of time; blocks that are not mature are left out.

    Args:
        reference: mean losses of at least 20 mature reference blocks.
        blocks: from ``block_loss``, oldest first.
        arl: blocks on average to a false CONFIRMED, at least.
        rate: share of years of blocks without a change that become SUSPECT; simulated.
        seed: of that simulation.

    The rates are those of ``calibrate_cusum`` and ``detect`` in ``regrove.stats.sequential``.

    >>> from regrove.stats.labels.maturity import block_loss
    >>> rng = np.random.default_rng(0)
    >>> def block(loss):
    ...     return block_loss((rng.random(400) < loss).astype(float), np.ones(400), np.ones(400))
    >>> reference = [block(0.2).value for _ in range(60)]
    >>> loss_standing(reference, [block(0.2) for _ in range(30)]).standing.value
    'sound'
    >>> loss_standing(reference, [block(0.4) for _ in range(30)]).standing.value
    'confirmed'
    """
    plan = calibrate_cusum(reference, rate=rate, seed=seed)
    places = [place for place, each in enumerate(blocks) if each.mature and each.value is not None]
    losses = np.array([blocks[place].value for place in places], dtype=np.float64)
    cusum = watch(plan, losses)
    slow = detect(detector(ceiling(reference), arl=arl), losses)
    suspect = None if cusum.alarm_at is None else places[cusum.alarm_at - 1]
    confirmed = None if slow.alarm_at is None else places[slow.alarm_at - 1]
    waiting = len(blocks) - len(places)
    if not places:
        standing, reason = Standing.OPEN, f"none of {waiting} blocks is mature; needs 1 more mature block"
    elif confirmed is not None:
        standing, reason = Standing.CONFIRMED, f"the loss is above {slow.m0:.4g}, confirmed at block {confirmed}"
    elif suspect is not None:
        standing, reason = (
            Standing.SUSPECT,
            f"the loss seems above {plan.center:.4g} since block {suspect}; unconfirmed",
        )
    else:
        standing, reason = Standing.SOUND, f"{len(places)} mature blocks show no growth above {plan.center:.4g}"
    return LossStanding(
        standing=standing,
        reason=reason if not waiting or not places else f"{reason}; {waiting} blocks are not mature",
        suspect_at=suspect,
        confirmed_at=confirmed,
        mature=len(places),
        immature=waiting,
        plan=plan,
        cusum=cusum,
        detector=slow,
    )
