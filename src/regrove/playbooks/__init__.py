"""Playbooks: what is to be done when something has happened, how often, and what came of it each time.

A playbook has a trigger (a type of event with a condition, a schedule, or a person), limits, and actions. `Playbooks`
reads the ledger from a durable cursor, so that an event begins exactly one *loop* of each playbook that listens to it;
a loop walks its actions (retrain, gate, rollout, rollback, notify), and its record tells one story from the alert to
the outcome. What the actions do is handed in as `Actions`: this room never loads a project.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.playbooks.action import Actions, Judged, Retrained, Returned, Rolled
    from regrove.playbooks.condition import Condition
    from regrove.playbooks.config import Declarations, NotifyConfig, PlaybookConfig, PlaybookLimits
    from regrove.playbooks.narration import headline, story
    from regrove.playbooks.record import ActionRecord, DryRun, LoopRecord, Notice, Playbook
    from regrove.playbooks.service import Playbooks

__all__ = [
    "ActionRecord",
    "Actions",
    "Condition",
    "Declarations",
    "DryRun",
    "Judged",
    "LoopRecord",
    "Notice",
    "NotifyConfig",
    "Playbook",
    "PlaybookConfig",
    "PlaybookLimits",
    "Playbooks",
    "Retrained",
    "Returned",
    "Rolled",
    "headline",
    "story",
]

_HOME = {
    "ActionRecord": "record",
    "Actions": "action",
    "Condition": "condition",
    "Declarations": "config",
    "DryRun": "record",
    "Judged": "action",
    "LoopRecord": "record",
    "Notice": "record",
    "NotifyConfig": "config",
    "Playbook": "record",
    "PlaybookConfig": "config",
    "PlaybookLimits": "config",
    "Playbooks": "service",
    "Retrained": "action",
    "Returned": "action",
    "Rolled": "action",
    "headline": "narration",
    "story": "narration",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
