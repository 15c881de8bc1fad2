"""One side of the split, as one frame of features, target and event time."""

from __future__ import annotations

from typing import Any, Final

from regrove.pipelines.call import Argument, Call, Result
from regrove.pipelines.codecs.frame import keep, scanned
from regrove.pipelines.given import Holdout, Train
from regrove.pipelines.kinds import Kind
from regrove.pipelines.split import pack, unpack
from regrove.schema import schema_of

__all__ = ["decode", "encode"]

_KINDS: Final = {"train": Train, "holdout": Holdout}


def encode(value: Any, output: str, call: Call) -> Result:
    """Keep a side."""
    frame = pack(value)
    return keep(frame, schema_of(frame), output, Kind.SIDE, call)


def decode(argument: Argument, call: Call) -> Any:  # noqa: ARG001  # all codecs have one form
    """The side."""
    return unpack(scanned(argument).collect(), _KINDS[argument.form])
