"""Serving: a model version behind an address, and the record of everything it answered.

A deployment is declared, started and published: each publication is an immutable *generation* in the object store,
which names the *revision* (a model version under a configuration) that answers. A server needs the object store, a
folder for its log and the deployment's name; it never touches the database. Each request is appended to the
*prediction log* before it is answered; labels join the same log when they arrive. `Deployments` publishes, compacts
the log into Parquet, and reads predictions and labels back; `serve` runs a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.serving.compaction import Compaction
    from regrove.serving.config import Declarations, DeploymentConfig, Limits, RolloutConfig
    from regrove.serving.generation import Generation, Revision
    from regrove.serving.history import LabelRecord, PredictionRecord
    from regrove.serving.process import serve
    from regrove.serving.service import Deployments
    from regrove.serving.store import Deployment, Publication

__all__ = [
    "Compaction",
    "Declarations",
    "Deployment",
    "DeploymentConfig",
    "Deployments",
    "Generation",
    "LabelRecord",
    "Limits",
    "PredictionRecord",
    "Publication",
    "Revision",
    "RolloutConfig",
    "serve",
]

_HOME = {
    "Compaction": "compaction",
    "Declarations": "config",
    "Deployment": "store",
    "DeploymentConfig": "config",
    "Deployments": "service",
    "Generation": "generation",
    "LabelRecord": "history",
    "Limits": "config",
    "PredictionRecord": "history",
    "Publication": "store",
    "Revision": "generation",
    "RolloutConfig": "config",
    "serve": "process",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
