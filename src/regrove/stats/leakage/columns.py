"""A column that alone predicts the target as well as the whole model: most likely the target in disguise."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Codes, Floats, binary, codes, finite, same_rows
from regrove.stats.placements import auc_interval
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["ColumnLeak", "single_columns"]

_BINS = 20
_PRIOR = 5.0
"""Rows of the mean that stand beside each value's own, so that rare values do not predict by themselves."""


class ColumnLeak(msgspec.Struct, frozen=True, kw_only=True):
    """How much one column predicts alone."""

    column: str
    value: float
    """AUC of the target (0 or 1), or R2 of a numeric one, from the column's own values on rows that were held out."""
    interval: Interval | None
    """Of an AUC, independent rows; None for R2."""
    leaks: bool
    reason: str
    rows: int
    values: int
    """Distinct values, of numbers their bins."""


def single_columns(
    target: npt.ArrayLike,
    columns: Mapping[str, npt.ArrayLike],
    *,
    full: float | None = None,
    share: float = 0.95,
    alone: float = 0.98,
    seed: int = 0,
) -> tuple[ColumnLeak, ...]:
    """Each column's AUC or R2 for the target, most suspicious first.

    Every value (of numbers: each of 20 ranges of equal counts, and each value that makes up a twentieth) predicts the
    mean target of its rows on one half of the rows, and is scored on the other, both ways; rare values are drawn
    towards the mean of all. Numbers that order the target better by their size than by ranges are scored by size. A
    column leaks above ``alone``, or above ``share`` of the full model's score: of what lies between .5 and the model's
    AUC, or 0 and its R2.

    Args:
        target: 0 and 1, or numbers.
        columns: values by row; numbers or categories. None and nan are a value of their own.
        full: AUC or R2 of the whole model, if it is known.
        share: of the model's score that a column alone may have.
        alone: AUC or R2 above which a column leaks whatever the model does.
        seed: of the halves.

    >>> rng = np.random.default_rng(0)
    >>> late = rng.integers(0, 2, 400)
    >>> found = single_columns(late, {"status": np.where(late, "was late", "on time"), "noise": rng.normal(size=400)})
    >>> [(each.column, each.leaks) for each in found]
    [('status', True), ('noise', False)]
    """
    y = finite("target", target)
    if len(y) < 4 or not (0.0 < share <= 1.0 and 0.0 < alone <= 1.0):
        raise InvalidStatistic(
            "The look for leaks is not well put",
            expected="at least 4 rows, share and alone above 0 and at most 1",
            received=f"{len(y)} rows, share {share}, alone {alone}",
        )
    classes = bool(((y == 0.0) | (y == 1.0)).all())
    half = np.random.default_rng(seed).permutation(len(y)) % 2 == 0
    floor = 0.5 if classes else 0.0
    limit = alone if full is None else min(alone, floor + share * max(0.0, full - floor))
    limit = max(limit, floor + 0.2)  # a model that knows nothing makes no column a leak
    found = []
    for name, values in columns.items():
        places, numbers = _places(name, values)
        same_rows(target=y, **{f"column {name}": places})
        value, interval = _score(y, places, numbers, half, classes)
        leaks = value >= limit
        what = "AUC" if classes else "R2"
        reason = f"{name} alone has {what} {value:.3f}, {'at or above' if leaks else 'below'} {limit:.3f}"
        found.append(
            ColumnLeak(
                column=name,
                value=value,
                interval=interval,
                leaks=leaks,
                reason=reason,
                rows=len(y),
                values=len(np.unique(places)),
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.value, each.column)))


def _places(name: str, values: npt.ArrayLike) -> tuple[Codes, Floats | None]:
    """Each row's value or range, and the numbers where all are."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidStatistic(f"Column {name} cannot be used", expected="a vector", received=f"shape {array.shape}")
    if array.dtype == object or array.dtype.kind not in "fiub":
        return codes(values)[1], None
    numbers = array.astype(np.float64)
    usable = np.isfinite(numbers)
    if not usable.any():
        return np.zeros(len(numbers), dtype=np.int64), None
    edges = np.unique(np.quantile(numbers[usable], np.linspace(0.0, 1.0, _BINS + 1)[1:-1]))
    # a value on an edge is a place of its own, so that a spike is not mixed with its neighbours
    places = edges.searchsorted(np.where(usable, numbers, 0.0), "left")
    places = places + edges.searchsorted(np.where(usable, numbers, 0.0), "right")
    places = np.where(usable, places, 2 * len(edges) + 1).astype(np.int64)
    return places, numbers if usable.all() else None


def _score(
    y: Floats, places: Codes, numbers: Floats | None, half: npt.NDArray[np.bool_], classes: bool
) -> tuple[float, Interval | None]:
    predicted = np.empty(len(y))
    for learn in (half, ~half):
        size = int(places.max()) + 1
        mean = float(y[learn].mean())
        n = np.bincount(places[learn], minlength=size)
        s = np.bincount(places[learn], weights=y[learn], minlength=size)
        predicted[~learn] = ((s + _PRIOR * mean) / (n + _PRIOR))[places[~learn]] - mean
    if classes:
        truth = binary("target", y)
        if truth.all() or not truth.any():
            return 0.5, Interval(0.0, 1.0, 0.95)
        value, interval = auc_interval(predicted[truth], predicted[~truth])
        if numbers is not None:
            sized, of_size = auc_interval(numbers[truth], numbers[~truth])
            if max(sized, 1.0 - sized) > value:
                turned = Interval(1.0 - of_size.high, 1.0 - of_size.low, of_size.level)
                return (sized, of_size) if sized >= 0.5 else (1.0 - sized, turned)
        return value, interval
    scores = [_explained(y, predicted)] + ([] if numbers is None else [_linear(y, numbers)])
    return max(scores), None


def _explained(y: Floats, predicted: Floats) -> float:
    total = float(((y - y.mean()) ** 2).sum())
    left = float(((y - y.mean() - predicted) ** 2).sum())
    return max(0.0, 1.0 - left / total) if total > 0.0 else 0.0


def _linear(y: Floats, numbers: Floats) -> float:
    """The squared correlation."""
    a, b = y - y.mean(), numbers - numbers.mean()
    size = float(np.max(np.abs(b), initial=0.0))
    b = b / size if size > 0.0 else b
    both = float(a @ a) * float(b @ b)
    return float(a @ b) ** 2 / both if both > 0.0 else 0.0
