"""Execution: where work runs that must not run in the process that asks for it.

An `Executor` takes a `Task` (a function by name, and bytes) and gives back a future of bytes. `ProcessPool` runs tasks
in processes of this machine that die with their parent; `InlineExecutor` keeps the same contract in the asking process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.execution.inline import InlineExecutor
    from regrove.execution.pool import ProcessPool
    from regrove.execution.seam import Executor
    from regrove.execution.task import Task

__all__ = ["Executor", "InlineExecutor", "ProcessPool", "Task"]

_HOME = {"Executor": "seam", "InlineExecutor": "inline", "ProcessPool": "pool", "Task": "task"}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
