"""What a function can reach, read from source text: its closure, why it changed, the code that travels with a model.

Nothing here imports or runs the project's code. `Codebase` parses the modules that the project's module reaches;
`Codebase.functions` lists the functions and what they ask for; `Codebase.closure` names by digest everything that can
change what a function returns; `explain` compares two closures; `Codebase.extract` writes the modules again with
nothing in them but what some functions reach.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.pipelines.code.change import Change, explain
    from regrove.pipelines.code.closure import Closure, Part, Widening
    from regrove.pipelines.code.codebase import Codebase
    from regrove.pipelines.code.function import FunctionInfo, Parameter

__all__ = ["Change", "Closure", "Codebase", "FunctionInfo", "Parameter", "Part", "Widening", "explain"]

_HOMES = {
    "Change": "change",
    "Closure": "closure",
    "Codebase": "codebase",
    "FunctionInfo": "function",
    "Parameter": "function",
    "Part": "closure",
    "Widening": "closure",
    "explain": "change",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
