"""What goes back to a client: JSON, and errors in the house's form."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from regrove.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    RegroveError,
    Unavailable,
)
from regrove.serving.bodies import MalformedBody
from regrove.serving.live import Live

__all__ = ["JSON", "Answer", "failure", "ok", "own_fault", "predictions"]

JSON: Final = b"application/json"
"""The content type of every answer but that of /metrics."""

_STATUSES: tuple[tuple[type[RegroveError], int], ...] = (
    (MalformedBody, 400),
    (InvalidInput, 422),
    (NotFound, 404),
    (Refused, 422),
    (Unavailable, 503),
    (Conflict, 409),
)

_encoder = msgspec.json.Encoder()


class Answer(msgspec.Struct, frozen=True):
    """A status, a body, and headers beside content type and length."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def ok(value: Any) -> Answer:
    """A value as JSON."""
    return Answer(200, _encoder.encode(value))


def failure(error: RegroveError, *, status: int = 0, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """An error as JSON: its code, what happened, what was expected and received, and the mend.

    >>> failure(InvalidInput("No rows", expected="1 to 10"), status=422).body
    b'{"error":{"code":"invalid-input","happened":"No rows","expected":"1 to 10"}}'
    """
    status = status or next((each for kind, each in _STATUSES if isinstance(error, kind)), 500)
    if status == 503:
        headers = (*headers, (b"retry-after", b"1"))
    parts = {name: getattr(error, name) for name in ("happened", "expected", "received", "mend")}
    told = {"code": error.code} | {name: text for name, text in parts.items() if text}
    return Answer(status, _encoder.encode({"error": told}), headers=headers)


def own_fault(error: Exception) -> str:
    """What to call an error that is the revision's fault and not the request's; empty for one that is not.

    A log that cannot be written and a deployment that does not answer are nobody's fault among revisions.

    >>> own_fault(ZeroDivisionError()), own_fault(InvalidInput("no"))
    ('ZeroDivisionError', '')
    """
    if not isinstance(error, RegroveError):
        return type(error).__name__
    status = next((each for kind, each in _STATUSES if isinstance(error, kind)), 500)
    return error.code if status == 500 else ""


def predictions(live: Live, request_id: str, outputs: dict[str, list[Any]]) -> bytes:
    """The body that answers a prediction request; each row of ``outputs`` with its id."""
    names = tuple(outputs)
    rows = [
        {"id": f"{request_id}.{index}", **dict(zip(names, values, strict=True))}
        for index, values in enumerate(zip(*outputs.values(), strict=True))
    ]
    revision = live.revision
    return _encoder.encode(
        {
            "id": request_id,
            "deployment": live.generation.deployment,
            "revision": revision.number,
            "model": revision.model,
            "generation": live.generation.number,
            "predictions": rows,
        }
    )
