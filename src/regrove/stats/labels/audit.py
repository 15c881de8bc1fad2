"""Which rows to have labelled, and how many."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Codes, Floats, codes
from regrove.stats.verdict import InvalidStatistic

__all__ = ["AuditSample", "audit_sample", "audit_size"]


class AuditSample(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that were drawn, and the chance that each had."""

    rows: Codes
    """Their places in the window, rising."""
    chances: Floats
    """For ``prediction_powered``."""
    window: int
    strata: int
    reason: str


def audit_size(
    half_width: float, *, share: float = 0.5, explained: float = 0.0, level: float = 0.95, window: int | None = None
) -> int:
    """How many labels give a mean of 0/1 losses to within ``half_width``.

    200 labels give .055 at a share of .2 or .8, and .07 at worst.

    Args:
        half_width: of the interval.
        share: the expected loss; .5 is the worst case.
        explained: the share of the losses' variance that estimates explain: 1 - 1 / gain of an earlier
            ``prediction_powered``.
        level: of the interval.
        window: rows of the window, where its own mean is wanted: labels are then never more than rows.

    >>> audit_size(0.055, share=0.8), audit_size(0.07), audit_size(0.07, window=500)
    (204, 196, 142)
    """
    if not (0.0 < half_width < math.inf and 0.0 < share < 1.0 and 0.0 <= explained < 1.0 and 0.0 < level < 1.0):
        raise InvalidStatistic(
            "The size of the audit is not well put",
            expected="a half width above 0; share, explained and level between 0 and 1",
            received=f"half width {half_width}, share {share}, explained {explained}, level {level}",
        )
    z = float(special.ndtri(0.5 + level / 2.0))
    size = z * z * share * (1.0 - share) * (1.0 - explained) / half_width**2
    if window is not None:
        size = min(float(window), size * window / (size + window - 1.0)) if window > 0 else 0.0
    return max(0 if window == 0 else 1, math.ceil(size - 1e-9))


def audit_sample(
    window: int, size: int, rng: np.random.Generator, *, strata: npt.ArrayLike | None = None
) -> AuditSample:
    """Draw rows at random without replacement.

    With strata (deciles of the score, groups, days) each gets its share of the sample, at least one row where the
    size allows; the estimate of the whole is then steadier. A size above the window takes every row.

    Args:
        window: rows to draw from.
        size: rows to draw.
        rng: the source of chance; keep its seed with the result.
        strata: the stratum of each row.

    >>> found = audit_sample(1000, 5, np.random.default_rng(0))
    >>> len(found.rows), found.chances.tolist()
    (5, [0.005, 0.005, 0.005, 0.005, 0.005])
    """
    if window < 1 or size < 1:
        raise InvalidStatistic(
            "There is nothing to draw", expected="at least 1 row, a size of 1", received=f"{window} rows, size {size}"
        )
    names, stratum = codes(strata) if strata is not None else (("all",), np.zeros(window, dtype=np.int64))
    if len(stratum) != window:
        raise InvalidStatistic(
            "Strata are one value a row", expected=f"{window} values", received=f"{len(stratum)} values"
        )
    inside = np.bincount(stratum, minlength=len(names))
    wanted = _allotted(inside, min(size, window))
    drawn = [
        rng.choice(np.flatnonzero(stratum == each), int(count), replace=False)
        for each, count in enumerate(wanted)
        if count
    ]
    rows = np.sort(np.concatenate(drawn)).astype(np.int64)
    left_out = int(np.count_nonzero(wanted == 0))
    hint = f"; {left_out} strata are too small for a row of their own and are not represented" if left_out else ""
    return AuditSample(
        rows=rows,
        chances=(wanted / inside)[stratum[rows]],
        window=window,
        strata=len(names),
        reason=f"{len(rows):,} of {window:,} rows drawn at random{hint}",
    )


def _allotted(inside: Codes, size: int) -> Codes:
    """Rows a stratum in proportion, by largest remainders; one at least for each where the size allows."""
    count = np.zeros(len(inside), dtype=np.int64)
    if size >= len(inside):
        count += 1
    rest = size - int(count.sum())
    room = inside - count
    exact = rest * room / max(1, int(room.sum()))
    count = count + np.floor(exact).astype(np.int64)
    left = size - int(count.sum())
    order = np.argsort(-(exact - np.floor(exact)), kind="stable")
    order = order[(inside - count)[order] > 0][:left]
    count[order] += 1
    return count
