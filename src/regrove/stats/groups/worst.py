"""Is any group worse than the limit? Intervals that hold for all groups at once."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from regrove.stats.arrays import Floats
from regrove.stats.drift.shares import newcombe
from regrove.stats.gate import Gate
from regrove.stats.groups.blocks import clustered_gap
from regrove.stats.groups.rates import GroupRate, RateTable
from regrove.stats.verdict import Interval, InvalidStatistic, needs

__all__ = ["GroupGap", "GroupVerdict", "Worse", "worse_group"]

LEAST = 30
"""Rows below which nothing is said of a group."""

Worse = Literal["higher", "lower", "either"]


class GroupGap(msgspec.Struct, frozen=True, kw_only=True):
    """How far one group is from the rows that it is compared with."""

    group: str
    value: float
    """How much worse the group's rate is; for "either", its rate minus the others'. Absolute, not relative."""
    interval: Interval
    """Simultaneous: its level is that of this one interval, after the correction for the number of groups."""
    gate: Gate
    rows: int
    blocks: int
    """Blocks in which the group has rows; 0 where none were given."""


class GroupVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether any group is worse than the limit, with all that it rests on."""

    gate: Gate
    reason: str
    limit: float
    level: float
    """Of all intervals together."""
    gaps: tuple[GroupGap, ...]
    """The groups that were compared, widest gap first."""
    small: tuple[GroupRate, ...]
    """Groups with fewer rows than the least, of which nothing is said."""
    rates: tuple[GroupRate, ...]
    against: str
    seed: int | None


def worse_group(
    table: RateTable,
    limit: float,
    *,
    worse: Worse = "either",
    against: str | None = None,
    level: float = 0.95,
    least: int = LEAST,
    draws: int = 1000,
    seed: int = 0,
) -> GroupVerdict:
    """FAIL when some group is shown to be worse by more than ``limit``, PASS when all are shown not to be.

    Each group is compared with the rows of all others, or with the group named by ``against``. With K groups of at
    least ``least`` rows each interval has the level 1 - (1 - level) / K (Bonferroni), Newcombe's for independent rows
    and the block bootstrap's where the table has blocks. FAIL only when a lower bound exceeds the limit, PASS only
    when every upper bound is at or below it and no group is too small; else INCONCLUSIVE. The largest gap of noisy
    groups is biased upwards; a lower bound is not.

    Stated by ``python -m soak groups``, for groups of 5 to 170,000 rows: with all true gaps within the limit a FAIL
    comes in at most 5% of cases (6% for a limit of 0 and rates near .05, where Newcombe's interval is a little short),
    and with one beyond it a PASS in at most 5%.

    Args:
        table: counts by group, from ``rate_table``.
        limit: the largest gap that is allowed, as a difference of rates.
        worse: whether a group is worse off with a higher rate (false positives), a lower one (true positives), or
            either (selection).
        against: the group to compare with; None for all others.
        level: of all intervals together.
        least: rows below which a group is too small.
        draws: bootstrap draws where the table has blocks.
        seed: of these draws.

    >>> from regrove.stats.groups import RateKind, rate_table
    >>> decided = [1] * 40 + [0] * 60 + [1] * 70 + [0] * 30 + [1, 1, 0]
    >>> table = rate_table(RateKind.SELECTION, ["a"] * 100 + ["b"] * 100 + ["c"] * 3, decided=decided)
    >>> verdict = worse_group(table, 0.1)
    >>> verdict.gate.value, [each.group for each in verdict.small]
    ('fail', ['c'])
    """
    _check(table, limit, worse, against, level)
    rates = table.rates(level)
    compared = [place for place, rate in enumerate(rates) if rate.group != against]
    base = None if against is None else table.groups.index(against)
    sides = {place: _others(table, place, base) for place in compared}
    total = table.rows.sum(axis=0)
    usable = [place for place in compared if min(total[place], sides[place][1].sum()) >= least]
    narrow = set(compared) - set(usable)
    corrected = 1.0 - (1.0 - level) * (1.0 if worse == "either" else 2.0) / max(1, len(usable))
    rng = np.random.default_rng(seed)
    gaps = []
    for place in usable:
        group = table.counts[:, place].astype(np.float64), table.rows[:, place].astype(np.float64)
        gaps.append(_gap(table, place, sides[place], group, limit, worse, max(corrected, 0.5), draws, rng))
    gaps.sort(key=lambda each: -abs(each.value) if worse == "either" else -each.value)
    small = tuple(rates[place] for place in sorted(narrow))
    gate, reason = _answer(gaps, small, limit, least, len(compared), sides, base, table)
    return GroupVerdict(
        gate=gate,
        reason=reason,
        limit=limit,
        level=level,
        gaps=tuple(gaps),
        small=small,
        rates=rates,
        against=against or "all others",
        seed=seed if table.blocked else None,
    )


def _check(table: RateTable, limit: float, worse: str, against: str | None, level: float) -> None:
    if not (0.0 <= limit <= 1.0 and 0.5 < level < 1.0 and worse in {"higher", "lower", "either"}):
        raise InvalidStatistic(
            "The question is not well put",
            expected="a limit of 0 to 1, a level of .5 to 1, worse: higher, lower or either",
            received=f"limit {limit}, level {level}, worse {worse!r}",
        )
    if against is not None and against not in table.groups:
        raise InvalidStatistic(
            "There is no such group to compare with", expected=", ".join(table.groups), received=against
        )


def _others(table: RateTable, place: int, base: int | None) -> tuple[Floats, Floats]:
    """Counts and rows by block of what the group is compared with."""
    if base is not None:
        return table.counts[:, base].astype(np.float64), table.rows[:, base].astype(np.float64)
    counts = table.counts.sum(axis=1) - table.counts[:, place]
    rows = table.rows.sum(axis=1) - table.rows[:, place]
    return counts.astype(np.float64), rows.astype(np.float64)


def _gap(
    table: RateTable,
    place: int,
    other: tuple[Floats, Floats],
    group: tuple[Floats, Floats],
    limit: float,
    worse: Worse,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> GroupGap:
    if table.blocked:
        interval = clustered_gap(other, group, level=level, draws=draws, rng=rng)
    else:
        c, n, d, m = (float(part.sum()) for part in (*other, *group))
        interval = newcombe(c, n, d, m, level)
    value = float(group[0].sum() / group[1].sum() - other[0].sum() / other[1].sum())
    if worse == "lower":
        value, interval = -value, Interval(-interval.high, -interval.low, level)
    low, high = interval.low, interval.high
    if worse == "either":
        low, high = max(interval.low, -interval.high), max(abs(interval.low), abs(interval.high))
    gate = Gate.FAIL if low > limit else Gate.PASS if high <= limit else Gate.INCONCLUSIVE
    blocks = int((group[1] > 0).sum()) if table.blocked else 0
    return GroupGap(
        group=table.groups[place],
        value=value,
        interval=interval,
        gate=gate,
        rows=int(group[1].sum()),
        blocks=blocks,
    )


def _answer(
    gaps: list[GroupGap],
    small: tuple[GroupRate, ...],
    limit: float,
    least: int,
    compared: int,
    sides: dict[int, tuple[Floats, Floats]],
    base: int | None,
    table: RateTable,
) -> tuple[Gate, str]:
    failing = [each for each in gaps if each.gate is Gate.FAIL]
    if failing:
        return Gate.FAIL, f"{_shown(failing[0])} is beyond the limit {limit:.3g}"
    if not compared:
        return Gate.INCONCLUSIVE, "there is a single group and nothing to compare it with"
    if base is not None and sides and table.rows[:, base].sum() < least:
        rows = int(table.rows[:, base].sum())
        return Gate.INCONCLUSIVE, f"{table.groups[base]}: {rows} rows to compare with; {needs(least - rows, 'rows')}"
    open_ = [each for each in gaps if each.gate is Gate.INCONCLUSIVE]
    if open_:
        return Gate.INCONCLUSIVE, f"{_shown(open_[0])}: its interval holds the limit {limit:.3g}; needs more rows"
    if small:
        worst = min(small, key=lambda each: each.rows)
        short = max(1, least - worst.rows)
        return Gate.INCONCLUSIVE, f"{worst.group}: {worst.rows} rows are too few; {needs(short, 'rows')}"
    return Gate.PASS, f"{_shown(gaps[0])} is the widest gap, within the limit {limit:.3g}"


def _shown(each: GroupGap) -> str:
    return f"{each.group}: gap {each.value:.3g} [{each.interval.low:.3g}, {each.interval.high:.3g}]"
