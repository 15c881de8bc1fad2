"""Split conformal prediction: intervals and sets that cover, whatever the model is."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Bools, Codes, Floats, finite, same_rows
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Conformal", "conformal_margin", "split_intervals", "split_sets"]


class Conformal(msgspec.Struct, frozen=True, kw_only=True):
    """A margin for the scores of new rows."""

    margin: float
    """A new row's score is at or below it with at least the stated chance; infinite when there are too few rows."""
    coverage: float
    """The chance that was asked for, over calibration rows and the new row together."""
    rows: int
    """Calibration rows."""
    reason: str
    """Empty, or what is missing for a finite margin."""


def conformal_margin(scores: npt.ArrayLike, coverage: float = 0.9) -> Conformal:
    """The ceil((n + 1) coverage)-th smallest calibration score.

    If calibration rows and the new row are exchangeable, the new row's score is at or below the margin with a chance of
    at least ``coverage``, and at most 1 / (n + 1) more where scores have no ties. Source: Vovk, Gammerman and Shafer
    (2005), Algorithmic Learning in a Random World; Lei et al. (2018), JASA 113:1094. It is a chance over calibration
    sets, not for each x, and not when the world moves: see ``adapted``.

    >>> conformal_margin([1, 2, 3, 4, 5, 6, 7, 8, 9]).margin
    9.0
    >>> conformal_margin([1, 2, 3]).reason
    'coverage 0.9 needs at least 9 calibration rows; there are 3'
    """
    values = finite("scores", scores)
    if not 0.0 < coverage < 1.0:
        raise InvalidStatistic("This is no coverage", expected="a number between 0 and 1", received=str(coverage))
    rows = len(values)
    rank = math.ceil((rows + 1) * coverage - 1e-9)
    if rank > rows:
        least = math.ceil(coverage / (1.0 - coverage) - 1e-9)
        reason = f"coverage {coverage:g} needs at least {least:,} calibration rows; there are {rows:,}"
        return Conformal(margin=math.inf, coverage=coverage, rows=rows, reason=reason)
    margin = float(np.partition(values, rank - 1)[rank - 1])
    return Conformal(margin=margin, coverage=coverage, rows=rows, reason="")


def split_intervals(
    truth: npt.ArrayLike,
    predicted: npt.ArrayLike,
    new: npt.ArrayLike,
    *,
    coverage: float = 0.9,
    scale: npt.ArrayLike | None = None,
    new_scale: npt.ArrayLike | None = None,
) -> tuple[Floats, Floats]:
    """Low and high ends around new predictions, from the absolute residuals of calibration rows.

    Args:
        truth: targets of calibration rows, which the model did not learn from.
        predicted: its predictions for them.
        new: its predictions for new rows.
        coverage: the chance that an interval holds its target.
        scale: how uncertain the model was of each calibration row, above 0; makes widths differ by row.
        new_scale: the same for the new rows.

    >>> low, high = split_intervals(range(9), [0] * 9, [10.0])
    >>> low.tolist(), high.tolist()
    ([2.0], [18.0])
    """
    y, p, centre = finite("truth", truth), finite("predicted", predicted), finite("new", new)
    widths = [np.ones(len(p)) if scale is None else finite("scale", scale)]
    widths.append(np.ones(len(centre)) if new_scale is None else finite("new_scale", new_scale))
    same_rows(truth=y, predicted=p, scale=widths[0])
    same_rows(new=centre, new_scale=widths[1])
    if (scale is None) != (new_scale is None) or any((each <= 0.0).any() for each in widths):
        raise InvalidStatistic(
            "Scales cannot be used", expected="both or neither, all above 0", received="one alone, or one at 0 or below"
        )
    margin = conformal_margin(np.abs(y - p) / widths[0], coverage).margin
    return centre - margin * widths[1], centre + margin * widths[1]


def split_sets(
    truth: npt.ArrayLike, probabilities: npt.ArrayLike, new: npt.ArrayLike, *, coverage: float = 0.9
) -> Bools:
    """Which classes belong to the set of each new row: those whose probability is at least 1 minus the margin.

    Source: Sadinle, Lei and Wasserman (2019), JASA 114:223 (least ambiguous sets). A set may be empty: the row is
    unlike all that were seen.

    Args:
        truth: the class of each calibration row, as a column number.
        probabilities: shape (rows, classes), of calibration rows.
        new: shape (new rows, classes).
        coverage: the chance that a set holds its class.

    Returns:
        Shape (new rows, classes), True for members.

    >>> split_sets([0] * 9, [[0.9, 0.1]] * 9, [[0.95, 0.05], [0.5, 0.5]]).tolist()
    [[True, False], [False, False]]
    """
    p, q = _rows_of("probabilities", probabilities), _rows_of("new", new)
    classes = finite("truth", truth)
    same_rows(truth=classes, probabilities=p)
    label: Codes = classes.astype(np.int64)
    if p.shape[1] != q.shape[1] or (label != classes).any() or (label < 0).any() or (label >= p.shape[1]).any():
        raise InvalidStatistic(
            "Classes and probabilities do not belong together",
            expected="column numbers of the probabilities, as many columns on both sides",
            received=f"{p.shape[1]} and {q.shape[1]} columns",
        )
    margin = conformal_margin(1.0 - p[np.arange(len(label)), label], coverage).margin
    members: Bools = 1.0 - q <= margin + 1e-12
    return members


def _rows_of(name: str, values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not np.isfinite(array).all() or (array < 0.0).any() or (array > 1.0).any():
        raise InvalidStatistic(
            f"{name} cannot be used",
            expected="a matrix of numbers of 0 to 1, a column a class",
            received=f"shape {array.shape}",
        )
    return array
