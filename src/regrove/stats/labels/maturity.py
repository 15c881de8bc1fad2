"""When is a block old enough to be judged, and what do the labels so far say of one that is not?"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Bools, Floats, binary, finite, same_rows
from regrove.stats.labels.delay import DelayLaw
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["BlockLoss", "arrival_shares", "block_loss", "matures_in"]

_LEAST_SHARE = 0.05


class BlockLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The mean loss of a block, and whether it may be judged by."""

    mature: bool
    """Whether nearly all labels that will come have come; only mature blocks go to detectors and conformal bands."""
    value: float | None
    """Mean loss; of an immature block weighted by the chance that a label has come. None where too few labels came."""
    interval: Interval
    """0 to 1 where there is no value. For rows that are independent given the block."""
    plain: float | None
    """Mean loss of the labels so far, unweighted: biased while labels are missing."""
    share: float
    """Labels that should have arrived by now, as a share of those that ever will (by the delay law)."""
    rows: int
    labelled: int
    effective: float
    """Labelled rows after weighting: (sum w)^2 / sum w^2."""
    threshold: float
    """The share at which a block is mature."""
    reason: str


def arrival_shares(
    ages: npt.ArrayLike,
    law: DelayLaw | Mapping[Hashable, DelayLaw],
    outcomes: Sequence[Hashable] | npt.NDArray[np.generic] | None = None,
) -> Floats:
    """The chance that a row's label has come by its age.

    With one law for all rows, the delay must not depend on the outcome. Where it does (a cancellation is known at once,
    a stay only when it ends), give a law for each outcome, each estimated from old rows whose labels have all come, and
    the outcomes of the rows; then labels so far can be weighted without bias.

    >>> from regrove.stats.labels.delay import delay_law
    >>> quick, slow = delay_law([1, 1], [1, 1]), delay_law([1, 9], [1, 1])
    >>> arrival_shares([2, 2], {"cancelled": quick, "stayed": slow}, ["cancelled", "stayed"]).tolist()
    [1.0, 0.5]
    """
    age = finite("ages", ages)
    if isinstance(law, DelayLaw):
        return law.shares_at(age)
    if outcomes is None or len(outcomes) != len(age):
        raise InvalidStatistic(
            "Laws by outcome need the outcome of each row",
            expected=f"{len(age)} outcomes",
            received="none" if outcomes is None else f"{len(outcomes)} outcomes",
        )
    kinds = np.asarray(outcomes)
    found = np.full(len(age), np.nan)
    for outcome, each in law.items():
        here = kinds == outcome
        found[here] = each.shares_at(age[here])
    if np.isnan(found).any():
        missing = kinds[np.isnan(found)][0]
        raise InvalidStatistic(
            "An outcome has no delay law", expected=f"{sorted(map(str, law))}", received=f"{missing}"
        )
    return found


def block_loss(
    losses: npt.ArrayLike,
    arrived: npt.ArrayLike,
    shares: npt.ArrayLike,
    *,
    mature_at: float = 0.95,
    level: float = 0.95,
) -> BlockLoss:
    """The mean loss of one block from the labels that have come.

    Mature when the mean share over the rows reaches ``mature_at``: then the plain mean of the labelled rows. Before,
    rows are weighted by 1 / share (Hajek's estimator) and the interval widens with the weights; no row gets more than
    20 times the weight of an arrived one.

    Args:
        losses: 0 to 1, one a row; the entries of rows that wait are not read and may be nan.
        arrived: 1 where the label came.
        shares: the chance that it has come by now, from ``arrival_shares``. Where laws differ by outcome, rows that
            wait have no known outcome: give them the smallest share among the laws, or the overall law's.
        mature_at: the share at which the block is mature.
        level: of the interval.

    Stated coverage: 93% or more at 95% for at least 100 labelled rows, also with delays that depend on the outcome.

    >>> block_loss([0.0, 1.0, 0.0, 0.0], [1, 1, 1, 1], [1, 1, 1, 1]).value
    0.25
    """
    came = binary("arrived", arrived)
    chance = finite("shares", shares)
    loss = np.where(came, np.asarray(losses, dtype=np.float64), 0.0) if len(came) == len(np.asarray(losses)) else None
    if loss is None or not len(came) or not 0.0 < mature_at <= 1.0 or not 0.0 < level < 1.0:
        raise InvalidStatistic(
            "The block cannot be judged",
            expected="at least 1 row, a loss and a share for each, mature_at and level between 0 and 1",
            received=f"{len(came)} rows, {len(np.asarray(losses))} losses",
        )
    rows = same_rows(losses=loss, arrived=came, shares=chance)
    finite("losses", loss)
    if loss.min() < 0.0 or loss.max() > 1.0 or chance.min() < 0.0 or chance.max() > 1.0:
        raise InvalidStatistic("Losses and shares lie between 0 and 1", received=f"losses up to {loss.max():.6g}")
    share = float(chance.mean())
    mature = share >= mature_at - 1e-12
    weights = np.ones(rows) if mature else 1.0 / np.maximum(chance, _LEAST_SHARE)
    value, interval, effective = _weighted(loss, came, weights, level)
    labelled = int(came.sum())
    return BlockLoss(
        mature=mature and value is not None,
        value=value,
        interval=interval,
        plain=float(loss[came].mean()) if labelled else None,
        share=share,
        rows=rows,
        labelled=labelled,
        effective=effective,
        threshold=mature_at,
        reason=_reason(mature, value, share, labelled, rows, mature_at),
    )


def matures_in(law: DelayLaw, age: float, mature_at: float = 0.95) -> float:
    """How much older a row of this age must become until the block is mature; infinite when labels never suffice.

    >>> from regrove.stats.labels.delay import delay_law
    >>> matures_in(delay_law([1, 2, 3, 4], [1, 1, 1, 1]), 1.5, 0.75)
    1.5
    """
    return max(0.0, law.age_for(mature_at) - age)


def _weighted(loss: Floats, came: Bools, weights: Floats, level: float) -> tuple[float | None, Interval, float]:
    """Hajek's mean of the rows that came, its interval by linearisation, and the effective rows."""
    w, y = weights[came], loss[came]
    if len(w) < 2:
        return None, Interval(0.0, 1.0, level), float(len(w))
    total = float(w.sum())
    value = float(w @ y) / total
    effective = total**2 / float(w @ w)
    z = float(special.ndtri(0.5 + level / 2.0))
    # a Wilson-like floor on the spread: with no error among n rows the plain variance would be 0
    spread = float((w**2) @ (y - value) ** 2) / total**2 * len(w) / (len(w) - 1)
    centre = (value + z * z / (2.0 * effective)) / (1.0 + z * z / effective)
    half = z / (1.0 + z * z / effective) * math.sqrt(spread + z * z / (4.0 * effective**2))
    low, high = max(0.0, min(centre - half, value)), min(1.0, max(centre + half, value))
    return value, Interval(low, high, level), effective


def _reason(mature: bool, value: float | None, share: float, labelled: int, rows: int, mature_at: float) -> str:
    seen = f"{labelled:,} of {rows:,} labels have come"
    if value is None:
        return f"{seen}: too few for a mean; needs {2 - labelled} more label{'s' if labelled == 0 else ''}"
    if mature:
        return f"{seen}; {100 * share:.1f}% were due, and {100 * mature_at:g}% make a block mature"
    return (
        f"{seen}; {100 * share:.1f}% were due, a block is mature at {100 * mature_at:g}%: weighted, not to be judged by"
    )
