"""Regrove keeps machine-learning models alive.

A project is a folder with ``regrove.toml`` and a module of plain functions. `open` gives the workspace of a project:
one service for each room (datasets, runs, pipelines, models, deployments), all on one ledger::

    import regrove

    with regrove.open(".") as ws:
        ws.projects.apply()
        report = ws.pipelines.run("late-arrival")
        ws.models.promote("late-arrival@1", reason="better than nothing")

`Train`, `Holdout`, `Params` and `step` are what a project's functions are written with.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.errors import RegroveError
    from regrove.ledger import acting
    from regrove.pipelines import Holdout, Params, StepRun, Train, step
    from regrove.workspace import Workspace, open  # noqa: A004  # regrove.open("."), as for a file

__version__ = "0.1.0"
__all__ = [
    "Holdout",
    "Params",
    "RegroveError",
    "StepRun",
    "Train",
    "Workspace",
    "acting",
    "open",
    "step",
]

_HOMES = {
    "Holdout": "regrove.pipelines",
    "Params": "regrove.pipelines",
    "RegroveError": "regrove.errors",
    "StepRun": "regrove.pipelines",
    "Train": "regrove.pipelines",
    "Workspace": "regrove.workspace",
    "acting": "regrove.ledger",
    "open": "regrove.workspace",
    "step": "regrove.pipelines",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
