"""Declared rules as expressions over a table whose columns are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from regrove import clock
from regrove.datasets.config import DatasetConfig
from regrove.datasets.expectations import Expectation
from regrove.errors import InvalidInput, nearest
from regrove.schema import Column, LogicalType, Schema, to_polars

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Rule", "Rules", "compile_rules"]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BEYOND_ROW = re.compile(
    r"\b(over|rank|shift|diff|int_range|len|count|n_unique|sum|mean|median|min|max|std|var|quantile|first|last|item"
    r"|implode|explode|drop_nulls|null_count|(cum|arg|rolling)_\w+)\("
)
_TEXT = (LogicalType.STRING, LogicalType.CATEGORY)


@dataclass(frozen=True)
class Rule:
    """One rule. ``breaks`` is true exactly for the rows that break it; None for a rule that no single row breaks."""

    name: str
    sentence: str
    severity: Literal["error", "warn"]
    columns: tuple[str, ...]
    breaks: pl.Expr | None = None
    row_count: tuple[int, int] | None = None

    @property
    def refuses(self) -> bool:
        """Whether what breaks it is refused."""
        return self.severity == "error"


@dataclass(frozen=True)
class Rules:
    """The rules of a dataset by what they need to see: a row, all rows, or only how many there are."""

    row: tuple[Rule, ...]
    unique: tuple[Rule, ...]
    table: tuple[Rule, ...]


def compile_rules(config: DatasetConfig, schema: Schema) -> Rules:
    """The rules of ``config`` for a table with ``schema``; the key and the event time bring their own.

    Raises InvalidInput, naming the rule, for an unknown column, a value of another type than the column, a pattern or
    condition that cannot be read, and a condition that looks beyond its row.
    """
    never_null = dict.fromkeys([*config.key, *([config.event_time] if config.event_time else [])])
    expected = [Expectation(column=name, not_null=True) for name in never_null]
    if config.key:
        expected.append(Expectation(unique=tuple(config.key)))
    expected += [rule for rule in config.expect if _beside(rule, expected)]
    row: list[Rule] = []
    unique: list[Rule] = []
    table: list[Rule] = []
    for each in expected:
        _check_columns(each, each.columns, schema)
        rule = _compiled(each, schema)
        if rule.breaks is not None:
            row.append(rule)
        else:
            (unique if each.unique else table).append(rule)
    return Rules(tuple(row), tuple(unique), tuple(table))


def _check_columns(rule: Expectation, names: Iterable[str], schema: Schema) -> None:
    for name in names:
        if name not in schema:
            raise InvalidInput(
                f"The expectation '{rule.sentence}' names the column {name!r}, which is not there",
                expected=f"one of {', '.join(schema.names)}",
                received=repr(name),
                mend=nearest(name, schema.names) or "correct the expectation in regrove.toml",
            )


def _beside(rule: Expectation, implied: list[Expectation]) -> bool:
    """Whether ``rule`` says more than the key and the event time do."""
    same = [each for each in implied if each.columns == rule.columns]
    return not any((rule.not_null and each.not_null) or (rule.unique and each.unique) for each in same)


def _compiled(rule: Expectation, schema: Schema) -> Rule:
    import polars as pl

    breaks, columns = None, rule.columns
    sentence = rule.name or rule.sentence
    if rule.not_null:
        breaks = pl.col(rule.column).is_null()
    elif rule.in_set is not None:
        breaks = ~_text(schema[rule.column]).is_in(_values(rule, schema[rule.column]).implode())
    elif rule.between is not None:
        low, high = _ends(rule, schema[rule.column])
        breaks = ~pl.col(rule.column).is_between(low, high)
    elif rule.matches is not None:
        breaks = ~_pattern(rule, schema[rule.column])
    elif rule.where is not None:
        condition = _condition(rule, schema)
        columns = tuple(dict.fromkeys(condition.meta.root_names()))
        breaks = ~condition
    elif (
        rule.type is not None and rule.type is not schema[rule.column].type
    ):  # of severity warn: an error was raised at opening
        breaks = pl.col(rule.column).is_null() | pl.col(rule.column).is_not_null()
    return Rule(
        name=sentence,
        sentence=rule.sentence,
        severity=rule.severity,
        columns=columns,
        breaks=None if breaks is None else breaks.fill_null(value=False),
        row_count=rule.row_count,
    )


def _text(column: Column) -> pl.Expr:
    import polars as pl

    named = pl.col(column.name)
    return named.cast(pl.String) if column.type is LogicalType.CATEGORY else named


def _values(rule: Expectation, column: Column) -> pl.Series:
    import polars as pl

    values = [_value(rule, each, column) for each in rule.in_set or ()]
    kind = pl.String() if column.type is LogicalType.CATEGORY else to_polars(column.type)
    return pl.Series(values, dtype=kind)


def _ends(rule: Expectation, column: Column) -> tuple[Any, Any]:
    if column.type in (*_TEXT, LogicalType.BOOLEAN, LogicalType.BINARY):
        raise _misfit(rule, column, "a column of numbers, dates or timestamps")
    low, high = rule.between or (None, None)
    return _value(rule, low, column, inside=False), _value(rule, high, column, inside=False)


def _value(rule: Expectation, value: Any, column: Column, *, inside: bool = True) -> Any:
    """A declared value as one that the column could hold; ``inside`` its range, unless it only bounds it."""
    kind = column.type
    if kind in (LogicalType.DATE, LogicalType.TIMESTAMP):
        if not isinstance(value, str):
            raise _misfit(rule, column, f"a {kind} as text")
        if kind is LogicalType.TIMESTAMP:
            return clock.from_micros(clock.parse(value))
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _misfit(rule, column, "a date such as 2013-03-01") from None
    fits = {
        LogicalType.BOOLEAN: isinstance(value, bool),
        LogicalType.STRING: isinstance(value, str),
        LogicalType.CATEGORY: isinstance(value, str),
    }.get(kind, kind.is_numeric and isinstance(value, (int, float)) and not isinstance(value, bool))
    if inside and kind.is_integer and fits:
        low, high = kind.bounds or (0, 0)
        fits = isinstance(value, int) and low <= value <= high
    if not fits:
        raise _misfit(rule, column, f"values of type {kind}")
    return value


def _misfit(rule: Expectation, column: Column, expected: str) -> InvalidInput:
    return InvalidInput(
        f"The expectation '{rule.sentence}' does not fit its column",
        expected=expected,
        received=f"column {column.name!r} of type {column.type}",
        mend="correct the expectation in regrove.toml",
    )


def _pattern(rule: Expectation, column: Column) -> pl.Expr:
    import polars as pl

    if column.type not in _TEXT:
        raise _misfit(rule, column, "a column of text")
    whole = rf"\A(?:{rule.matches})\z"
    try:
        pl.Series([""]).str.contains(whole)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(
            f"The pattern of the expectation '{rule.sentence}' cannot be read",
            expected="a regular expression without look-around or back-references",
            received=str(error).strip().splitlines()[-1],
        ) from None
    return _text(column).str.contains(whole)


def _condition(rule: Expectation, schema: Schema) -> pl.Expr:
    import polars as pl

    try:
        condition = pl.sql_expr(str(rule.where))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _unreadable(rule, str(error)) from None
    _check_columns(rule, condition.meta.root_names(), schema)
    empty = pl.DataFrame(schema={column.name: to_polars(column.type) for column in schema})
    try:
        result = empty.select(condition.alias("result"))["result"]
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _unreadable(rule, str(error)) from None
    if result.len() or _BEYOND_ROW.search(_QUOTED.sub("", str(condition))):
        raise InvalidInput(
            f"The condition '{rule.where}' looks beyond its row",
            expected="a condition on the values of one row",
            received="an aggregate or a window, whose value would depend on how the rows are cut into batches",
            mend="check it in a step of the pipeline",
        )
    if result.dtype != pl.Boolean:
        raise _unreadable(rule, f"a value of type {result.dtype}")
    return condition


def _unreadable(rule: Expectation, received: str) -> InvalidInput:
    return InvalidInput(
        f"The condition '{rule.where}' cannot be evaluated",
        expected="a Polars SQL condition that is true or false for a row",
        received=received.strip().partition("\n")[0][:300],
        mend="correct the expectation in regrove.toml",
    )
