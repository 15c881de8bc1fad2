"""What runs in a worker process: one step, from the applied source, with its seeds set.

This is the boundary to the project's own code: whatever it raises becomes a `Failure` with the frames of its own
modules, and never an exception of the worker.
"""

from __future__ import annotations

import io
import random
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from regrove.errors import RegroveError
from regrove.pipelines.call import Argument, Call, Failure, Outcome, Result, pack, unpack
from regrove.pipelines.codecs import WrongKind, decode, encode
from regrove.pipelines.codefolder import inside
from regrove.pipelines.given import Params, StepRun

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FUNCTION", "run"]

FUNCTION: Final = "regrove.pipelines.child:run"
"""How an executor names `run`."""

_PRINTED: Final = 16_384
"""Characters of a step's own output that are kept, the last ones."""


def run(payload: bytes) -> bytes:
    """Execute the packed `Call` and return the packed `Outcome`."""
    call: Call = unpack(payload, Call)
    printed = io.StringIO()
    started = time.perf_counter_ns()
    with redirect_stdout(printed), redirect_stderr(printed), inside(call.root):
        results, points, failure = _attempt(call)
    return pack(
        Outcome(
            results=results,
            failure=failure,
            points=points,
            printed=printed.getvalue()[-_PRINTED:],
            took_us=(time.perf_counter_ns() - started) // 1_000,
        )
    )


def _attempt(call: Call) -> tuple[tuple[Result, ...], tuple[Any, ...], Failure | None]:
    steprun = StepRun()
    try:
        function = getattr(import_module(call.module), call.step) if call.module else None
        arguments = {each.parameter: _value(each, call, steprun) for each in call.arguments}
        _sow(call.seed)
        if function is None:
            from regrove.pipelines.builtin import run as run_built_in

            return run_built_in(call, arguments), (), None
        value = function(**arguments)
        return (encode(value, call.kind, call.step, call),), tuple(steprun.points), None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the project's own code raises anything
        return (), (), _failure(error, call)


def _value(argument: Argument, call: Call, steprun: StepRun) -> Any:
    if argument.kind is not None:
        return decode(argument, call)
    if argument.form == "params":
        return Params(argument.value)
    return steprun if argument.form == "run" else argument.value


def _sow(seed: int) -> None:
    """Set the seeds of both global generators, so that a step that uses them gives the same values each time."""
    random.seed(seed)
    import numpy as np

    np.random.seed(seed)  # noqa: NPY002  # libraries still draw from the legacy generator when none is given


def _failure(error: BaseException, call: Call) -> Failure:
    frames = list(_own_frames(error, call.root))
    if isinstance(error, RegroveError) and (isinstance(error, WrongKind) or not frames):
        return Failure(f"The step {call.step} failed: {error.happened}", error.expected, error.received, error.mend)
    text = error.happened if isinstance(error, RegroveError) else _first_lines(str(error))
    mend = error.mend if isinstance(error, RegroveError) else ""
    name = type(error).__name__
    return Failure(
        f"The step {call.step} raised {name}" + (f": {text}" if text else ""),
        received="\n            ".join(frames) or ("raised while its frame was computed" if call.module else name),
        mend=mend or "correct it, then run again: steps that are done are kept",
        again=True,
    )


def _first_lines(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join(lines[:5])


def _own_frames(error: BaseException, root: str) -> Iterator[str]:
    """The frames of the project's own modules, outermost first: ``pipeline.py:12 in features: df.select(...)``."""
    prefix = root.rstrip("/") + "/"
    if isinstance(error, SyntaxError) and str(error.filename).startswith(prefix):
        yield f"{str(error.filename).removeprefix(prefix)}:{error.lineno}"
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(prefix):
            yield f"{frame.filename.removeprefix(prefix)}:{frame.lineno} in {frame.name}: {frame.line}"
