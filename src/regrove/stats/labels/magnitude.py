"""Losses whose squares can be added up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Floats, finite
from regrove.stats.verdict import InvalidStatistic

__all__ = ["measurable"]

_LARGEST = 1e100


def measurable(name: str, values: npt.ArrayLike) -> Floats:
    """A vector of finite numbers up to 1e100 in size, beyond which their squares would overflow.

    >>> measurable("losses", [0, 1]).tolist()
    [0.0, 1.0]
    """
    array = finite(name, values)
    largest = float(np.max(np.abs(array), initial=0.0))
    if largest > _LARGEST:
        raise InvalidStatistic(f"{name} cannot be used", expected="sizes up to 1e100", received=f"{largest:.6g}")
    return array
