"""The two detectors of a growing loss, a mature block at a time.

A CUSUM whose threshold was simulated from the losses of the reference is quick and approximate (SUSPECT); a
Shiryaev-Roberts e-detector holds whatever losses are distributed like (CONFIRMED). See `regrove.stats.sequential`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from regrove.stats.sequential.growth import Detector
from regrove.stats.sequential.suspicion import Cusum

if TYPE_CHECKING:
    from regrove.monitoring.reference import LossReference
    from regrove.monitoring.verdict import Answer

__all__ = ["LossState", "answered", "fed"]

_YEARS: Final = 10_000 / 365
"""On average, at least, to a false CONFIRMED."""
_CAP: Final = 1.5
"""Of the threshold: the sum of growth is held there, so that a loss that is back to what it was is seen to be."""


class LossState(msgspec.Struct, frozen=True, kw_only=True):
    """Both detectors after a block."""

    cusum: Cusum
    detector: Detector
    began_at: int
    """The start of the first block that they have seen."""


def fed(usual: LossReference, before: LossState | None, loss: float, *, start_at: int) -> LossState:
    """Both detectors with one more block, whose mean loss from 0 to 1 is ``loss``; ``before`` is None for the first."""
    from regrove.stats.sequential import detect, detector, watch

    assert usual.plan is not None
    assert usual.ceiling is not None
    now = before or LossState(
        cusum=Cusum(), detector=detector(usual.ceiling, arl=_YEARS * usual.plan.year), began_at=start_at
    )
    cusum = watch(usual.plan, [loss], now.cusum)
    held = msgspec.structs.replace(cusum, sum=min(cusum.sum, _CAP * usual.plan.threshold))
    return LossState(cusum=held, detector=detect(now.detector, [loss]), began_at=now.began_at)


def answered(usual: LossReference, state: LossState, loss: float) -> tuple[Answer, bool]:
    """What the detectors say, and whether an alert about it lives on.

    It does while the sum of growth is at least half its threshold, and for a confirmed growth while the loss is nearer
    to the limit than to what was usual.
    """
    assert usual.plan is not None
    assert usual.ceiling is not None
    confirmed = state.detector.value >= state.detector.arl
    suspect = state.cusum.sum >= usual.plan.threshold
    high = loss > (usual.plan.center + usual.ceiling) / 2.0
    alive = 2.0 * state.cusum.sum >= usual.plan.threshold or (confirmed and high)
    return ("CONFIRMED" if confirmed else "SUSPECT" if suspect else "OK"), alive
