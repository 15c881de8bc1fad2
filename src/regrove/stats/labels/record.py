"""May an estimate without labels be trusted? Only by its record against the labels that came later."""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, finite, same_rows
from regrove.stats.labels.magnitude import measurable
from regrove.stats.verdict import Interval, InvalidStatistic, needs

__all__ = ["Status", "TrackRecord", "conformal_half_width", "track_record"]

_IN_A_ROW = 3
_FEWEST_JUDGED = 5


class Status(StrEnum):
    """What an estimate is good for."""

    VALIDATED = "validated"
    """Its record holds; it may trigger something."""
    UNPROVEN = "unproven"
    """Its record is too short, or its band too wide to be of use; for reading only."""
    UNRELIABLE = "unreliable"
    """Its record is broken, or this window is unlike all that it was proven on; not to be used."""


class TrackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate with its band and what they are worth."""

    status: Status
    reason: str
    value: float
    band: Interval
    """The estimate plus and minus the conformal half width; without end while there are too few errors."""
    half_width: float
    coverage: float | None
    """Of the last judged blocks, the share within the band that was frozen on the first ones; None before any."""
    judged: int
    matured: int
    bias: float | None
    """Mean of estimate minus what came out, over the last blocks; above 0 flatters an accuracy."""
    domain_auc: float | None
    outside: float | None


def conformal_half_width(errors: npt.ArrayLike, level: float = 0.9) -> float:
    """The smallest width that the next error keeps with this chance, if it is like those before (exchangeable).

    The ceil((n + 1) level)-th smallest absolute error; infinite while n is too small. Source: Vovk, Gammerman and
    Shafer (2005). Stated coverage: at least ``level`` (``python -m soak labels``).

    >>> conformal_half_width(range(1, 20)), conformal_half_width([0.1, 0.2])
    (18.0, inf)
    """
    absolute = np.sort(np.abs(finite("errors", errors)))
    if not 0.0 < level < 1.0:
        raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(level))
    place = math.ceil((len(absolute) + 1) * level - 1e-9)
    return float(absolute[place - 1]) if place <= len(absolute) else math.inf


def track_record(
    estimate: float,
    estimates: npt.ArrayLike,
    realised: npt.ArrayLike,
    *,
    domain_auc: float | None = None,
    outside: float | None = None,
    tolerance: float | None = None,
    level: float = 0.9,
    keep: int = 30,
    least: int = 20,
    least_coverage: float = 0.8,
) -> TrackRecord:
    """Grade an estimate by the blocks whose labels have come.

    VALIDATED with at least ``least`` matured blocks of which the band held ``least_coverage`` or more. UNRELIABLE when
    it held fewer (of at least 5 judged), when it missed three in a row, or when the window is unlike the reference: a
    domain classifier tells them apart (AUC above .8), or more than 5% of rows lie outside. Else UNPROVEN.

    The band that is published is made of the last ``keep`` errors. The band that is judged by grows with the first
    ``least`` errors and is then frozen: otherwise the errors after a change would widen the band until it held them,
    and a broken estimate would call itself valid. Begin a new record when the model or its calibration changes.

    Stated rates (``python -m soak labels``): errors of one law are called UNRELIABLE in at most 12% of looks, at 20 and
    at 60 blocks; errors that shift by 5 of their standard deviations are so after 3 blocks in at least 95% of cases.

    Args:
        estimate: of the block whose labels have not come.
        estimates: of the matured blocks, oldest first.
        realised: what came out.
        domain_auc: of ``domain_weights`` for this block.
        outside: share of its rows outside the support of the reference.
        tolerance: the widest half width that is of use; a wider one is UNPROVEN however well it covers.
        level: of the band.
        keep: errors that make the band.
        least: matured blocks before anything is valid.
        least_coverage: below it the record is broken.

    >>> rng = np.random.default_rng(0)
    >>> truth = 0.9 + 0.01 * rng.normal(size=40)
    >>> track_record(0.9, truth + 0.01 * rng.normal(size=40), truth).status.value
    'validated'
    >>> truth[30:] -= 0.4                     # the concept changes, the estimates do not know
    >>> track_record(0.9, 0.9 + 0.01 * rng.normal(size=40), truth).status.value
    'unreliable'
    """
    before, after = measurable("estimates", estimates), measurable("realised", realised)
    same_rows(estimates=before, realised=after)
    if not math.isfinite(estimate) or keep < 1 or least < 1 or not 0.0 <= least_coverage <= 1.0:
        raise InvalidStatistic(
            "The record cannot be read",
            expected="a finite estimate, keep and least of at least 1, a coverage of 0 to 1",
            received=f"estimate {estimate}, keep {keep}, least {least}, coverage {least_coverage}",
        )
    _no_nan(domain_auc=domain_auc, outside=outside, tolerance=tolerance)
    errors = before - after
    half = conformal_half_width(errors[-keep:], level)
    held = _held(np.abs(errors), level, least)[-keep:]
    coverage = float(held.mean()) if len(held) else None
    status, reason = _graded(held, coverage, len(errors), half, least, least_coverage, tolerance)
    strange = _strange(domain_auc, outside)
    if strange:
        status, reason = Status.UNRELIABLE, strange
    return TrackRecord(
        status=status,
        reason=reason,
        value=float(estimate),
        band=Interval(estimate - half, estimate + half, level),
        half_width=half,
        coverage=coverage,
        judged=len(held),
        matured=len(errors),
        bias=float(errors[-keep:].mean()) if len(errors) else None,
        domain_auc=domain_auc,
        outside=outside,
    )


def _held(errors: Floats, level: float, least: int) -> npt.NDArray[np.bool_]:
    """Whether each block was within the band of the blocks before it, which is frozen after ``least`` errors."""
    held = []
    for place, error in enumerate(errors):
        width = conformal_half_width(errors[: min(place, least)], level)
        if math.isfinite(width):
            held.append(bool(error <= width))
    return np.array(held, dtype=bool)


def _graded(
    held: npt.NDArray[np.bool_],
    coverage: float | None,
    matured: int,
    half: float,
    least: int,
    least_coverage: float,
    tolerance: float | None,
) -> tuple[Status, str]:
    if len(held) >= _IN_A_ROW and not held[-_IN_A_ROW:].any():
        return Status.UNRELIABLE, f"the last {_IN_A_ROW} matured blocks were all outside the band"
    if coverage is not None and len(held) >= _FEWEST_JUDGED and coverage < least_coverage - 1e-12:
        return (
            Status.UNRELIABLE,
            f"the band held {held.sum()} of {len(held)} matured blocks; {100 * least_coverage:g}% are wanted",
        )
    if matured < least or coverage is None or coverage < least_coverage - 1e-12:
        more = max(1, least - matured)
        return Status.UNPROVEN, f"{matured} blocks have matured; {needs(more, 'matured blocks')}"
    if tolerance is not None and half > tolerance:
        return Status.UNPROVEN, f"the band of +-{half:.3g} is wider than {tolerance:.3g}, which would be of use"
    return Status.VALIDATED, f"the band of +-{half:.3g} held {held.sum()} of {len(held)} matured blocks"


def _strange(domain_auc: float | None, outside: float | None) -> str:
    """Why this window is unlike what the record was made on; empty where it is not."""
    if domain_auc is not None and domain_auc > 0.8:
        return f"a classifier tells this window from the reference with an AUC of {domain_auc:.3f}; at most 0.8 is near"
    if outside is not None and outside > 0.05:
        return f"{100 * outside:.1f}% of rows lie outside all that the reference holds; at most 5% are near"
    return ""


def _no_nan(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and math.isnan(value):
            raise InvalidStatistic(f"{name} is not a number", expected="a number or None", received="nan")
