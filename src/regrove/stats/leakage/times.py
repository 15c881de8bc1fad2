"""Values that were known only after the prediction that they served."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import same_rows
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Lateness", "availability"]


class Lateness(msgspec.Struct, frozen=True, kw_only=True):
    """One column's rows that came too late."""

    column: str
    late: int
    """Rows whose value was known only after the prediction."""
    share: float
    """Of the rows with both times."""
    worst_s: float
    """The largest lateness in seconds; 0 where none was late."""
    rows: int
    """Rows with both times."""
    leaks: bool
    reason: str


def availability(
    predicted_at: npt.ArrayLike, known_at: Mapping[str, npt.ArrayLike], *, slack_s: float = 0.0
) -> tuple[Lateness, ...]:
    """Columns with a value known later than the prediction, most rows first. One late row is a leak.

    Args:
        predicted_at: when each prediction is made, int microseconds UTC, or numpy datetimes.
        known_at: by column, when each value is known; NaT, where datetimes are given, is left out.
        slack_s: seconds that are forgiven, for clocks that differ.

    >>> [found] = availability([1_000_000, 2_000_000], {"status": [500_000, 5_000_000]})
    >>> found.late, found.worst_s, found.leaks
    (1, 3.0, True)
    """
    asked, fine = _micros("predicted_at", predicted_at)
    if not (slack_s >= 0.0 and np.isfinite(slack_s)):
        raise InvalidStatistic("This is no slack", expected="seconds, 0 or more", received=str(slack_s))
    found = []
    for column, times in known_at.items():
        known, usable = _micros(column, times)
        same_rows(**{"predicted_at": asked, f"column {column}": known})
        both = fine & usable
        by = (known - asked)[both] / 1e6
        late = int((by > slack_s).sum())
        rows = int(both.sum())
        reason = f"{column}: {late:,} of {rows:,} values were known only after the prediction"
        found.append(
            Lateness(
                column=column,
                late=late,
                share=late / rows if rows else 0.0,
                worst_s=float(by.max()) if late else 0.0,
                rows=rows,
                leaks=late > 0,
                reason=reason,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.late, each.column)))


def _micros(name: str, times: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    array = np.asarray(times)
    if array.ndim == 1 and array.dtype.kind == "M":
        return array.astype("datetime64[us]").astype(np.int64), ~np.isnat(array)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidStatistic(
            f"{name} holds no times",
            expected="int microseconds UTC, or numpy datetimes, one a row",
            received=f"{array.dtype} of shape {array.shape}",
        )
    return array.astype(np.int64), np.ones(len(array), dtype=np.bool_)
