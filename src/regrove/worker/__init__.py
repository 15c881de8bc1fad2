"""The worker: one process of a workspace that does what is due, again and again.

It decides nothing by itself. At each tick it compacts the logs of deployments, lets monitors judge, lets playbooks act
on what they read in the ledger, brings rollouts forward, and anchors the ledger. One worker leads a workspace, by a
lease. Every part can be killed at any moment and is continued by the next tick; one that fails rests a while, and does
not keep the others from theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.worker.tick import Tick, Trouble
    from regrove.worker.worker import Worker

_HOMES = {"Tick": "tick", "Trouble": "tick", "Worker": "worker"}

__all__ = ["Tick", "Trouble", "Worker"]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
