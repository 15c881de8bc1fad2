"""The records of a prediction log.

One msgpack payload a record. The first of a segment says whose it is; before the first prediction of a generation
stands what that generation is and of which types its fields are, so that a segment can be read with nothing beside
it. Fields may be added at the end with a default, never removed or reordered: a log outlives the code that wrote it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from regrove.schema import LogicalType, Schema

__all__ = ["Answering", "Failed", "Label", "Labelled", "Opened", "Predicted", "Record", "decode", "encode"]


class Opened(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="opened"):
    """The first record of a segment: which server process writes it, since when."""

    segment: str
    project: str
    deployment: str
    server: str
    pid: int
    host: str
    opened_at: int


class Answering(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="answering"):
    """What answers the predictions that name ``generation`` and, where several do, ``revision``."""

    generation: int
    revision: int
    model: str
    model_digest: str
    sticky: str | None
    request: Schema
    output: Schema
    target: LogicalType
    """The type of the labels that judge these predictions."""


class Predicted(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="predicted"):
    """One answered request: what was asked and what was answered.

    ``inputs`` holds each field of the request as a list over its rows, ``outputs`` each field of the answer.
    ``given`` says that the client chose the id, so that the same request may stand in the log twice.
    """

    request_id: str
    given: bool
    key: str | None
    at: int
    generation: int
    rows: int
    inputs: dict[str, list[Any]]
    outputs: dict[str, list[Any]]
    revision: int = 0
    """The revision that answered; 0 for the only one of its generation, in logs of older versions."""
    seconds: float = 0.0
    """From the read request to the answer that was about to be logged."""
    overridden: bool = False
    """Whether the caller asked for this revision by name, so that it says nothing about a share of the traffic."""


class Failed(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="failed"):
    """One request that a revision could not answer, for a reason of its own and not of the request."""

    request_id: str
    key: str | None
    at: int
    generation: int
    revision: int
    model: str
    rows: int
    seconds: float
    overridden: bool
    error: str
    """The code of the error, or the name of its class; never its text, which may hold values."""


class Label(msgspec.Struct, frozen=True, array_like=True):
    """What one prediction turned out to be; ``at`` is when it became known, None when the client did not say."""

    request_id: str
    row: int
    value: bool | int | float | str
    at: int | None = None


class Labelled(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="labelled"):
    """Labels that arrived in one request."""

    received_at: int
    labels: list[Label]


Record = Opened | Answering | Predicted | Failed | Labelled

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def encode(record: Record) -> bytes:
    """The payload of a record."""
    return _encoder.encode(record)


def decode(payload: bytes) -> Record:
    """The record of a payload; msgspec.DecodeError when it is none."""
    return _decoder.decode(payload)
