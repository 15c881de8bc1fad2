"""Sums of random Fourier features: a whole joint distribution in a few numbers that add up."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.verdict import InvalidStatistic

__all__ = ["FourierMap", "FourierSums", "fourier_map", "fourier_sums", "merge_sums"]

_CHUNK = 4_096


class FourierMap(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """phi(x) = sqrt(2 / features) cos(x W + b): inner products of phi approach a Gaussian kernel."""

    weights: npt.NDArray[np.float64]
    """Shape (inputs, features), normal with standard deviation 1 / bandwidth."""
    phases: npt.NDArray[np.float64]
    """Shape (features,), uniform between 0 and 2 pi."""
    bandwidth: float
    seed: int


class FourierSums(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The sum of phi over the rows of a block."""

    rows: int
    total: npt.NDArray[np.float64]
    """Shape (features,)."""
    left_out: int = 0
    """Rows with nan, infinities or numbers too large for a cosine."""


def fourier_map(sample: npt.ArrayLike, *, features: int = 256, bandwidth: float = 0.0, seed: int = 0) -> FourierMap:
    """A map for rows like those of ``sample``, shape (rows, inputs), which should be scaled to comparable units.

    The bandwidth is the median distance between rows of the sample (at most 1,000 are looked at) unless given. Source:
    Rahimi and Recht (2007), NeurIPS 20.
    """
    rows = np.asarray(sample, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0 or features < 1:
        raise InvalidStatistic(
            "A Fourier map needs rows of inputs", expected="shape (rows, inputs)", received=f"shape {rows.shape}"
        )
    rng = np.random.default_rng(seed)
    width = bandwidth or _median_distance(rows[np.all(np.isfinite(rows), axis=1)], rng)
    return FourierMap(
        weights=rng.normal(0.0, 1.0 / width, (rows.shape[1], features)),
        phases=rng.uniform(0.0, 2.0 * math.pi, features),
        bandwidth=width,
        seed=seed,
    )


def fourier_sums(rows: npt.ArrayLike, through: FourierMap) -> FourierSums:
    """The sums of a block, shape (rows, inputs); rows that are not finite are left out and counted.

    >>> block = np.random.default_rng(0).normal(size=(100, 3))
    >>> through = fourier_map(block)
    >>> one, two = fourier_sums(block[:40], through), fourier_sums(block[40:], through)
    >>> bool(np.allclose(merge_sums(one, two).total, fourier_sums(block, through).total, rtol=1e-12, atol=1e-12))
    True
    """
    array = np.asarray(rows, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != through.weights.shape[0]:
        raise InvalidStatistic(
            "The block does not fit the Fourier map",
            expected=f"shape (rows, {through.weights.shape[0]})",
            received=f"shape {array.shape}",
        )
    usable = np.all(np.abs(array) < 1e12 * through.bandwidth, axis=1)  # nan compares as false
    kept = array[usable]
    total = np.zeros(len(through.phases))
    for start in range(0, len(kept), _CHUNK):
        total += np.cos(kept[start : start + _CHUNK] @ through.weights + through.phases).sum(axis=0)
    total *= math.sqrt(2.0 / len(through.phases))
    return FourierSums(rows=len(kept), total=total, left_out=len(array) - len(kept))


def merge_sums(first: FourierSums, second: FourierSums) -> FourierSums:
    """The sums of both blocks together."""
    if first.total.shape != second.total.shape:
        raise InvalidStatistic(
            "Sums of different Fourier maps cannot be merged",
            expected=f"{len(first.total)} features",
            received=f"{len(second.total)} features",
        )
    return FourierSums(
        rows=first.rows + second.rows, total=first.total + second.total, left_out=first.left_out + second.left_out
    )


def _median_distance(rows: npt.NDArray[np.float64], rng: np.random.Generator) -> float:
    if len(rows) < 2:
        return 1.0
    some = rows[rng.permutation(len(rows))[:1000]]
    first, second = some[: len(some) // 2], some[len(some) // 2 : 2 * (len(some) // 2)]
    with np.errstate(over="ignore"):
        median = float(np.median(np.sqrt(((first - second) ** 2).sum(axis=1))))
    return median if 0.0 < median < math.inf else 1.0
