"""What ``regrove.toml`` may say: closed structures, one for each table.

Each room defines the table that it acts on (`DatasetConfig` in `regrove.datasets`, and so on); here they are put
together. A key that no room reads cannot be written.
"""

from __future__ import annotations

from typing import Final

import msgspec

from regrove.datasets.config import DatasetConfig
from regrove.errors import InvalidInput
from regrove.gates.config import GateConfig
from regrove.monitoring.config import MonitorConfig
from regrove.pipelines.config import ModelConfig
from regrove.playbooks.config import PlaybookConfig
from regrove.serving.config import DeploymentConfig

__all__ = ["TABLES", "Declaration", "ProjectConfig"]


class ProjectConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ``[project]`` table."""

    name: str
    """Names the project in refs, in the ledger and in every table of the workspace."""
    module: str
    """The Python module of plain functions beside ``regrove.toml``, such as ``pipeline`` for ``pipeline.py``."""

    def __post_init__(self) -> None:
        """Refuse a module that is no dotted name: a path, or one that leads out of the project."""
        if not _is_dotted(self.module):
            name = self.module.removesuffix(".py").strip("./").replace("/", ".")
            raise InvalidInput(
                "module is not the name of a module",
                expected='a dotted name below the project\'s folder, such as "pipeline" for pipeline.py',
                received=repr(self.module),
                mend=f'module = "{name if _is_dotted(name) else "pipeline"}"',
            )


def _is_dotted(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


class Declaration(msgspec.Struct, frozen=True):
    """The whole of one ``regrove.toml``, checked in itself."""

    project: ProjectConfig
    datasets: dict[str, DatasetConfig]
    models: dict[str, ModelConfig]
    deployments: dict[str, DeploymentConfig]
    gates: dict[str, GateConfig] = {}
    """By the name of the model that it judges."""
    monitors: dict[str, MonitorConfig] = {}
    playbooks: dict[str, PlaybookConfig] = {}


TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "datasets": DatasetConfig,
    "models": ModelConfig,
    "deployments": DeploymentConfig,
    "gates": GateConfig,
    "monitors": MonitorConfig,
    "playbooks": PlaybookConfig,
}
"""The tables of named things and what each may say."""
