"""Egress: the one way out. Everything that Regrove sends to a host that the user named goes through `Egress`.

By default nothing leaves: ``[egress]`` in ``.regrove/settings.toml`` names the hosts that may be sent to. A declaration
that comes with a project (a webhook in a playbook) cannot widen that list, so a project from elsewhere can neither
send data away nor reach into the network of the machine that runs it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.egress.post import Answer, Egress
    from regrove.settings import EgressPolicy

__all__ = ["Answer", "Egress", "EgressPolicy"]

_HOME = {"Answer": "regrove.egress.post", "Egress": "regrove.egress.post", "EgressPolicy": "regrove.settings"}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value
