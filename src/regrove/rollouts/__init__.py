"""Rollouts: how a new version of a model comes to answer everybody, a share of the callers after the other.

A rollout opens a split of a deployment in serving and widens it phase by phase. In each phase what the candidate did
is held against the control by tests that may be looked at at any time (`regrove.stats.sequential`); harm ends the
split at once. What stays long enough without harm is promoted, with a decision that cites the gate's report and the
evidence of every phase. The state lives in the database: `Rollouts.tick` may be killed at any moment and goes on.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.rollouts.config import Declarations, Gates, Report
    from regrove.rollouts.evidence import Evidence
    from regrove.rollouts.record import Phase, Rollout
    from regrove.rollouts.service import Rollouts

__all__ = ["Declarations", "Evidence", "Gates", "Phase", "Report", "Rollout", "Rollouts"]

_HOME = {
    "Declarations": "config",
    "Evidence": "evidence",
    "Gates": "config",
    "Phase": "record",
    "Report": "config",
    "Rollout": "record",
    "Rollouts": "service",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
