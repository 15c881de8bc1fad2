"""Rates by group: how many of how many, with Wilson's interval; gaps and ratios of two groups."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Bools, Codes, binary, codes, same_rows
from regrove.stats.drift.shares import newcombe, wilson
from regrove.stats.verdict import Interval, InvalidStatistic, Option

__all__ = ["GroupRate", "RateKind", "RateTable", "gap", "group_rates", "rate_table", "ratio"]


class RateKind(Option):
    """What is counted, among which rows."""

    SELECTION = "selection"
    """Decided yes, of all rows."""
    TRUE_POSITIVE = "true-positive"
    """Decided yes, of those that are."""
    FALSE_NEGATIVE = "false-negative"
    """Decided no, of those that are."""
    FALSE_POSITIVE = "false-positive"
    """Decided yes, of those that are not."""
    PRECISION = "precision"
    """Right, of those decided yes."""
    ERROR = "error"
    """Decided wrongly, of all rows."""


class GroupRate(msgspec.Struct, frozen=True, kw_only=True):
    """The rate of one group."""

    group: str
    count: int
    rows: int
    """Rows among which was counted: for a true positive rate, the positives of the group."""
    value: float | None
    """None for a group without such rows."""
    interval: Interval


class RateTable(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of one rate by block and group; the state that everything in this package starts from."""

    kind: RateKind
    groups: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    """Shape (blocks, groups); one block where none were given."""
    rows: npt.NDArray[np.int64]
    """Shape (blocks, groups)."""
    blocked: bool
    """Whether blocks were given, so that rows inside a block may depend on each other."""

    def rates(self, level: float = 0.95) -> tuple[GroupRate, ...]:
        """Each group's rate with Wilson's interval for independent rows."""
        counts, rows = self.counts.sum(axis=0).tolist(), self.rows.sum(axis=0).tolist()
        return tuple(
            GroupRate(group=group, count=c, rows=n, value=c / n if n else None, interval=wilson(c, n, level))
            for group, c, n in zip(self.groups, counts, rows, strict=True)
        )


def rate_table(
    kind: RateKind | str,
    groups: npt.ArrayLike,
    *,
    decided: npt.ArrayLike,
    truth: npt.ArrayLike | None = None,
    blocks: npt.ArrayLike | None = None,
) -> RateTable:
    """Count a rate by group, and by block where rows inside a block depend on each other.

    Args:
        kind: what is counted.
        groups: the group of each row; an absent value is the group "(none)".
        decided: the decision on each row, 0 or 1.
        truth: the label of each row, 0 or 1; not needed for SELECTION.
        blocks: the day, session or user of each row.

    >>> table = rate_table(RateKind.SELECTION, ["a", "a", "b"], decided=[1, 0, 1])
    >>> table.groups, table.counts.tolist(), table.rows.tolist()
    (('a', 'b'), [[1, 1]], [[2, 1]])
    """
    kind = RateKind(kind)
    yes = binary("decided", decided)
    if truth is None and kind is not RateKind.SELECTION:
        raise InvalidStatistic(f"The {kind.value} rate needs labels", expected="truth", received="none")
    real = yes if truth is None else binary("truth", truth)
    names, places = codes(groups)
    same_rows(decided=yes, truth=real, groups=places)
    if not len(names):
        raise InvalidStatistic("There are no rows", expected="at least 1 row", received="0 rows")
    among, counted = _parts(kind, real, yes)
    block = np.zeros(len(yes), dtype=np.int64) if blocks is None else codes(blocks)[1]
    same_rows(decided=yes, blocks=block)
    shape = (int(block.max()) + 1, len(names))
    return RateTable(
        kind=kind,
        groups=names,
        counts=_tally(block, places, counted, shape),
        rows=_tally(block, places, among, shape),
        blocked=blocks is not None,
    )


def group_rates(
    kind: RateKind | str,
    groups: npt.ArrayLike,
    *,
    decided: npt.ArrayLike,
    truth: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[GroupRate, ...]:
    """The rate of each group, with Wilson's interval (independent rows).

    >>> [rate] = group_rates(RateKind.SELECTION, ["a"] * 5, decided=[1, 1, 1, 0, 0])
    >>> rate.value, str(rate.interval)
    (0.6, '0.2307 to 0.8824 (95%)')
    """
    return rate_table(kind, groups, decided=decided, truth=truth).rates(level)


def gap(left: GroupRate, right: GroupRate, level: float = 0.95) -> Interval:
    """Newcombe's interval for the right group's rate minus the left group's; independent rows.

    >>> decided = [1] * 10 + [0] * 90 + [1] * 30 + [0] * 70
    >>> rates = group_rates(RateKind.SELECTION, ["a"] * 100 + ["b"] * 100, decided=decided)
    >>> str(gap(*rates))
    '0.09 to 0.3058 (95%)'
    """
    return newcombe(left.count, left.rows, right.count, right.rows, level)


def ratio(left: GroupRate, right: GroupRate, level: float = 0.95) -> Interval:
    """The right group's rate over the left group's, from the Wilson ends of both (MOVER on logarithms).

    Source: Zou and Donner (2008), Statistics in Medicine 27:1693. An end is infinite, or 0, where a rate of 0 cannot be
    ruled out on its side.

    >>> decided = [1] * 50 + [0] * 50 + [1] * 40 + [0] * 60
    >>> rates = group_rates(RateKind.SELECTION, ["a"] * 100 + ["b"] * 100, decided=decided)
    >>> str(ratio(*rates))
    '0.586 to 1.086 (95%)'
    """
    a, b = wilson(left.count, left.rows, level), wilson(right.count, right.rows, level)
    if not (left.count and left.rows and right.rows):
        low = b.low / a.high if right.count else 0.0
        return Interval(low, math.inf, level)
    p, q = left.count / left.rows, right.count / right.rows
    if q == 0.0:
        return Interval(0.0, b.high / a.low, level)
    centre = math.log(q / p)
    low = centre - math.hypot(math.log(q / b.low), math.log(a.high / p))
    high = centre + math.hypot(math.log(b.high / q), math.log(p / a.low))
    return Interval(math.exp(low), math.exp(high), level)


def _parts(kind: RateKind, truth: Bools, decided: Bools) -> tuple[Bools, Bools]:
    """Among which rows is counted, and which of them count."""
    every = np.ones(len(decided), dtype=np.bool_)
    among, counted = {
        RateKind.SELECTION: (every, decided),
        RateKind.TRUE_POSITIVE: (truth, decided),
        RateKind.FALSE_NEGATIVE: (truth, ~decided),
        RateKind.FALSE_POSITIVE: (~truth, decided),
        RateKind.PRECISION: (decided, truth),
        RateKind.ERROR: (every, truth != decided),
    }[kind]
    return among, among & counted


def _tally(block: Codes, group: Codes, which: Bools, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    flat = np.bincount(block[which] * shape[1] + group[which], minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(np.int64)
