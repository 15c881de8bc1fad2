"""What goes to a worker process and what comes back: plain values and paths, packed as MessagePack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from regrove.pipelines.given import Point
from regrove.pipelines.kinds import Kind

__all__ = ["Argument", "Call", "Failure", "Link", "Outcome", "Result", "pack", "unpack"]


class Argument(msgspec.Struct, frozen=True, omit_defaults=True):
    """One argument of a step: files to read it from, or a value."""

    parameter: str
    kind: Kind | None = None
    """None for a given value, which stands in ``value``."""
    paths: tuple[str, ...] = ()
    """Checked local copies of the objects; a dataset may have several parts."""
    data: bytes | None = None
    """In place of a path, for a small value that was made a moment ago and may not have reached the disk."""
    form: str = ""
    """``lazy`` or ``eager`` for a frame, ``train`` or ``holdout`` for a side, the format of an estimator, the
    ``module:function`` whose return annotation says what a JSON value is."""
    value: Any = None
    schema: list[tuple[str, str]] | None = None
    """Names and logical types of a dataset's columns."""

    def read(self) -> bytes:
        """The bytes of the value."""
        return self.data if self.data is not None else Path(self.paths[0]).read_bytes()


class Link(msgspec.Struct, frozen=True):
    """One function of the serving path: what it is called with, and the form that each parameter wants."""

    function: str
    module: str
    needs: tuple[tuple[str, str, str], ...]
    """Parameter, the function (or the request) that fills it, and ``lazy``, ``eager`` or an empty text."""


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """One execution of one step."""

    step: str
    root: str
    """The folder of the applied source."""
    scratch: str
    """What the paths of files begin with that hold results too large to come back as bytes."""
    arguments: tuple[Argument, ...]
    seed: int
    kind: Kind = Kind.JSON
    module: str = ""
    """The module of the function; empty for a built-in step."""
    trusted_types: tuple[str, ...] = ()
    settings: Any = None
    """What a built-in step is told beside its arguments."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value that a step made, as bytes or as a file in the scratch folder."""

    output: str
    kind: Kind
    form: str = ""
    """Of an estimator the name of its model format."""
    content: str = ""
    """The digest of the content; empty when that of the bytes is meant."""
    data: bytes | None = None
    path: str = ""
    about: dict[str, Any] = {}
    """What is worth knowing without reading it: rows, columns."""


class Failure(msgspec.Struct, frozen=True):
    """Why a step gave no result."""

    happened: str
    expected: str = ""
    received: str = ""
    mend: str = ""
    again: bool = False
    """Whether trying once more makes sense: it does when the user's code raised."""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a worker answers."""

    results: tuple[Result, ...] = ()
    failure: Failure | None = None
    points: tuple[Point, ...] = ()
    printed: str = ""
    """What the step wrote to standard output and error, the last part of it."""
    took_us: int = 0


_encoder = msgspec.msgpack.Encoder()


def pack(value: Call | Outcome) -> bytes:
    """The bytes of a call or an outcome."""
    return _encoder.encode(value)


def unpack(data: bytes, kind: type[Call | Outcome]) -> Any:
    """The call or outcome of these bytes."""
    return msgspec.msgpack.decode(data, type=kind)
