"""Driving a deployment through the past: the rows of a dataset become requests, and what they turned out to be, labels.

``Script`` decides which rows are asked together, under which ids, and when each label arrives; the same data and
options give the same script, so that a replay which was interrupted sends what is missing under the same ids.
``Replay`` plays it to a running server, a step of domain time after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.serving.replay.config import ReplayOptions
    from regrove.serving.replay.player import Played, Replay
    from regrove.serving.replay.script import Ask, Script, Step, Tell

_HOMES = {
    "Ask": "script",
    "Played": "player",
    "Replay": "player",
    "ReplayOptions": "config",
    "Script": "script",
    "Step": "script",
    "Tell": "script",
}

__all__ = ["Ask", "Played", "Replay", "ReplayOptions", "Script", "Step", "Tell"]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
