"""Two columns whose sum, difference or other straight mixture is the target."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, finite, same_rows
from regrove.stats.verdict import InvalidStatistic

__all__ = ["PairLeak", "linear_pairs"]


class PairLeak(msgspec.Struct, frozen=True, kw_only=True):
    """Two numeric columns that together give the target away."""

    columns: tuple[str, str]
    value: float
    """R2 of the target on both by least squares."""
    alone: float
    """The larger R2 of one of them."""
    reason: str
    rows: int


def linear_pairs(
    target: npt.ArrayLike, columns: Mapping[str, npt.ArrayLike], *, alone: float = 0.98
) -> tuple[PairLeak, ...]:
    """Pairs of numeric columns with an R2 of ``alone`` or more that neither column has by itself, largest first.

    As where a total is predicted from its parts. Columns that hold anything but finite numbers are left out. The R2 is
    of the rows themselves: two slopes do not overfit, but fewer than 30 rows give no finding.

    >>> rng = np.random.default_rng(0)
    >>> casual, registered = rng.poisson(40.0, 500), rng.poisson(150.0, 500)
    >>> [found] = linear_pairs(casual + registered, {"casual": casual, "registered": registered})
    >>> found.columns, round(found.value, 6)
    (('casual', 'registered'), 1.0)
    """
    y = finite("target", target)
    if not 0.0 < alone <= 1.0:
        raise InvalidStatistic("This is no R2", expected="above 0, at most 1", received=str(alone))
    names, numbers = [], []
    for name, values in columns.items():
        array = np.asarray(values)
        same_rows(**{"target": y, f"column {name}": array})
        if array.ndim == 1 and array.dtype.kind in "fiu" and np.isfinite(array).all():
            scaled = _scaled(array.astype(np.float64))
            if scaled is not None:
                names.append(name)
                numbers.append(scaled)
    goal = _scaled(y)
    if len(y) < 30 or goal is None or len(names) < 2:
        return ()
    matrix = np.stack(numbers)
    each, between = matrix @ goal, matrix @ matrix.T
    apart = 1.0 - between**2
    usable = apart > 1e-9  # columns that are one and the same add nothing to each other
    together = each[:, None] ** 2 + each[None, :] ** 2 - 2.0 * between * each[:, None] * each[None, :]
    explained = np.where(usable, together / np.where(usable, apart, 1.0), 0.0)
    found = []
    for left, right in zip(*np.triu_indices(len(names), 1), strict=True):
        value = min(1.0, float(explained[left, right]))
        single = float(max(each[left] ** 2, each[right] ** 2))
        if value >= alone > single:
            pair = names[left], names[right]
            reason = f"{pair[0]} and {pair[1]} together have R2 {value:.3f}, the better one alone {single:.3f}"
            found.append(PairLeak(columns=pair, value=value, alone=single, reason=reason, rows=len(y)))
    return tuple(sorted(found, key=lambda pair: (-pair.value, pair.columns)))


def _scaled(values: Floats) -> Floats | None:
    """Mean 0 and length 1; None for a constant."""
    largest = float(np.max(np.abs(values), initial=0.0))
    if largest == 0.0:
        return None
    centred = values / largest
    centred = centred - centred.mean()
    length = float(np.sqrt(centred @ centred))
    return centred / length if length > 1e-12 * np.sqrt(len(values)) else None
