"""Effects: how large a difference is, cleaned of what chance alone adds, with an interval.

Raw divergences of finite samples are above 0 without any drift, the more so the smaller the window and the more the
rows depend on each other. What chance adds is read from pairs of samples under the null, which the calibration tier
supplies; so a design effect enters by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.drift.cells import gather
from regrove.stats.drift.column import ColumnCounts
from regrove.stats.drift.counts import Floats, Integers
from regrove.stats.drift.distance import inverse_sizes, js_of, psi_of, transport_of
from regrove.stats.drift.noncentral import noncentral_bounds
from regrove.stats.drift.shares import newcombe
from regrove.stats.drift.spike import line_noise
from regrove.stats.verdict import Interval

__all__ = ["LEVEL", "Effect", "debiased", "measure"]

LEVEL = 0.9
"""The level of effect intervals, two-sided: each end is a 95% bound."""


_CAUTION = 1.25
"""Third moments of some hundred draws of tens of blocks scatter by a quarter; too small a scale is the worse error."""


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """One measured difference."""

    name: str
    """js (distance, 0 to 1), psi, transport (in robust sd), nulls, broken, fresh; or share and its cell."""
    value: float
    """Cleaned of what chance adds; for shares, window minus reference."""
    raw: float
    """As usually computed."""
    interval: Interval
    """Two-sided at 90%; its upper end is the 95% bound by which a column is called stable."""
    floor: float | None
    """The least size that matters; None for effects that are reported and decide nothing."""

    @property
    def size(self) -> float:
        """The effect without its sign."""
        return abs(self.value)

    @property
    def bound(self) -> float:
        """The upper bound of the size."""
        return max(abs(self.interval.low), abs(self.interval.high))

    @property
    def matters(self) -> bool:
        """Whether the effect reaches its floor."""
        return self.floor is not None and self.size >= self.floor

    @property
    def negligible(self) -> bool:
        """Whether the effect is shown to be below its floor."""
        return self.floor is None or self.bound < self.floor


def debiased(raw: float, noise: Floats, *, level: float = LEVEL, along: float = 0.0) -> tuple[float, Interval]:
    """A divergence minus its null mean, not below 0, with an interval.

    Args:
        raw: the divergence of the samples (JS in nats, PSI).
        noise: the divergence of pairs under the null, scaled to the samples' sizes, shape (draws,).
        level: of the two-sided interval.
        along: the mean part of the noise along the one line in which blocks move the cells most (``line_noise``).

    Mean, variance and third moment of the noise give the shift, scale and degrees of a chi-square that it follows; the
    observed one then follows a noncentral chi-square of the same shift and scale, which is turned around. For
    independent rows this is Yurdakul's law (JS: 8 JS / (1/n + 1/m) is chi-square with B - 1 degrees). Where days move
    all cells along one line, a drift along it varies more than all cells together suggest: the scale is then at least
    what the noise has ``along`` that line, and the interval as wide as a drift along it needs.

    >>> noise = np.random.default_rng(0).chisquare(10, 5000) / 1000
    >>> value, interval = debiased(0.03, noise)
    >>> round(value, 2), round(interval.low, 3), round(interval.high, 3)
    (0.02, 0.006, 0.043)
    """
    mean, variance = float(noise.mean()), float(noise.var())
    value = max(0.0, raw - mean)
    if mean <= 0.0 or variance <= (1e-9 * mean) ** 2:
        return value, Interval(value, max(value, raw), level)
    third = float(np.mean((noise - mean) ** 3))
    scale = max(along, _CAUTION * max(variance / (2.0 * mean), third / (4.0 * variance)))
    degrees = variance / (2.0 * scale * scale)
    low, high = noncentral_bounds((raw - mean) / scale + degrees, degrees, level)
    return value, Interval(min(low * scale, value), max(high * scale, value), level)


def measure(
    column: ColumnCounts,
    null_reference: Floats,
    null_window: Floats,
    *,
    level: float = LEVEL,
    groups: Integers | None = None,
    inflation: float = 1.0,
    shares_design: Callable[[list[int]], float] | None = None,
) -> list[Effect]:
    """All effects of a column.

    Args:
        column: counts of both sides.
        null_reference: counts under the null, shape (draws, cells).
        null_window: the other halves of the pairs.
        level: of the two-sided intervals.
        groups: which cells are put together for the divergences, shape (cells,); none when None. Fewer cells carry less
            noise, which matters for small windows.
        inflation: the design effect by which the pairs must still be made more variable; 1 for pairs of whole blocks.
        shares_design: the design effect of the share of some cells; read from the pairs when None.

    Stated coverage: at least 90% for each interval under the calibration tier that supplied the null pairs, and an
    upper bound that fails in at most 5%, for a window of a single block in at most 8%.
    """
    left, right = (each.sum(axis=0) for each in column.blocks())
    effects: list[Effect] = []
    values = column.values()
    usable = inverse_sizes(null_reference[:, values], null_window[:, values])
    kept = np.isfinite(usable)
    size = float(inverse_sizes(left[values], right[values]))
    if math.isfinite(size) and kept.any() and np.count_nonzero(values) > 1:
        pairs = null_reference[kept], null_window[kept]
        to_size = size * inflation / usable[kept]
        kind = np.arange(len(values)) if groups is None else groups
        effects += _divergences(column, (left, right), pairs, (values, kind), to_size, level)
        effects += _transport(column, left, right, pairs, to_size, level)

    def from_pairs(cells: list[int]) -> float:
        return _share_design(cells, (left, right), null_reference, null_window)

    effects += _shares(column, left, right, shares_design or from_pairs, level)
    return effects


def _divergences(
    column: ColumnCounts,
    sides: tuple[Floats, Floats],
    pairs: tuple[Floats, Floats],
    cells: tuple[npt.NDArray[np.bool_], Integers],
    to_size: Floats,
    level: float,
) -> list[Effect]:
    mask, groups = cells
    kept = np.unique(groups[mask], return_inverse=True)[1].astype(np.int64)
    ours, theirs, first, second = (gather(each[..., mask], kept) for each in (*sides, *pairs))
    raw = float(js_of(ours, theirs))
    along = _along(column, (ours, theirs), (first, second), to_size)
    value, interval = debiased(raw, js_of(first, second) * to_size, level=level, along=along)
    psi = float(psi_of(ours, theirs))
    psi_value, psi_interval = debiased(psi, psi_of(first, second) * to_size, level=level, along=8.0 * along)
    return [
        Effect(
            name="js",
            value=_distance(value),
            raw=_distance(raw),
            interval=Interval(_distance(interval.low), _distance(interval.high), level),
            floor=column.floors.js,
        ),
        Effect(name="psi", value=psi_value, raw=psi, interval=psi_interval, floor=None),
    ]


def _along(column: ColumnCounts, sides: tuple[Floats, Floats], pairs: tuple[Floats, Floats], to_size: Floats) -> float:
    """The JS that null pairs have along the line in which blocks move the cells most, in nats.

    By JS = sum of (p - q)^2 / (4 (p + q)) for small differences; PSI is then 8 times as large.
    """
    shares = [side / side.sum(axis=-1, keepdims=True) for side in (*sides, *pairs)]
    root = np.sqrt(4.0 * (shares[0] + shares[1]))
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
    gaps = (shares[3] - shares[2]) * inverse * np.sqrt(to_size)[:, None]
    blocks = sum(int(np.count_nonzero(side.sum(axis=1))) for side in column.blocks())
    floor = float(np.mean(to_size * inverse_sizes(*pairs))) / 8.0
    return line_noise(gaps, floor, blocks if blocks > 2 else math.inf)


def _distance(nats: float) -> float:
    return math.sqrt(min(nats / math.log(2.0), 1.0))


def _transport(
    column: ColumnCounts, left: Floats, right: Floats, pairs: tuple[Floats, Floats], to_size: Floats, level: float
) -> list[Effect]:
    """The Wasserstein distance; the noise is itself a distance, so the triangle inequality gives the interval."""
    lengths, ordered = column.lengths(), column.ordered
    if lengths is None:
        return []
    raw = float(transport_of(left[:ordered], right[:ordered], lengths))
    noise = transport_of(pairs[0][:, :ordered], pairs[1][:, :ordered], lengths) * np.sqrt(to_size)
    value = max(0.0, raw - float(noise.mean()))
    above, below = np.quantile(noise, [level, (1.0 + level) / 2.0]).tolist()
    interval = Interval(min(max(0.0, raw - below), value), raw + above, level)
    return [Effect(name="transport", value=value, raw=raw, interval=interval, floor=column.floors.transport)]


def _shares(
    column: ColumnCounts, left: Floats, right: Floats, design: Callable[[list[int]], float], level: float
) -> list[Effect]:
    n, m = float(left.sum()), float(right.sum())
    if n == 0 or m == 0:
        return []

    def share(name: str, cells: list[int], floor: float | None, width: float = level) -> Effect:
        """Newcombe's interval at the sizes that are left after the design effect of this share."""
        x, y = float(left[cells].sum()), float(right[cells].sum())
        value = y / m - x / n
        found = newcombe(x, n, y, m, width, design(cells))
        interval = Interval(min(found.low, value), max(found.high, value), width)
        return Effect(name=name, value=value, raw=value, interval=interval, floor=floor)

    effects = []
    for name, cell in (("nulls", column.nulls), ("broken", column.broken)):
        if cell is not None:
            relative = column.floors.nulls_relative * float(left[cell]) / n
            effects.append(share(name, [cell], max(column.floors.nulls, relative)))
    if column.fresh:
        effects.append(share("fresh", list(column.fresh), column.floors.fresh))
    if not column.ordered and len(left) > 1:
        widest = int(np.argmax(np.abs(right / m - left / n)))
        # the widest of all cells was picked, so its interval must hold for all of them
        effects.append(share(f"share {widest}", [widest], None, 1.0 - (1.0 - level) / len(left)))
    return effects


def _share_design(cells: list[int], sides: tuple[Floats, Floats], first: Floats, second: Floats) -> float:
    """The variance of the share's difference under the null, divided by that of independent rows; at least 1."""
    pooled = sides[0] + sides[1]
    share = float(pooled[cells].sum() / pooled.sum())
    sizes = inverse_sizes(first, second)
    kept = np.isfinite(sizes)
    if not 0.0 < share < 1.0 or kept.sum() < 2:
        return 1.0
    first, second = first[kept], second[kept]
    gaps = second[:, cells].sum(1) / second.sum(1) - first[:, cells].sum(1) / first.sum(1)
    return max(1.0, float(np.mean(gaps**2 / sizes[kept])) / (share * (1.0 - share)))
