"""Monitoring: whether a deployment's data and errors are still what they were, and who should know.

A monitor cuts the log of predictions into blocks (days or hours of a zone), counts each once it is over, and keeps the
counts alone. It compares windows of blocks with two references, the data of the model's own run and the blocks before
the window, follows the loss of blocks whose labels are mature, and answers in words that carry an error rate. Alerts
come and go by a rule; what they say is a fact in the ledger, and nothing here calls whoever acts on it. `Monitors` is
the service; its `Monitors.tick` does whatever has become due.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.monitoring.alert import Alert
    from regrove.monitoring.config import (
        Declarations,
        DriftConfig,
        MonitorConfig,
        PerformanceConfig,
        ScheduleConfig,
    )
    from regrove.monitoring.loss import MatureLoss
    from regrove.monitoring.service import Monitor, Monitors
    from regrove.monitoring.tick import TickReport
    from regrove.monitoring.verdict import Finding, Verdict

__all__ = [
    "Alert",
    "Declarations",
    "DriftConfig",
    "Finding",
    "MatureLoss",
    "Monitor",
    "MonitorConfig",
    "Monitors",
    "PerformanceConfig",
    "ScheduleConfig",
    "TickReport",
    "Verdict",
]

_HOME = {
    "Alert": "alert",
    "Declarations": "config",
    "DriftConfig": "config",
    "Finding": "verdict",
    "MatureLoss": "loss",
    "Monitor": "service",
    "MonitorConfig": "config",
    "Monitors": "service",
    "PerformanceConfig": "config",
    "ScheduleConfig": "config",
    "TickReport": "tick",
    "Verdict": "verdict",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
