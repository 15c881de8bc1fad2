"""The declaration in force, as the rooms below ask for it.

Each room names what it needs as a protocol of its own; this class answers all of them from the record, never from
the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from regrove.datasets.config import DatasetConfig
from regrove.errors import Conflict, NotFound, nearest
from regrove.gates.config import GateConfig
from regrove.monitoring.config import MonitorConfig
from regrove.pipelines.config import ModelConfig
from regrove.playbooks.config import PlaybookConfig
from regrove.project.declaration import Declaration
from regrove.project.read import FILE, read_text
from regrove.project.snapshot import lay_out
from regrove.project.store import Revision, Store
from regrove.serving.config import DeploymentConfig
from regrove.storage import Vault

__all__ = ["Applied"]

Config = TypeVar("Config")


class Applied:
    """Answers what is declared, from the revision in force."""

    def __init__(self, store: Store, vault: Vault, project: str, root: Path, cache: Path) -> None:
        self._store = store
        self._vault = vault
        self._project = project
        self.root = root
        """The project's folder: relative sources of datasets are found from here."""
        self._cache = cache
        self._read: tuple[str, Declaration] | None = None

    @property
    def revision(self) -> Revision:
        """The revision in force; Conflict before the first was applied."""
        revision = self._store.latest(self._project)
        if revision is None:
            raise Conflict(
                f"Nothing of project {self._project!r} is applied yet",
                expected="an applied declaration: rooms act on the record, not on the file",
                mend="regrove apply",
            )
        return revision

    @property
    def declaration(self) -> Declaration:
        """The declaration in force."""
        digest = self.revision.declaration_digest
        if self._read is None or self._read[0] != digest:
            self._read = (digest, read_text(self._vault.read(digest).decode()))
        return self._read[1]

    def code(self) -> Path:
        """The folder that holds the source in force."""
        return lay_out(self._vault, self.revision.source_digest, self._cache)

    @property
    def module(self) -> str:
        """The name of the project's module of functions."""
        return self.declaration.project.module

    def dataset(self, name: str) -> DatasetConfig:
        """What is declared of the dataset ``name``."""
        return _find(self.declaration.datasets, name, "dataset")

    def dataset_names(self) -> list[str]:
        """The declared datasets, in the order of the file."""
        return list(self.declaration.datasets)

    def model(self, name: str) -> ModelConfig:
        """What is declared of the model ``name``."""
        return _find(self.declaration.models, name, "model")

    def model_names(self) -> list[str]:
        """The declared models, in the order of the file."""
        return list(self.declaration.models)

    def deployment(self, name: str) -> DeploymentConfig:
        """What is declared of the deployment ``name``."""
        return _find(self.declaration.deployments, name, "deployment")

    def deployment_names(self) -> list[str]:
        """The declared deployments, in the order of the file."""
        return list(self.declaration.deployments)

    def gate(self, model: str) -> GateConfig:
        """The gate that judges versions of ``model``."""
        return _find(self.declaration.gates, model, "gate")

    def monitor(self, name: str) -> MonitorConfig:
        """What is declared of the monitor ``name``."""
        return _find(self.declaration.monitors, name, "monitor")

    def monitor_names(self) -> list[str]:
        """The declared monitors, in the order of the file."""
        return list(self.declaration.monitors)

    def playbook(self, name: str) -> PlaybookConfig:
        """What is declared of the playbook ``name``."""
        return _find(self.declaration.playbooks, name, "playbook")

    def playbook_names(self) -> list[str]:
        """The declared playbooks, in the order of the file."""
        return list(self.declaration.playbooks)


def _find(entries: Mapping[str, Config], name: str, what: str) -> Config:
    try:
        return entries[name]
    except KeyError:
        raise NotFound(
            f"There is no {what} {name!r} in the declaration in force",
            expected=f"one of {', '.join(entries)}" if entries else f"a [{what}s.{name}] table",
            received=repr(name),
            mend=nearest(name, entries) or f"add [{what}s.{name}] to {FILE}, then: regrove apply",
        ) from None
