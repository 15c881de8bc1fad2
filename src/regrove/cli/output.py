"""Output that outlives its reader.

``regrove run | head`` closes the pipe while the run goes on. What is printed then goes nowhere, and the command ends as
it would have ended: a run is not lost because nobody watches it.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO

__all__ = ["outlive_readers"]


class _Outlet(io.FileIO):
    """A file descriptor that is turned to nowhere once it cannot be written to."""

    def __init__(self, descriptor: int, what: str) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._what = what

    def write(self, data: Any, /) -> int:
        """Write ``data``, or drop it when its reader has gone; OSError, once, when it cannot be written otherwise."""
        try:
            return super().write(data)
        except BlockingIOError:
            raise
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if isinstance(error, BrokenPipeError):
                return len(memoryview(data).cast("B"))
            raise OSError(error.errno, error.strerror, self._what) from error


def outlive_readers() -> None:
    """Let standard output and standard error of this process outlive their readers; a stream put in between stays."""
    if sys.stdout is sys.__stdout__:
        sys.stdout = _outliving(sys.stdout, "standard output")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _outliving(sys.stderr, "standard error")


def _outliving(stream: TextIO | None, what: str) -> TextIO:
    if stream is None:  # it was closed before the process began
        return open(os.devnull, "w", encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    outlet = io.BufferedWriter(_Outlet(stream.fileno(), what))
    return io.TextIOWrapper(
        outlet, stream.encoding, stream.errors, line_buffering=stream.line_buffering, write_through=stream.write_through
    )
