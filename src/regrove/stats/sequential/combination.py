"""Several e-values for one decision."""

from __future__ import annotations

import math
from collections.abc import Sequence

from regrove.stats.verdict import InvalidStatistic

__all__ = ["combine", "combine_independent"]


def combine(e: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """The weighted mean of e-values: an e-value again, however they depend on each other.

    Vovk and Wang (2021, Annals of Statistics 49:1736) show that nothing symmetric does better. Weights are divided by
    their sum and must not depend on the data.

    >>> combine([8.0, 1.0, 0.0])
    3.0
    """
    values = _checked(e)
    given = [1.0] * len(values) if weights is None else [float(each) for each in weights]
    total = math.fsum(given)
    if len(given) != len(values) or not all(0.0 <= each < math.inf for each in given) or not 0.0 < total < math.inf:
        raise InvalidStatistic(
            "These are no weights", expected=f"{len(values)} numbers of at least 0, not all 0", received=str(weights)
        )
    return math.fsum(value * (weight / total) for value, weight in zip(values, given, strict=True) if weight)


def combine_independent(e: Sequence[float]) -> float:
    """The product of e-values: an e-value only when they are independent, or each valid given those before it.

    >>> round(combine_independent([8.0, 0.5]), 12)
    4.0
    """
    values = _checked(e)
    if min(values) == 0.0:
        return 0.0
    total = math.fsum(math.log(each) if each < math.inf else math.inf for each in values)
    return math.exp(total) if total < 709.0 else math.inf


def _checked(e: Sequence[float]) -> list[float]:
    values = [float(each) for each in e]
    if not values or not all(each >= 0.0 for each in values):
        raise InvalidStatistic("These are no e-values", expected="at least 1 number from 0 up", received=str(list(e)))
    return values
