"""What a user may expect of a dataset: one declared rule each."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from regrove.schema import LogicalType

__all__ = ["Expectation"]

Value = str | int | float | bool
Bound = int | float | str

_RULES = ("not_null", "in_set", "between", "unique", "type", "matches", "where", "row_count")
_ON_COLUMN = ("not_null", "in_set", "between", "type", "matches")


class Expectation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one rule, what happens when it is broken, and a name to speak of it.

    A rule on one ``column``: ``not_null``, ``in_set``, ``between`` (both ends count; times and dates as text),
    ``unique``, ``type``, or ``matches`` (a regular expression for the whole text). A rule without a column:
    ``unique`` over several columns, ``where`` (a Polars SQL condition on the row), ``row_count`` (both ends count).
    An absent value breaks ``not_null`` only, as in SQL: it is neither outside a set nor equal to another absent value.

    A broken rule of severity ``error`` refuses the dataset, or the rows when it is quarantined; ``warn`` reports.

    >>> Expectation(column="distance", between=(0, 6000)).sentence
    'distance is between 0 and 6000'
    >>> Expectation(column="distance")
    Traceback (most recent call last):
    ...
    ValueError: an expectation holds exactly one rule of not_null, in_set, between, unique, type, matches, where, ...
    """

    column: str = ""
    not_null: bool = False
    in_set: tuple[Value, ...] | None = None
    between: tuple[Bound, Bound] | None = None
    unique: bool | tuple[str, ...] = False
    type: LogicalType | None = None
    matches: str | None = None
    where: str | None = None
    row_count: tuple[int, int] | None = None
    severity: Literal["error", "warn"] = "error"
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse anything but one whole rule; a ValueError, so that a decoder adds the place where it stands."""
        given = [rule for rule in _RULES if getattr(self, rule) not in (None, False)]
        if len(given) != 1:
            received = ", ".join(given) or "none"
            raise ValueError(f"an expectation holds exactly one rule of {', '.join(_RULES)}, received {received}")
        rule = given[0]
        if bool(self.column) != (rule in _ON_COLUMN or self.unique is True):
            wants = "no column" if self.column else "a column"
            raise ValueError(f"the rule {rule!r} needs {wants}")
        _check(self, rule)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule names; none for a condition or a row count."""
        return self.unique if isinstance(self.unique, tuple) else (self.column,) if self.column else ()

    @property
    def sentence(self) -> str:
        """The rule in words."""
        if self.in_set is not None:
            return f"{self.column} is one of {', '.join(map(repr, self.in_set))}"
        if self.between is not None:
            return f"{self.column} is between {self.between[0]} and {self.between[1]}"
        if self.unique:
            return f"{', '.join(self.columns)} {'is' if len(self.columns) == 1 else 'together are'} unique"
        if self.type is not None:
            return f"{self.column} is of type {self.type}"
        if self.matches is not None:
            return f"{self.column} matches {self.matches}"
        if self.row_count is not None:
            return f"there are {self.row_count[0]} to {self.row_count[1]} rows"
        return f"{self.column} is never null" if self.not_null else str(self.where)


def _check(rule: Expectation, kind: str) -> None:
    ends = rule.between or rule.row_count
    if ends is not None:
        if any(isinstance(end, bool) or (isinstance(end, float) and not math.isfinite(end)) for end in ends):
            raise ValueError(f"{kind} needs two finite ends; for an open end use where")
        if isinstance(ends[0], str) != isinstance(ends[1], str):
            raise ValueError(f"the ends of {kind} are of different kinds")
        if ends[0] > ends[1]:  # type: ignore[operator]  # both are text or both are numbers
            raise ValueError(f"{kind} begins after it ends")
    if rule.row_count is not None and rule.row_count[0] < 0:
        raise ValueError("row_count cannot be negative")
    if rule.in_set is not None and not rule.in_set:
        raise ValueError("in_set is empty, so that no value could be in it")
    if rule.in_set is not None and any(isinstance(each, float) and not math.isfinite(each) for each in rule.in_set):
        raise ValueError("in_set holds a number that is not finite")
    if isinstance(rule.unique, tuple) and (not rule.unique or len(set(rule.unique)) != len(rule.unique)):
        raise ValueError("unique needs at least one column, each once")
    if rule.where is not None and not rule.where.strip():
        raise ValueError("where is empty")
