"""What a user may expect of a dataset: one declared rule each."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from regrove.errors import InvalidDeclaration
from regrove.schema import LogicalType

__all__ = ["Expectation", "Misdeclared"]

Value = str | int | float | bool
Bound = int | float | str

_RULES = ("not_null", "in_set", "between", "unique", "type", "matches", "where", "row_count")
_ON_COLUMN = ("not_null", "in_set", "between", "type", "matches")


class Misdeclared(InvalidDeclaration, ValueError):
    """A declaration that contradicts itself; a ValueError, too, so that a decoder adds the place where it stands."""


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
    regrove.datasets.expectations.Misdeclared: An expectation holds exactly one rule.
      expected: one of not_null, in_set, between, unique, type, matches, where, row_count
      received: none
      mend:     write one [[datasets.NAME.expect]] for each rule
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
        """Refuse anything but one whole rule."""
        given = [rule for rule in _RULES if getattr(self, rule) not in (None, False)]
        if len(given) != 1:
            raise Misdeclared(
                "An expectation holds exactly one rule",
                expected=f"one of {', '.join(_RULES)}",
                received=", ".join(given) or "none",
                mend="write one [[datasets.NAME.expect]] for each rule",
            )
        rule = given[0]
        if bool(self.column) != (rule in _ON_COLUMN or self.unique is True):
            raise Misdeclared(
                f"The rule {rule!r} looks at {'all rows' if self.column else 'one column'}",
                expected="no column" if self.column else "a column",
                received=f"column = {self.column!r}" if self.column else "none",
                mend="take column away" if self.column else 'add column = "NAME"',
            )
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
        _check_ends(kind, ends)
    if rule.row_count is not None and rule.row_count[0] < 0:
        raise _no_rule("row_count", "is below zero", "0 or more", rule.row_count)
    if rule.in_set is not None and not rule.in_set:
        raise _no_rule("in_set", "is empty, so that no value could be in it", "at least one value", [])
    if rule.in_set is not None and any(isinstance(each, float) and not math.isfinite(each) for each in rule.in_set):
        raise _no_rule("in_set", "holds a number that is not finite", "finite numbers, texts or booleans", rule.in_set)
    if isinstance(rule.unique, tuple) and (not rule.unique or len(set(rule.unique)) != len(rule.unique)):
        raise _no_rule("unique", "names no column, or one twice", "at least one column, each once", rule.unique)
    if rule.where is not None and not rule.where.strip():
        raise _no_rule("where", "is empty", "a condition such as 'arrival > departure'", rule.where)


def _check_ends(kind: str, ends: tuple[Any, Any]) -> None:
    if any(isinstance(end, bool) or (isinstance(end, float) and not math.isfinite(end)) for end in ends):
        raise _no_rule(kind, "has an end that is no finite value", "two finite ends", ends, "for an open end use where")
    if isinstance(ends[0], str) != isinstance(ends[1], str):
        raise _no_rule(kind, "has ends of different kinds", "two numbers, or two dates or times as text", ends)
    if ends[0] > ends[1]:
        turned = list(reversed(ends))
        raise _no_rule(kind, "begins after it ends", "the lower end first", ends, f"{kind} = {_toml(turned)}")


def _no_rule(kind: str, what: str, expected: str, received: Any, mend: str = "") -> Misdeclared:
    return Misdeclared(
        f"{kind} {what}",
        expected=expected,
        received=_toml(list(received) if isinstance(received, tuple) else received),
        mend=mend or f"correct {kind}",
    )


def _toml(value: Any) -> str:
    """A value as it is written in the file."""
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value) if isinstance(value, float) else msgspec.json.encode(value).decode()
