"""Rows of JSON into columns of Python values, strictly.

A request is data from outside: every field must be there, of its type, finite, and nothing more; the message names
the row and the field. Whole numbers may be given for floats; nothing else is converted.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from regrove.errors import InvalidInput, nearest
from regrove.schema.columns import Column, Schema
from regrove.schema.logical import LogicalType

__all__ = ["decode_rows"]

_MISSING = object()
_MENDS: dict[type, str] = {
    str: "send the value itself and not a text of it, if a number or true and false are expected",
    float: "send a whole number without a point, if one is expected",
    bool: "send 1 and 0 for a number, or the text that is meant",
}
"""What helps against a value of the wrong type, by the type that it has."""


def decode_rows(rows: Sequence[Any], schema: Schema) -> dict[str, list[Any]]:
    """The columns of ``rows`` (objects as JSON gives them), each value checked against ``schema``.

    Raises InvalidInput that names row and field: missing, unknown, null where none may be, of the wrong type, out of
    the type's range, or not finite.

    >>> schema = Schema((Column("hour", LogicalType.INT8, nullable=False),))
    >>> decode_rows([{"hour": 7}, {"hour": 12}], schema)
    {'hour': [7, 12]}
    >>> decode_rows([{"hour": "7"}], schema)
    Traceback (most recent call last):
    ...
    regrove.errors.InvalidInput: Row 0: field 'hour' has the wrong type.
      expected: int8
      received: '7'
      mend:     send the value itself and not a text of it, if a number or true and false are expected
    """
    columns: dict[str, list[Any]] = {}
    for index, row in enumerate(rows):
        if type(row) is not dict:
            raise InvalidInput(
                f"Row {index} is no object",
                expected="an object of fields",
                received=_short(row),
                mend=f"send its fields by their names: {', '.join(schema.names)}",
            )
        if len(row) > len(schema):
            _refuse_unknown(index, row, schema)
    for column in schema.columns:
        name, check = column.name, _CHECKS[column.type]
        values: list[Any] = []
        for index, row in enumerate(rows):
            value = row.get(name, _MISSING)
            if value is None and column.nullable:
                values.append(None)
            elif value is _MISSING or value is None:
                raise _absent(index, column, row, schema)
            else:
                values.append(check(value, index, column))
        columns[name] = values
    for index, row in enumerate(rows):
        if len(row) != len(schema):
            _refuse_unknown(index, row, schema)
    return columns


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _refuse_unknown(index: int, row: dict[str, Any], schema: Schema) -> None:
    for name in row:
        if name not in schema:
            raise InvalidInput(
                f"Row {index}: field {_short(name)} is not part of the request",
                expected=f"the fields {', '.join(schema.names)}",
                received=_short(name),
                mend=nearest(name, schema.names) or "leave it out",
            )


def _absent(index: int, column: Column, row: dict[str, Any], schema: Schema) -> InvalidInput:
    if column.name in row:
        return InvalidInput(
            f"Row {index}: field {column.name!r} is null",
            expected=f"{column.type}, never null",
            received="null",
            mend="send its value: the model never saw a row without one",
        )
    close = nearest(column.name, [name for name in row if name not in schema])
    return InvalidInput(
        f"Row {index}: field {column.name!r} is missing",
        expected=f"{column.type}" + (", or null" if column.nullable else ""),
        received=f"the fields {', '.join(map(str, row)) or 'none'}",
        mend=f"rename the field: {close.removeprefix('did you mean ').removesuffix('?')} to {column.name!r}"
        if close
        else "send it, as null when it is not known"
        if column.nullable
        else "send it: every row has each field",
    )


def _wrong(value: Any, index: int, column: Column, expected: str = "") -> InvalidInput:
    return InvalidInput(
        f"Row {index}: field {column.name!r} has the wrong type",
        expected=expected or column.type.value,
        received=_short(value),
        mend="write it as expected"
        if expected
        else _MENDS.get(type(value), "send a value of the type that is expected"),
    )


def _boolean(value: Any, index: int, column: Column) -> bool:
    if type(value) is not bool:
        raise _wrong(value, index, column)
    return value


def _integer(value: Any, index: int, column: Column) -> int:
    if type(value) is not int:
        raise _wrong(value, index, column)
    low, high = column.type.bounds or (0, 0)
    if not low <= value <= high:
        raise InvalidInput(
            f"Row {index}: field {column.name!r} is out of range",
            expected=f"{low} to {high}",
            received=_short(value),
            mend="send a value that the model's data could hold",
        )
    return value


def _float(value: Any, index: int, column: Column) -> float:
    if type(value) is not float and type(value) is not int:
        raise _wrong(value, index, column)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or (column.type is LogicalType.FLOAT32 and abs(number) > 3.4028235677973366e38):
        raise InvalidInput(
            f"Row {index}: field {column.name!r} is not finite",
            expected=f"a finite {column.type}",
            received=_short(value),
            mend="send null where a value is missing" if column.nullable else "send a number that the type can hold",
        )
    return number


def _string(value: Any, index: int, column: Column) -> str:
    if type(value) is not str:
        raise _wrong(value, index, column)
    return value


def _binary(value: Any, index: int, column: Column) -> bytes:
    try:
        return base64.b64decode(_string(value, index, column), validate=True)
    except binascii.Error:
        raise _wrong(value, index, column, "bytes in base64") from None


def _date(value: Any, index: int, column: Column) -> date:
    try:
        return date.fromisoformat(_string(value, index, column))
    except ValueError:
        raise _wrong(value, index, column, "a date such as 2013-03-01") from None


def _timestamp(value: Any, index: int, column: Column) -> datetime:
    try:
        moment = datetime.fromisoformat(_string(value, index, column))
    except ValueError:
        raise _wrong(value, index, column, "a time such as 2013-03-01T05:15:00Z") from None
    if moment.tzinfo is None:
        raise InvalidInput(
            f"Row {index}: field {column.name!r} is a time without a zone, which names no instant",
            expected="a time such as 2013-03-01T05:15:00Z",
            received=_short(value),
            mend="add Z or an offset",
        )
    return moment.astimezone(UTC)


_CHECKS: dict[LogicalType, Callable[[Any, int, Column], Any]] = {
    LogicalType.BOOLEAN: _boolean,
    LogicalType.FLOAT32: _float,
    LogicalType.FLOAT64: _float,
    LogicalType.STRING: _string,
    LogicalType.CATEGORY: _string,
    LogicalType.BINARY: _binary,
    LogicalType.DATE: _date,
    LogicalType.TIMESTAMP: _timestamp,
    **{kind: _integer for kind in LogicalType if kind.is_integer},
}
