"""How far two counted samples are apart, raw: the plain numbers, noise included."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.counts import Floats, as_counts
from regrove.stats.verdict import InvalidStatistic

__all__ = ["inverse_sizes", "js_divergence", "js_of", "psi_of", "stability_index", "transport_of", "transport_weights"]


def js_divergence(reference: npt.ArrayLike, window: npt.ArrayLike) -> Floats:
    """The Jensen-Shannon divergence of two counted samples in nats, 0 to log 2, shape (..., cells) to (...).

    Its square root divided by that of log 2 is the Jensen-Shannon distance to base 2, 0 to 1. 0 where a side is empty.

    >>> round(float(js_divergence([10, 0], [0, 10])), 6)
    0.693147
    """
    return js_of(*_pair(reference, window))


def js_of(left: Floats, right: Floats) -> Floats:
    """``js_divergence`` of counts that were checked before."""
    p, q = _shares(left), _shares(right)
    middle = (p + q) / 2.0
    nats = 0.5 * (_xlogx(p) + _xlogx(q)).sum(-1) - _xlogx(middle).sum(-1)
    result: Floats = np.where(_present(left, right), np.maximum(nats, 0.0), 0.0)
    return result


def stability_index(reference: npt.ArrayLike, window: npt.ArrayLike) -> Floats:
    """The population stability index of two counted samples, shape (..., cells) to (...). 0 where a side is empty.

    Half a row is added to every cell that holds a row on either side, so that one empty cell does not decide.

    >>> round(float(stability_index([50, 50], [60, 40])), 4)
    0.0397
    """
    return psi_of(*_pair(reference, window))


def psi_of(left: Floats, right: Floats) -> Floats:
    """``stability_index`` of counts that were checked before."""
    used = 0.5 * ((left + right) > 0)
    p, q = _shares(left + used), _shares(right + used)
    ratio = np.divide(q, p, out=np.ones_like(p), where=(p > 0) & (q > 0))
    result: Floats = np.where(_present(left, right), ((q - p) * np.log(ratio)).sum(-1), 0.0)
    return result


def transport_weights(edges: npt.ArrayLike, scale: float) -> Floats:
    """The length of each stretch between neighbouring edges in units of ``scale``, shape (edges - 1,).

    With more than 20 edges the two outermost stretches count as nothing: a heavy tail makes them so long that one row
    there outweighs all others. Rows beyond them count as if they stood at their inner end.

    >>> transport_weights([0.0, 1.0, 3.0], 2.0)
    array([0.5, 1. ])
    """
    points = np.asarray(edges, dtype=np.float64)
    if len(points) < 2 or scale <= 0 or not np.all(np.isfinite(points)) or np.any(np.diff(points) <= 0):
        raise InvalidStatistic(
            "A transport distance needs a scale and edges",
            expected="a scale above 0 and at least 2 finite edges in ascending order",
            received=f"scale {scale} and {len(points)} edges",
        )
    with np.errstate(over="ignore"):
        lengths = np.minimum(np.diff(points / scale), 1e300)
    if len(points) > 20:
        lengths[[0, -1]] = 0.0
    return lengths


def transport_of(left: Floats, right: Floats, lengths: Floats) -> Floats:
    """The first Wasserstein distance of counts on ordered cells, rows spread evenly inside a cell.

    Counts have shape (..., edges + 1): below the first edge, between neighbours, from the last edge on. The area
    between the two distribution functions is taken between the edges, each stretch with its ``lengths``.
    """
    gap = np.cumsum(_shares(left) - _shares(right), axis=-1)[..., :-1]
    first, second = np.abs(gap[..., :-1]), np.abs(gap[..., 1:])
    both = first + second
    crossing = gap[..., :-1] * gap[..., 1:] < 0
    squares = np.divide(first**2 + second**2, both, out=np.zeros_like(both), where=both > 0)
    area = (np.where(crossing, squares, both) / 2.0) @ lengths
    result: Floats = np.where(_present(left, right), area, 0.0)
    return result


def inverse_sizes(left: Floats, right: Floats) -> Floats:
    """``1/n + 1/m``, to which the noise of a divergence is proportional; infinite where a side is empty."""
    n, m = left.sum(-1), right.sum(-1)
    result: Floats = np.full(np.shape(n + m), np.inf)
    np.divide(n + m, n * m, out=result, where=(n > 0) & (m > 0))
    return result


def _pair(reference: npt.ArrayLike, window: npt.ArrayLike) -> tuple[Floats, Floats]:
    left, right = as_counts(reference, "reference"), as_counts(window, "window")
    if left.shape[-1] != right.shape[-1]:
        raise InvalidStatistic(
            "Reference and window were counted on different cells",
            expected=f"{left.shape[-1]} cells",
            received=f"{right.shape[-1]} cells",
        )
    return left, right


def _shares(counts: Floats) -> Floats:
    rows = counts.sum(-1, keepdims=True)
    result = np.zeros(counts.shape)
    np.divide(counts, rows, out=result, where=rows > 0)
    return result


def _present(left: Floats, right: Floats) -> npt.NDArray[np.bool_]:
    result: npt.NDArray[np.bool_] = (left.sum(-1) > 0) & (right.sum(-1) > 0)
    return result


def _xlogx(values: Floats) -> Floats:
    return np.asarray(special.xlogy(values, values), dtype=np.float64)
