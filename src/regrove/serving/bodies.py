"""What a client may send: the bodies of /predict and /feedback, read strictly."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple, TypeVar

import msgspec

from regrove.clock import parse
from regrove.errors import InvalidInput
from regrove.refs import check_id, new_id
from regrove.schema import LogicalType
from regrove.serving.config import Limits
from regrove.serving.records import Label

__all__ = ["MalformedBody", "Question", "feedback", "prediction_id", "question"]

_PREDICTION = re.compile(r"([0-9a-f]{32})\.(0|[1-9][0-9]{0,8})\Z")
_KEY_LIMIT = 512
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999


class MalformedBody(InvalidInput):
    """A body that is no JSON; answered with 400, where what is JSON and cannot be used is answered with 422."""

    code = "malformed-body"


class _PredictBody(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[Any]
    id: str | None = None
    key: str | None = None


class _LabelBody(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    value: Any
    at: str | None = None


class _FeedbackBody(msgspec.Struct, forbid_unknown_fields=True):
    labels: list[_LabelBody]


_predict = msgspec.json.Decoder(_PredictBody)
_feedback = msgspec.json.Decoder(_FeedbackBody)
_Body = TypeVar("_Body")


class Question(NamedTuple):
    """A prediction request: its id and whether the client chose it, its key, and rows that are not checked yet."""

    request_id: str
    given: bool
    key: str | None
    rows: list[Any]


def question(body: bytes, limits: Limits) -> Question:
    """The request that ``body`` holds.

    >>> question(b'{"rows":[{"hour":7}]}', Limits()).rows
    [{'hour': 7}]
    """
    asked = _decoded(_predict, body, '{"rows": [{...}]}, and optionally "id" and "key"')
    _check_count(asked.rows, "rows", limits)
    if asked.key is not None and not 0 < len(asked.key) <= _KEY_LIMIT:
        raise InvalidInput(
            "The key cannot be used", expected=f"1 to {_KEY_LIMIT} characters", received=f"{len(asked.key)} characters"
        )
    given = asked.id is not None
    identity = check_id(asked.id, what="request id") if asked.id is not None else new_id()
    return Question(identity, given, asked.key, asked.rows)


def feedback(body: bytes, limits: Limits, target: LogicalType | None = None) -> list[Label]:
    """The labels that ``body`` holds, each checked; an error names the one it is about.

    With ``target`` a value of another type is refused: true and false for a boolean, whole numbers for an integer.
    """
    labels = _decoded(
        _feedback, body, '{"labels": [{"id": "<request id>.<row>", "value": ..., "at": "<time>"}]}'
    ).labels
    _check_count(labels, "labels", limits)
    return [_label(index, each, target) for index, each in enumerate(labels)]


def prediction_id(text: str) -> tuple[str, int]:
    """The request id and row of ``<request id>.<row>``; InvalidInput for anything else.

    >>> prediction_id("0190a1b2c3d4e5f60718293a4b5c6d7e.12")
    ('0190a1b2c3d4e5f60718293a4b5c6d7e', 12)
    """
    match = _PREDICTION.match(text)
    if match is None:
        raise InvalidInput(
            "This is not the id of a prediction",
            expected="the request id of 32 lower-case hex digits, a dot and the row, as /predict answered it",
            received=repr(text[:80]),
        )
    return match[1], int(match[2])


def _label(index: int, each: _LabelBody, target: LogicalType | None) -> Label:
    try:
        request_id, row = prediction_id(each.id)
        at = None if each.at is None else parse(each.at)
    except InvalidInput as error:
        raise InvalidInput(
            f"Label {index}: {error.happened}", expected=error.expected, received=error.received
        ) from None
    if at is not None and not _FIRST <= at <= _LAST:
        raise InvalidInput(
            f"Label {index}: this time is out of range", expected="the years 1 to 9999 in UTC", received=repr(each.at)
        )
    if not _fits(each.value, target):
        raise InvalidInput(
            f"Label {index}: the value cannot be used",
            expected=f"a value of the model's target, which is {target}" if target else "true, false, text or number",
            received=repr(each.value)[:80],
        )
    return Label(request_id, row, each.value, at)


def _fits(value: Any, target: LogicalType | None) -> bool:
    """Whether a value can be a label: of the target's type, finite, and within 64 bits."""
    if isinstance(value, bool):
        return target in (None, LogicalType.BOOLEAN)
    if isinstance(value, str):
        return target in (None, LogicalType.STRING)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63 and (target is None or target.is_numeric)
    return isinstance(value, float) and math.isfinite(value) and (target is None or target.is_float)


def _check_count(items: list[Any], what: str, limits: Limits) -> None:
    if not 1 <= len(items) <= limits.rows:
        raise InvalidInput(
            f"The number of {what} cannot be used",
            expected=f"1 to {limits.rows}",
            received=str(len(items)),
            mend="send several requests, or raise limits.rows of the deployment" if items else "",
        )


def _decoded(decoder: msgspec.json.Decoder[_Body], body: bytes, expected: str) -> _Body:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "The body does not have the form of a request", expected=expected, received=str(error)
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody("The body is not JSON", expected=expected, received=str(error)) from None
    except RecursionError:
        raise MalformedBody("The body is nested too deeply", expected=expected) from None
