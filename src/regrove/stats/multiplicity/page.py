"""Whether the page rings for a window: all columns of a comparison at one chance of a false page."""

from __future__ import annotations

import msgspec

from regrove.stats.drift.comparison import Comparison
from regrove.stats.multiplicity.adjusted import holm
from regrove.stats.multiplicity.budget import Budget
from regrove.stats.multiplicity.joint import max_t
from regrove.stats.verdict import Drift, InvalidStatistic, Tier

__all__ = ["PageVerdict", "judge_page"]


class PageVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for a whole window."""

    verdict: Drift
    """DRIFT rings. STABLE says only that nothing rang, not that every column was shown to be stable."""
    p: float | None
    """Family-wise: that no column drifted; None when nothing could be tested."""
    threshold: float
    """The level of this window."""
    columns: dict[str, float]
    """Family-wise p of each column that was tested."""
    method: str
    """max-t, or holm where no joint null was drawn."""
    tier: Tier
    draws: int
    seed: int
    reason: str


def judge_page(comparison: Comparison, *, level: float | None = None, budget: Budget | None = None) -> PageVerdict:
    """Whether any column of the window drifted, at a chance of at most ``level`` that the page is false.

    With block, leave-one-out or moving-block calibration the joint null of all statistics is used, which costs nothing
    for columns that move together; the other tiers have none, and Holm's correction is made. Statistical evidence
    only: whether a column's effect matters is for ``regrove.stats.drift.decide``.

    Args:
        comparison: what ``compare`` found.
        level: the chance of a false page for this window; or
        budget: the budget over time that gives the level. Without both: one false page in 90 windows.

    >>> import numpy as np
    >>> from regrove.stats.drift import ColumnCounts, compare
    >>> rng = np.random.default_rng(0)
    >>> blocks, odd = rng.multinomial(500, [0.25] * 4, size=35), rng.multinomial(500, [0.1, 0.2, 0.3, 0.4], size=5)
    >>> page = judge_page(compare([
    ...     ColumnCounts(name="fare", reference=blocks[:30], window=blocks[30:], ordered=4),
    ...     ColumnCounts(name="delay", reference=blocks[:30], window=odd, ordered=4),
    ... ]))
    >>> page.verdict.value, page.method, page.columns["delay"] < page.threshold < page.columns["fare"]
    ('drift', 'max-t', True)
    """
    if level is not None and budget is not None:
        raise InvalidStatistic("A page has one level", expected="a level or a budget", received="both")
    threshold = (budget or Budget()).level if level is None else level
    if not 0.0 < threshold < 1.0:
        raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(threshold))
    columns, method, draws = _family(comparison)
    p = min(columns.values(), default=None)
    if p is None:
        verdict, reason = Drift.INCONCLUSIVE, "no column of this window could be tested"
    elif p <= threshold:
        ringing = sorted((each for each in columns if columns[each] <= threshold), key=lambda name: columns[name])
        verdict, reason = Drift.DRIFT, f"{', '.join(ringing)}: family-wise p = {p:.2g} <= {threshold:.2g}"
    else:
        verdict, reason = Drift.STABLE, f"nothing in {len(columns)} columns: family-wise p = {p:.2g} > {threshold:.2g}"
    return PageVerdict(
        verdict=verdict,
        p=p,
        threshold=threshold,
        columns=columns,
        method=method,
        tier=comparison.tier,
        draws=draws,
        seed=comparison.seed,
        reason=reason,
    )


def _family(comparison: Comparison) -> tuple[dict[str, float], str, int]:
    if comparison.statistics is None:
        tested = [each for each in comparison.columns if each.p is not None]
        adjusted = holm([each.p for each in tested]).adjusted
        return {each.name: p for each, p in zip(tested, adjusted, strict=True) if p is not None}, "holm", 0
    joint = max_t(comparison.statistics, exact=all(each.exact for each in comparison.columns))
    columns: dict[str, float] = {}
    for label, value in zip(comparison.labels, joint.adjusted, strict=True):
        name = label.rpartition(" ")[0]
        columns[name] = min(value, columns.get(name, 1.0))
    return columns, "max-t", joint.draws
