"""The workspace: where the rooms are put together, and nothing else.

It has attributes, one service for each room, and no verbs of its own beside opening and closing. What crosses several
rooms for reading stands in a module of its own (`trace`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.workspace.opening import open  # noqa: A004  # regrove.open("."), as for a file
    from regrove.workspace.trace import Trace, TraceStep
    from regrove.workspace.workspace import Workspace

__all__ = ["Trace", "TraceStep", "Workspace", "open"]

_HOMES = {
    "Trace": "trace",
    "TraceStep": "trace",
    "Workspace": "workspace",
    "open": "opening",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"regrove.workspace.{_HOMES[name]}"), name)
