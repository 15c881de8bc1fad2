"""What became of a task, as bytes that cross from one process to another.

Errors cross by name and text and are never unpickled: a worker runs the user's code, and what it sends is data.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import msgspec

from regrove.errors import RegroveError, StepFailed
from regrove.execution.task import function_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Outcome", "perform"]


class Outcome(msgspec.Struct, frozen=True):
    """The bytes that were returned, or the error in parts (``kinds`` from the most exact to the most general)."""

    value: bytes = b""
    kinds: tuple[str, ...] = ()
    happened: str = ""
    expected: str = ""
    received: str = ""
    mend: str = ""
    trace: str = ""

    def result(self) -> bytes:
        """The bytes, or the error raised."""
        if not self.kinds:
            return self.value
        known = {_name(kind): kind for kind in _family(RegroveError)}
        kind = next((known[name] for name in self.kinds if name in known), RegroveError)
        error = kind.__new__(kind)
        RegroveError.__init__(
            error, self.happened, expected=self.expected, received=self.received, mend=self.mend
        )  # by name: a subclass may build its message from other arguments
        error.add_note(self.trace)
        raise error


def perform(function: str, payload: bytes) -> Outcome:
    """Call the function and say what became of it; only what ends the process passes through."""
    try:
        value: object = function_of(function)(payload)
    except RegroveError as error:
        return _failed(error)
    except Exception as error:  # noqa: BLE001  # edge: the user's code; all becomes StepFailed
        return _failed(StepFailed(f"{function} raised {type(error).__name__}: {error}"), error)
    if not isinstance(value, (bytes, bytearray, memoryview)):
        return _failed(StepFailed(f"{function} returned the wrong kind", expected="bytes", received=_kind(value)))
    return Outcome(value=bytes(value))


def _failed(error: RegroveError, cause: Exception | None = None) -> Outcome:
    return Outcome(
        kinds=tuple(_name(kind) for kind in type(error).__mro__ if issubclass(kind, RegroveError)),
        happened=error.happened,
        expected=error.expected,
        received=error.received,
        mend=error.mend,
        trace="".join(traceback.format_exception(cause or error)),
    )


def _family(kind: type[RegroveError]) -> Iterator[type[RegroveError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _family(each)


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _kind(value: object) -> str:
    return type(value).__name__
