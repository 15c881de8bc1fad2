"""Judging a window: every watched column against the same column of a reference, and one answer for all.

The answer is DRIFT when a column differs by more than chance at this window's share of the budget of false pages,
corrected for all columns at once (`regrove.stats.multiplicity.judge_page`), and by at least its floor. It is STABLE
when every column is shown to differ by less than its floor, and INCONCLUSIVE otherwise.
"""

from __future__ import annotations

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
    from regrove.stats.multiplicity import PageVerdict

    Counted = Sequence[tuple[Block, Summaries]]
else:
    Counted = Any

__all__ = ["LEAST_BLOCKS", "Counted", "Judgement", "judge", "level_of"]

LEAST_BLOCKS: Final = 8
"""With fewer blocks in the reference nobody can tell what a block is like, and no verdict is made."""
_MANY: Final = 20
"""Blocks of one weekday (or hour) from which on a single block is ranked among its like alone."""
_SOME: Final = 4
"""The same for windows of several blocks, whose composition is kept."""
_SHOWN: Final = 3
_MOST_LOST: Final = 0.5
_LEAST_LOST: Final = 0.1
_HIGHEST: Final = 0.2


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about one window."""

    verdict: Answer
    reason: str
    tier: str = ""
    p: float | None = None
    level: float
    findings: tuple[Finding, ...] = ()
    alive: bool = False
    draws: int = 0
    strata: str = "none"
    note: str = ""
    """Why this tier, in a sentence."""


def level_of(pages: float, families: int, windows: float) -> float:
    """The chance of a false page that one window may take, so that a quarter has at most ``pages`` of them.

    Expected numbers add up, so this holds for windows and references that depend on each other
    (`regrove.stats.multiplicity.Budget`).

    >>> round(level_of(1.0, 4, 90.0), 5)
    0.00278
    """
    return min(_HIGHEST, pages / families / windows)


def judge(
    window: Counted,
    reference: Counted,
    columns: Sequence[Watched],
    *,
    level: float,
    seed: int,
    hourly: bool = False,
) -> Judgement:
    """Compare the blocks of a window with those of a reference.

    Args:
        window: blocks with their summaries, in order of time.
        reference: the same.
        columns: what is watched.
        level: the chance of a false page that this window may take.
        seed: of all draws.
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
    for group, (comparison, page, faults, _) in zip(groups, tests, strict=True):
        found += _decided(comparison, page, faults, level, times=total / len(group.names))
    answer, reason = _answer(found, left_out)
    widest = max(range(len(groups)), key=lambda place: len(groups[place].names))
    comparison, page, _, strata = tests[widest]
    return Judgement(
        verdict=answer,
        reason=reason,
        tier=comparison.tier.value,
        p=min((each.p for each in found if each.p is not None), default=None),
        level=level,
        findings=tuple(_finding(each) for each in found),
        alive=any(_alive(each, level) for each in found),
        draws=page.draws,
        strata=strata,
        note=comparison.note,
    )


class _Group(msgspec.Struct, frozen=True):
    """Columns that are there in the same blocks, with these blocks."""

    names: tuple[str, ...]
    reference: Counted
    window: Counted


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


def _tested(
    group: _Group, *, level: float, seed: int, hourly: bool
) -> tuple[Comparison, PageVerdict, dict[str, tuple[float, str]], str]:
    from regrove.stats.drift import column_counts, compare
    from regrove.stats.multiplicity import judge_page

    counts = [
        column_counts(
            name, [summaries[name] for _, summaries in group.reference], [each[name] for _, each in group.window]
        )
        for name in group.names
    ]
    blocks = [[each for each, _ in side] for side in (group.reference, group.window)]
    strata, left, right = _strata(blocks[0], blocks[1], hourly=hourly)
    comparison = compare(counts, strata_reference=left, strata_window=right, seed=seed)
    faults = {each.name: _fault(each) for each in counts}
    return comparison, judge_page(comparison, level=level), faults, strata


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


def _decided(
    comparison: Comparison, page: PageVerdict, faults: dict[str, tuple[float, str]], level: float, *, times: float
) -> list[ColumnVerdict]:
    """The verdict on each column, at its p-value corrected for the columns of its group and for the other groups."""
    from regrove.stats import Drift
    from regrove.stats.drift import decide

    found = []
    for each in comparison.columns:
        p = None if each.p is None else min(1.0, times * page.columns.get(each.name, 1.0))
        verdict = decide(msgspec.structs.replace(each, p=p), level=level)
        chance, reason = faults.get(each.name, (1.0, ""))
        fault = min(1.0, times * len(comparison.columns) * chance)
        if verdict.verdict != "drift" and fault <= level:
            effect = each.effect("nulls")
            verdict = msgspec.structs.replace(verdict, verdict=Drift.DRIFT, reason=reason, decisive=effect, p=fault)
        found.append(verdict)
    return found


def _fault(column: ColumnCounts) -> tuple[float, str]:
    """The chance, and the reason, that most of a column is missing where a tenth at most was on the worst day of the
    reference; or is there where it never was.

    A pipeline that breaks is no matter of exchanged days: a small day's missing values are too few for tests that put
    small cells together. The exact binomial against the upper bound of the worst day's share is what is left
    (`regrove.stats.drift.share_exceeds`); 1 where this is no fault of that kind.
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
    return 1.0, ""


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
    """Half of what DRIFT needs: twice the level, half the floor."""
    if each.p is None or each.p > 2.0 * level:
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
