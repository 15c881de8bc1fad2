"""Whether the project's module can be imported, asked of a worker process before a step is given to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from regrove.errors import InvalidInput, Unavailable
from regrove.execution import Task
from regrove.pipelines.call import Call, Outcome, pack, unpack

if TYPE_CHECKING:
    from regrove.execution import Executor

__all__ = ["check_import"]

_LOAD: Final = "regrove.pipelines.child:load"


def check_import(executor: Executor, root: Path, module: str) -> None:
    """Raise InvalidInput, with the line that raised, when ``module`` of the folder ``root`` cannot be imported.

    It is imported by a worker process of ``executor``, as it will be when a step runs.
    """
    call = Call(step="", root=str(root), scratch="", arguments=(), seed=0, module=module)
    task = Task(id=module, function=_LOAD, payload=pack(call))
    try:
        outcome: Outcome = unpack(executor.submit(task).result(), Outcome)
    except Unavailable as error:  # the worker died: its code ended the process, or it ran out of memory
        raise Unavailable(
            f"The module {module!r} was not imported: {error.happened}",
            expected=error.expected,
            received=error.received,
            mend=error.mend,
        ) from None
    failure = outcome.failure
    if failure is not None:
        raise InvalidInput(
            f"The module {module!r} cannot be imported: {failure.happened}",
            expected="a module that a worker process can import",
            received=failure.received,
            mend=failure.mend or "correct the line that raised",
        )
