"""Corrections for many p-values at once: Benjamini and Hochberg for a list, Holm for a page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from regrove.stats.arrays import Floats, shares
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Discoveries", "benjamini_hochberg", "holm"]


class Discoveries(msgspec.Struct, frozen=True, kw_only=True):
    """Which of many hypotheses are rejected."""

    rejected: tuple[bool, ...]
    """In the order of the p-values."""
    adjusted: tuple[float | None, ...]
    """The least level at which each would be rejected; None where there was no p-value (or e-value)."""
    level: float
    tests: int
    """How many hypotheses were tested: those with a value."""
    reason: str

    @property
    def count(self) -> int:
        """How many are rejected."""
        return sum(self.rejected)


def benjamini_hochberg(p: Sequence[float | None], level: float = 0.1) -> Discoveries:
    """The list of columns that drifted, of which a share of ``level`` is expected to be false.

    Stated level: the expected share of false ones among those rejected is at most ``level``, for p-values that are
    independent or positively dependent (Benjamini and Hochberg, 1995, JRSSB 57:289; Benjamini and Yekutieli, 2001).

    Args:
        p: one p-value a hypothesis; None for one that could not be tested, which is neither rejected nor counted.
        level: the share of false discoveries that one accepts.

    >>> found = benjamini_hochberg([0.01, 0.9, 0.04, None])
    >>> found.rejected, [each if each is None else round(each, 6) for each in found.adjusted]
    ((True, False, True, False), [0.03, 0.9, 0.06, None])
    """
    values, places = present(p, level)
    order = np.argsort(values, kind="stable")
    m = len(values)
    scaled = values[order] * (m / np.arange(1.0, m + 1.0))
    steps = np.minimum.accumulate(scaled[::-1])[::-1]
    return discoveries(places, order, np.minimum(steps, 1.0), level, len(p), "share of false ones")


def holm(p: Sequence[float | None], level: float = 0.05) -> Discoveries:
    """The columns that drifted, with a chance of at most ``level`` that any of them is false.

    Stated level: the chance of one or more false rejections is at most ``level`` under any dependence (Holm, 1979,
    Scand. J. Statist. 6:65).

    >>> holm([0.01, 0.02, 0.03]).adjusted
    (0.03, 0.04, 0.04)
    """
    values, places = present(p, level)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0.0, -1.0)
    steps = np.maximum.accumulate(scaled) if len(scaled) else scaled
    return discoveries(places, order, np.minimum(steps, 1.0), level, len(p), "chance of any false one")


def present(p: Sequence[float | None], level: float) -> tuple[Floats, list[int]]:
    """The values that are there, and where they stand; refuses a level or a p-value that is none."""
    if not 0.0 < level < 1.0:
        raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(level))
    places = [place for place, each in enumerate(p) if each is not None]
    return shares("p", [each for each in p if each is not None]), places


def discoveries(
    places: list[int], order: np.typing.NDArray[np.intp], steps: Floats, level: float, count: int, what: str
) -> Discoveries:
    """The record from adjusted values that stand in the order of the evidence."""
    adjusted: list[float | None] = [None] * count
    for place, value in zip(order.tolist(), steps.tolist(), strict=True):
        adjusted[places[place]] = value
    rejected = tuple(each is not None and each <= level for each in adjusted)
    missing = count - len(places)
    return Discoveries(
        rejected=rejected,
        adjusted=tuple(adjusted),
        level=level,
        tests=len(places),
        reason=f"{sum(rejected)} of {len(places)} at a {what} of {level:g}"
        + (f"; {missing} could not be tested" if missing else ""),
    )
