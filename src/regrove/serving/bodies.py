"""What a client may send: the bodies of /predict and /feedback, read strictly."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from regrove.clock import iso, parse
from regrove.errors import InvalidInput
from regrove.refs import check_id, new_id
from regrove.schema import LogicalType
from regrove.serving.config import Limits
from regrove.serving.faults import fault, may_repeat
from regrove.serving.records import Label

__all__ = ["MalformedBody", "Question", "feedback", "prediction_id", "question"]

_PREDICTION = re.compile(r"([0-9a-f]{32})\.(0|[1-9][0-9]{0,8})\Z")
_KEY_LIMIT = 512
_AHEAD = 300 * 1_000_000
"""A label may come from a machine whose clock is so many microseconds ahead of this one's."""
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999


class MalformedBody(InvalidInput):
    """A body that is no JSON; answered with 400, where what is JSON and cannot be used is answered with 422."""

    code = "malformed-body"


class _PredictBody(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[Any]
    id: str | UnsetType | None = UNSET
    key: str | UnsetType | None = UNSET


class _LabelBody(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    value: Any
    at: str | UnsetType | None = UNSET


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
    _check_names(body, 1 + (asked.id is not UNSET) + (asked.key is not UNSET), asked.rows)
    key, identity = _said(asked.key), _said(asked.id)
    if key is not None and not 0 < len(key) <= _KEY_LIMIT:
        raise InvalidInput(
            "The key cannot be used",
            expected=f"1 to {_KEY_LIMIT} characters",
            received=f"{len(key)} characters",
            mend="send what names the thing that is asked about, or leave the key out",
        )
    given = identity is not None
    return Question(_request_id(identity) if identity is not None else new_id(), given, key, asked.rows)


def feedback(body: bytes, limits: Limits, target: LogicalType | None = None, *, now: int | None = None) -> list[Label]:
    """The labels that ``body`` holds, each checked; an error names the one it is about.

    With ``target`` a value of another type is refused: true and false for a boolean, whole numbers for an integer.
    With ``now`` (microseconds UTC) a label that becomes known later is refused; clocks may differ by five minutes.
    """
    labels = _decoded(
        _feedback, body, '{"labels": [{"id": "<request id>.<row>", "value": ..., "at": "<time>"}]}'
    ).labels
    _check_count(labels, "labels", limits)
    _check_names(body, 1 + sum(2 + (each.at is not UNSET) for each in labels))
    return [_label(index, each, target, now) for index, each in enumerate(labels)]


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
            mend='send the "id" of one of the answer\'s "predictions"',
        )
    return match[1], int(match[2])


def _label(index: int, each: _LabelBody, target: LogicalType | None, now: int | None) -> Label:
    said = _said(each.at)
    try:
        request_id, row = prediction_id(each.id)
        at = None if said is None else parse(said)
    except InvalidInput as error:
        raise InvalidInput(
            f"Label {index}: {error.happened}",
            expected=error.expected,
            received=error.received,
            mend=error.mend or 'write it with its zone, such as Z, or leave "at" out',
        ) from None
    if at is not None and not _FIRST <= at <= _LAST:
        raise InvalidInput(
            f"Label {index}: this time is out of range",
            expected="the years 1 to 9999 in UTC",
            received=repr(said),
            mend="send when the value became known",
        )
    if at is not None and now is not None and at > now + _AHEAD:
        raise InvalidInput(
            f"Label {index}: it says that the value becomes known in the future",
            expected=f"a time up to {iso(now + _AHEAD)}: now, and five minutes for clocks that differ",
            received=repr(said),
            mend='send when the value became known, or leave "at" out: the time of arrival counts then',
        )
    if not _fits(each.value, target):
        raise InvalidInput(
            f"Label {index}: the value cannot be used",
            expected=f"a value of the model's target, which is {target}" if target else "true, false, text or number",
            received=repr(each.value)[:80],
            mend="send what the prediction turned out to be, in the type of the target",
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
            mend="send several requests, or raise limits.rows of the deployment"
            if items
            else f"send at least one of {what}",
        )


def _check_names(body: bytes, top: int, rows: list[Any] | None = None) -> None:
    """Refuse a body in which a field stands twice: the reader kept the last. ``top`` names stand outside of rows."""
    try:
        names = top + sum(map(len, rows or ()))
    except TypeError:  # a row that is no object: it is refused by its number when rows are checked
        return
    if may_repeat(body, names) and (found := fault(body)) is not None:
        raise found


def _said(value: str | UnsetType | None) -> str | None:
    return None if value is UNSET else value


def _request_id(text: str) -> str:
    try:
        return check_id(text, what="request id")
    except InvalidInput as error:
        raise InvalidInput(
            error.happened,
            expected=error.expected,
            received=error.received[:80],
            mend="send uuid.uuid4().hex, or leave the id out and one is made",
        ) from None


def _decoded(decoder: msgspec.json.Decoder[_Body], body: bytes, expected: str) -> _Body:
    try:
        return decoder.decode(body)
    except RecursionError:
        raise MalformedBody(
            "The body is nested too deeply", expected=expected, mend="a row holds plain values: flatten it"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise fault(body) or _refusal(error, expected) from None


def _refusal(error: Exception, expected: str) -> InvalidInput:
    """The error for a body that is no JSON, or not of the form that ``expected`` shows."""
    if not isinstance(error, msgspec.ValidationError):
        return MalformedBody(
            "The body is not JSON",
            expected=expected,
            received=str(error),
            mend="send JSON in UTF-8, as json.dumps does",
        )
    return InvalidInput(
        "The body does not have the form of a request",
        expected=expected,
        received=str(error),
        mend="give it the form that is expected; nothing of it was used",
    )
