"""Runs: one execution each, with its cause, params, metrics, inputs, artifacts and environment.

`Runs` records them and reads them back. What started a run and what it stood on is a fact, in the ledger; the points
of its metrics are data, and the fact that ends the run names them by digest. `capture` describes the machine and the
work tree that a run stands on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.tracking.environment import Environment, capture
    from regrove.tracking.events import RunEnded, RunResumed, RunStarted
    from regrove.tracking.metric import MetricPoint
    from regrove.tracking.run import Artifact, Input, Run, RunDetails
    from regrove.tracking.service import Runs

__all__ = [
    "Artifact",
    "Environment",
    "Input",
    "MetricPoint",
    "Run",
    "RunDetails",
    "RunEnded",
    "RunResumed",
    "RunStarted",
    "Runs",
    "capture",
]

_HOMES = {
    "Artifact": "run",
    "Environment": "environment",
    "Input": "run",
    "MetricPoint": "metric",
    "Run": "run",
    "RunDetails": "run",
    "RunEnded": "events",
    "RunResumed": "events",
    "RunStarted": "events",
    "Runs": "service",
    "capture": "environment",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use, so that the door itself stays light."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
