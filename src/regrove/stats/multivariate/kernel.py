"""The distance of two joint distributions under a Gaussian kernel, from sums of random Fourier features."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import msgspec

from regrove.stats.drift.counts import Floats
from regrove.stats.multivariate.exchange import BlockTest, exchange_blocks, stacked
from regrove.stats.summaries.fourier import FourierSums
from regrove.stats.verdict import InvalidStatistic

__all__ = ["kernel_test"]


def kernel_test(
    reference: Sequence[FourierSums],
    window: Sequence[FourierSums],
    *,
    strata_reference: Sequence[Hashable] | None = None,
    strata_window: Sequence[Hashable] | None = None,
    draws: int = 1999,
    seed: int = 0,
) -> BlockTest:
    """Maximum mean discrepancy between window and reference, with the p-value of exchanged blocks.

    The statistic is the squared distance of the mean features, which approaches MMD^2 of the map's kernel; the effect
    is the root of what is left of it when its mean under the null is taken away (0 to 1.41). It sees changes of the
    joint distribution that no single column shows, such as a correlation. Sources: Gretton et al. (2012), JMLR 13:723;
    Rahimi and Recht (2007), NeurIPS 20.

    Stated level: that of ``exchange_blocks``.

    Args:
        reference: the sums of each reference block, all through the same map (see ``summaries.fourier_map``).
        window: the sums of each window block.
        strata_reference: weekday or hour of each reference block.
        strata_window: of each window block.
        draws: choices of blocks besides the observed one.
        seed: of the draws.

    Raises:
        InvalidStatistic: a side without a block, or sums of different maps.

    >>> import numpy as np
    >>> from regrove.stats.summaries import fourier_map, fourier_sums
    >>> rng = np.random.default_rng(0)
    >>> related = lambda: rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 200)
    >>> through = fourier_map(rng.normal(size=(500, 2)))
    >>> old = [fourier_sums(rng.normal(size=(200, 2)), through) for _ in range(30)]
    >>> new = [fourier_sums(related(), through) for _ in range(5)]
    >>> kernel_test(old, new).p < 0.001
    True
    """
    shapes = {each.total.shape for each in (*reference, *window)}
    if len(shapes) > 1:
        raise InvalidStatistic(
            "Sums of different Fourier maps cannot be compared",
            expected="one map",
            received=f"features of shapes {sorted(shapes)}",
        )
    test = exchange_blocks(
        "rff-mmd",
        *stacked(*([(each.total, each.rows) for each in side] for side in (reference, window))),
        _squared_distance,
        strata_reference=strata_reference,
        strata_window=strata_window,
        draws=draws,
        seed=seed,
    )
    return msgspec.structs.replace(test, effect=math.sqrt(test.effect))


def _squared_distance(window: Floats, reference: Floats) -> Floats:
    distance: Floats = ((window - reference) ** 2).sum(axis=1)
    return distance
