"""What runs in a worker process: one step, from the applied source, with its seeds set; or the import of its module.

This is the boundary to the project's own code: whatever it raises becomes a `Failure` with the frames of its own
modules, and never an exception of the worker.
"""

from __future__ import annotations

import io
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from regrove.errors import RegroveError, nearest
from regrove.pipelines.call import Argument, Call, Failure, Outcome, Result, pack, unpack
from regrove.pipelines.codecs import WrongKind, decode, encode
from regrove.pipelines.codefolder import inside
from regrove.pipelines.given import Params, StepRun
from regrove.pipelines.seed import sow

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FUNCTION", "load", "run"]

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


def load(payload: bytes) -> bytes:
    """Import the module of the packed `Call` and no more; the packed `Outcome` says why it could not be."""
    call: Call = unpack(payload, Call)
    failure = None
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), inside(call.root):
        try:
            import_module(call.module)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # edge: the project's own code raises anything
            failure = Failure(
                _named(error), received="\n            ".join(_own_frames(error, call.root)), mend=_way_out(error)
            )
    return pack(Outcome(failure=failure))


def _way_out(error: BaseException) -> str:
    """What helps when a module could not be imported."""
    if isinstance(error, RegroveError) and error.mend:
        return error.mend
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    from importlib.metadata import packages_distributions

    name = error.name.partition(".")[0]
    return nearest(name, packages_distributions()) or f"install the package that holds {name}, or correct its name"


def _attempt(call: Call) -> tuple[tuple[Result, ...], tuple[Any, ...], Failure | None]:
    steprun = StepRun()
    try:
        function = getattr(import_module(call.module), call.step) if call.module else None
        arguments = {each.parameter: _value(each, call, steprun) for each in call.arguments}
        sow(call.seed)
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


def _failure(error: BaseException, call: Call) -> Failure:
    frames = list(_own_frames(error, call.root))
    if isinstance(error, RegroveError) and (isinstance(error, WrongKind) or not frames):
        return Failure(f"The step {call.step} failed: {error.happened}", error.expected, error.received, error.mend)
    mend = error.mend if isinstance(error, RegroveError) else ""
    unseen = "raised while its frame was computed" if call.module else type(error).__name__
    return Failure(
        f"The step {call.step} raised {_named(error)}",
        received="\n            ".join(frames) or unseen,
        mend=mend or "correct it, then run again: steps that are done are kept",
        again=True,
    )


def _named(error: BaseException) -> str:
    """The kind of the error, and what it says."""
    text = error.happened if isinstance(error, RegroveError) else _first_lines(str(error))
    return type(error).__name__ + (f": {text}" if text else "")


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
