"""Which test, cells and effects for which column and window: the table of defaults."""

from __future__ import annotations

import msgspec

from regrove.stats.drift.cells import cells_for
from regrove.stats.verdict import InvalidStatistic, Option

__all__ = ["Choice", "Kind", "choose"]

_TOO_FEW = 30
_DISTINCT = 20
_TOP = 256


class Kind(Option):
    """What a column holds, as far as a test cares."""

    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    DATETIME = "datetime"
    TEXT = "text"
    EMBEDDING = "embedding"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with a column."""

    tests: tuple[str, ...]
    """Of anderson-darling, chi-square, fourier-mmd; empty where no test is made."""
    effects: tuple[str, ...]
    """The effects that are reported, the deciding ones first."""
    cells: int
    """Ordered cells; 0 where every value has its own."""
    pooled: bool
    """Whether cells with an expected count below 5 are put together."""
    note: str
    """A sentence on what to expect."""


def choose(kind: Kind | str, rows: int, distinct: int) -> Choice:
    """The defaults for a column of this kind with ``distinct`` values in the reference and ``rows`` in the window.

    No single statistic suffices: with 1,000 rows a shift of .15 standard deviations is found by Anderson-Darling in
    90% and by the chi-square in 12% of cases, a spike of 5% at one value in 1% and 99%. So numeric columns take both,
    each at half the level. ``python -m soak drift`` prints both powers.

    >>> choose("numeric", 5000, 4000).tests
    ('anderson-darling', 'chi-square')
    >>> choose("numeric", 100, 4000).note
    'few rows: mostly inconclusive; 200 rows bring the chi-square, 1,000 all cells'
    >>> choose("boolean", 5000, 2).tests
    ('chi-square',)
    """
    if rows < 0 or distinct < 0:
        raise InvalidStatistic("Counts cannot be negative", expected="0 or more", received=f"{rows}, {distinct}")
    kind = Kind(kind)
    if rows < _TOO_FEW:
        return Choice(tests=(), effects=("nulls",), cells=0, pooled=True, note="fewer than 30 rows: no test is made")
    if kind is Kind.DATETIME:
        return _derived("derive the lag to the time of prediction, the hour and the weekday, and compare those")
    if kind in {Kind.TEXT, Kind.EMBEDDING}:
        enough = rows >= 200
        return Choice(
            tests=("fourier-mmd",) if enough else (),
            effects=("domain-auc",),
            cells=0,
            pooled=True,
            note="sums of random Fourier features" if enough else "fewer than 200 rows: no test is made",
        )
    if kind is Kind.NUMERIC and distinct > _DISTINCT:
        return _numeric(rows)
    if kind is Kind.CATEGORY and distinct > _TOP:
        note = "the 256 most frequent values, the other known ones as one, new ones as one"
        return Choice(tests=("chi-square",), effects=("fresh", "js", "nulls"), cells=0, pooled=True, note=note)
    return Choice(
        tests=("chi-square",), effects=("js", "share", "nulls", "fresh"), cells=0, pooled=True, note="a cell a value"
    )


def _numeric(rows: int) -> Choice:
    both = ("anderson-darling", "chi-square")
    if rows >= 1000:
        note = "all cells"
    elif rows >= 200:
        note = "fewer cells, wider intervals; 1,000 rows bring all cells"
    else:
        note = "few rows: mostly inconclusive; 200 rows bring the chi-square, 1,000 all cells"
    return Choice(
        tests=both if rows >= 200 else both[:1],
        effects=("transport", "js", "fresh", "nulls"),
        cells=cells_for(rows),
        pooled=True,
        note=note,
    )


def _derived(note: str) -> Choice:
    return Choice(tests=(), effects=("nulls",), cells=0, pooled=True, note=note)
