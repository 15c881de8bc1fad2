"""Judging a window: every watched column against the same column of a reference, and one answer for all.

The answer is DRIFT when a column differs by more than chance at this window's share of the budget of false pages,
corrected for all columns at once, and by at least its floor. It is STABLE when every column is shown to differ by less
than its floor, and INCONCLUSIVE otherwise.

A window of one block is ranked among the blocks of the reference. Of 57 days one is the oddest, so no day can be called
drift at a chance of 1 in 360, unless one guesses how odd days get; on real days, with their storms and holidays, such
guesses ring several times too often. So a single block must be as odd as its level asks at two of three windows in a
row, which the same budget allows at a level that ranks do reach (`regrove.stats.multiplicity.Budget`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.monitoring.block import Block
from regrove.monitoring.summary import Summaries
from regrove.monitoring.verdict import Answer, Finding

if TYPE_CHECKING:
    from regrove.monitoring.column import Watched
    from regrove.stats.drift import ColumnCounts, ColumnVerdict, Comparison

    Counted = Sequence[tuple[Block, Summaries]]
else:
    Counted = Any

__all__ = ["LEAST_BLOCKS", "Counted", "Judgement", "judge", "level_of"]

LEAST_BLOCKS: Final = 8
"""With fewer blocks in the reference nothing is compared: nobody can tell what a block is like."""
_ENOUGH: Final = 20
"""With fewer blocks differences are measured and told, and are not called drift: the approximation that is left
(`regrove.stats.Tier.RAO_SCOTT`) rings too often."""
_MANY: Final = 20
"""Blocks of one weekday (or hour) from which on a single block is ranked among its like alone."""
_SOME: Final = 4
"""The same for windows of several blocks, whose composition is kept."""
_SHOWN: Final = 3
_MOST_LOST: Final = 0.5
_LEAST_LOST: Final = 0.1
_HIGHEST: Final = 0.2
_FAULT: Final = 0.001
"""The chance at which a column that is missing needs no second day. Ranks among days do not come down to it."""
_DRAWS: Final = 1999
_MOST_DRAWS: Final = 9999


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about one window."""

    verdict: Answer
    reason: str
    tier: str = ""
    p: float | None = None
    level: float
    findings: tuple[Finding, ...] = ()
    odd: bool = False
    """Whether it would be DRIFT if that needed this window alone."""
    alive: bool = False
    draws: int = 0
    strata: str = "none"
    note: str = ""
    """Why this tier, in a sentence."""


def level_of(pages: float, families: int, windows: float, *, single: bool) -> float:
    """The level of one window, so that a quarter has at most ``pages`` false pages.

    Expected numbers add up, so this holds for windows and references that depend on each other. For windows of a
    ``single`` block two of three in a row must be odd at this level; there it holds for blocks that do not depend on
    each other (`regrove.stats.multiplicity.Budget`).

    >>> round(level_of(1.0, 4, 90.0, single=False), 5), round(level_of(1.0, 4, 90.0, single=True), 3)
    (0.00278, 0.038)
    """
    from regrove.stats.multiplicity import Budget

    rate = pages / families / windows
    if not single or rate >= _HIGHEST:
        return min(_HIGHEST, rate)
    return min(_HIGHEST, Budget(pages=pages / families, windows=windows, least=2, last=3).level)


def judge(
    window: Counted,
    reference: Counted,
    columns: Sequence[Watched],
    *,
    level: float,
    seed: int,
    odd_before: Sequence[bool] | None = None,
    hourly: bool = False,
) -> Judgement:
    """Compare the blocks of a window with those of a reference.

    Args:
        window: blocks with their summaries, in order of time.
        reference: the same.
        columns: what is watched.
        level: of this window, from `level_of`.
        seed: of all draws.
        odd_before: for windows of a single block, whether each of the two windows before this one was odd.
        hourly: whether blocks are hours, which are alike by hour and not by weekday.
    """
    window = [each for each in window if each[1]]
    reference = [each for each in reference if each[1]]
    unit = "hour" if hourly else "day"
    if not window:
        return Judgement(verdict="INCONCLUSIVE", reason="the window has no rows", level=level)
    if len(reference) < LEAST_BLOCKS:
        more = LEAST_BLOCKS - len(reference)
        reason = (
            f"{len(reference)} {unit}{'s' * (len(reference) != 1)} of reference are too few to know what a {unit} is "
            f"like; needs {more} more"
        )
        return Judgement(verdict="INCONCLUSIVE", reason=reason, level=level)
    groups, left_out = _groups(window, reference, columns)
    tests = [_tested(each, level=level, seed=seed, hourly=hourly) for each in groups]
    if not tests:
        return Judgement(verdict="INCONCLUSIVE", reason="; ".join(left_out), level=level)
    total = sum(len(each.names) for each in groups)
    found: list[ColumnVerdict] = []
    for group, tested in zip(groups, tests, strict=True):
        found += _decided(group, tested, level, times=total / len(group.names), unit=unit)
    odd = any(each.verdict == "drift" for each in found)
    answer, reason = _answer(found, left_out)
    broken = any(each.verdict == "drift" and each.p is not None and each.p <= _FAULT for each in found)
    if odd and odd_before is not None and not any(odd_before) and not broken:
        answer, reason = "INCONCLUSIVE", f"{reason}; this is DRIFT if one of the next two {unit}s is as odd"
    widest = max(range(len(groups)), key=lambda place: len(groups[place].names))
    comparison = tests[widest].comparison
    return Judgement(
        verdict=answer,
        reason=reason,
        tier=comparison.tier.value,
        p=min((each.p for each in found if each.p is not None), default=None),
        level=level,
        findings=tuple(_finding(each) for each in found),
        odd=odd,
        alive=any(_alive(each, level) for each in found),
        draws=max(each.draws for each in comparison.columns),
        strata=tests[widest].strata,
        note=comparison.note,
    )


class _Group(msgspec.Struct, frozen=True):
    """Columns that are there in the same blocks, with these blocks."""

    names: tuple[str, ...]
    reference: Counted
    window: Counted


class _Tested(msgspec.Struct, frozen=True):
    """A group, compared."""

    comparison: Comparison
    chances: dict[str, float]
    """The p-value of each column, corrected for those of the group."""
    faults: dict[str, tuple[float, str]]
    """Columns that are missing, or there, as never before: the chance, and the reason."""
    strata: str


def _groups(window: Counted, reference: Counted, columns: Sequence[Watched]) -> tuple[list[_Group], list[str]]:
    """Columns by the blocks in which they are, and why others cannot be compared.

    What a new model answers is not there on the days before it. A day without a column says nothing about the column,
    so each group is compared on its own blocks alone; its share of the level is that of its columns.
    """
    found: dict[tuple[tuple[bool, ...], tuple[bool, ...]], list[str]] = {}
    left_out = []
    for each in columns:
        left, right = (tuple(each.name in summaries for _, summaries in side) for side in (reference, window))
        if sum(left) < LEAST_BLOCKS:
            left_out.append(
                f"{each.name} is in {sum(left)} blocks of the reference; needs {LEAST_BLOCKS - sum(left)} more"
            )
        elif not any(right):
            left_out.append(f"{each.name} has no rows in the window")
        else:
            found.setdefault((left, right), []).append(each.name)
    groups = [
        _Group(
            tuple(names),
            [each for each, there in zip(reference, left, strict=True) if there],
            [each for each, there in zip(window, right, strict=True) if there],
        )
        for (left, right), names in found.items()
    ]
    return groups, left_out


def _tested(group: _Group, *, level: float, seed: int, hourly: bool) -> _Tested:
    from regrove.stats.drift import column_counts, compare

    counts = [
        column_counts(
            name, [summaries[name] for _, summaries in group.reference], [each[name] for _, each in group.window]
        )
        for name in group.names
    ]
    blocks = [[each for each, _ in side] for side in (group.reference, group.window)]
    strata, left, right = _strata(blocks[0], blocks[1], hourly=hourly)
    draws = min(_MOST_DRAWS, max(_DRAWS, math.ceil(20.0 / level)))
    comparison = compare(counts, strata_reference=left, strata_window=right, seed=seed, draws=draws)
    faults = {each.name: fault for each in counts if (fault := _fault(each)) is not None}
    return _Tested(comparison, _chances(comparison, level), faults, strata)


def _chances(comparison: Comparison, level: float) -> dict[str, float]:
    """The p-value of each column, corrected for all of them; for a single block by ranks alone."""
    from regrove.stats import Tier
    from regrove.stats.multiplicity import judge_page, max_t

    if comparison.tier is not Tier.LEAVE_ONE_OUT or comparison.statistics is None:
        return judge_page(comparison, level=level).columns
    found: dict[str, float] = {}
    joint = max_t(comparison.statistics, exact=True)  # no tail is fitted
    for label, p in zip(comparison.labels, joint.adjusted, strict=True):
        name = label.rpartition(" ")[0]
        found[name] = min(p, found.get(name, 1.0))
    return found


def _strata(
    reference: Sequence[Block], window: Sequence[Block], *, hourly: bool
) -> tuple[str, list[int] | None, list[int] | None]:
    """The weekday (or hour) of each block, where the reference has enough of each; else none."""
    name = "hour" if hourly else "weekday"
    left = [each.hour if hourly else each.weekday for each in reference]
    right = [each.hour if hourly else each.weekday for each in window]
    have = Counter(left)
    enough = _MANY if len(right) == 1 else _SOME
    if all(have[each] >= enough for each in right):
        return name, left, right
    return "none", None, None


def _decided(group: _Group, tested: _Tested, level: float, *, times: float, unit: str) -> list[ColumnVerdict]:
    """The verdict on each column, at its p-value corrected for the columns of its group and for the other groups."""
    from regrove.stats import Drift
    from regrove.stats.drift import decide

    found = []
    for each in tested.comparison.columns:
        p = None if each.p is None else min(1.0, times * tested.chances.get(each.name, 1.0))
        verdict = decide(msgspec.structs.replace(each, p=p), level=level)
        fault = tested.faults.get(each.name)
        if fault is not None and times * len(tested.comparison.columns) * fault[0] <= min(level, _FAULT):
            effect = each.effect("nulls")
            verdict = msgspec.structs.replace(
                verdict, verdict=Drift.DRIFT, reason=fault[1], decisive=effect, p=min(1.0, times * fault[0])
            )
        elif verdict.verdict == "drift" and each.tier in {"rao-scott", "iid"}:
            more = _ENOUGH - len(group.reference)
            reason = f"{verdict.reason}; {len(group.reference)} {unit}s are too few to tell that from chance"
            reason += f", {more} more would do" if more > 0 else ""
            verdict = msgspec.structs.replace(verdict, verdict=Drift.INCONCLUSIVE, reason=reason)
        found.append(verdict)
    return found


def _fault(column: ColumnCounts) -> tuple[float, str] | None:
    """The chance, and the reason, that most of a column is missing where a tenth at most was on the worst day of the
    reference; or is there where it never was. None where this is no fault of that kind.

    A pipeline that breaks is no matter of exchanged days: a small day's missing values are too few for tests that put
    small cells together. The exact binomial against the upper bound of the worst day's share is what is left
    (`regrove.stats.drift.share_exceeds`).
    """
    import numpy as np

    from regrove.stats.drift import share_exceeds

    blocks, window, there = column.reference, column.window.sum(axis=0), column.values()
    rows, total = blocks.sum(axis=1), float(window.sum())
    for cells, what in ((~there, "missing"), (there, "there")):
        counts = blocks[:, cells].sum(axis=1)
        worst = int(np.argmax(counts / np.maximum(rows, 1)))
        now = float(window[cells].sum())
        if now >= _MOST_LOST * total and counts[worst] <= _LEAST_LOST * rows[worst]:
            p = share_exceeds(float(counts[worst]), float(rows[worst]), now, total)
            most = counts[worst] / rows[worst]
            return (
                p,
                f"{now / total:.0%} of its values are {what}, at most {most:.0%} were in any block of the reference",
            )
    return None


def _answer(found: Sequence[ColumnVerdict], left_out: Sequence[str]) -> tuple[Answer, str]:
    drifting = sorted((each for each in found if each.verdict == "drift"), key=_strength)
    if drifting:
        return "DRIFT", _told(drifting)
    open_ = sorted((each for each in found if each.verdict == "inconclusive"), key=_strength)
    if not open_ and not left_out:
        return "STABLE", f"all {len(found)} columns are shown to differ by less than their floor"
    shown = [f"{each.name}: {each.reason}" for each in open_[:1]] + list(left_out[:1])
    waiting = len(open_) + len(left_out)
    start = f"nothing was found to drift; {waiting} of {len(found) + len(left_out)} columns are open"
    return "INCONCLUSIVE", f"{start}, such as {'; '.join(shown)}"


def _told(drifting: Sequence[ColumnVerdict]) -> str:
    told = "; ".join(f"{each.name}: {each.reason}" for each in drifting[:_SHOWN])
    more = len(drifting) - _SHOWN
    return f"{told}; and {more} more column{'s' * (more > 1)}" if more > 0 else told


def _strength(each: ColumnVerdict) -> tuple[float, float]:
    ratio = each.decisive.size / each.decisive.floor if each.decisive and each.decisive.floor else 0.0
    return (1.0 if each.p is None else each.p, -ratio)


def _alive(each: ColumnVerdict, level: float) -> bool:
    """Whether half the effect that DRIFT needs is there, and more than chance."""
    if each.p is None or each.p > level or each.test.tier in {"rao-scott", "iid"}:
        return False
    return any(effect.floor is not None and effect.size >= effect.floor / 2.0 for effect in each.test.effects)


def _finding(each: ColumnVerdict) -> Finding:
    effect = each.decisive
    words: dict[str, Answer] = {"drift": "DRIFT", "stable": "STABLE", "inconclusive": "INCONCLUSIVE"}
    return Finding(
        column=each.name,
        verdict=words[each.verdict.value],
        effect=effect.name if effect else "",
        value=effect.value if effect else None,
        low=effect.interval.low if effect else None,
        high=effect.interval.high if effect else None,
        floor=effect.floor if effect else None,
        p=each.p,
        tier=each.test.tier.value,
    )
