"""The composition root."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from regrove.clock import Clock, SystemClock
from regrove.ledger import Ledger, acting
from regrove.settings import Settings
from regrove.storage import Database, ObjectStore, Vault

if TYPE_CHECKING:
    from regrove.datasets import Datasets
    from regrove.execution import Executor
    from regrove.gates import Gates
    from regrove.monitoring import Monitors
    from regrove.pipelines import Pipelines
    from regrove.playbooks import Playbooks
    from regrove.project import Projects
    from regrove.registry import Models
    from regrove.rollouts import Rollouts
    from regrove.serving import Deployments
    from regrove.tracking import Runs

__all__ = ["Workspace"]


class Workspace:
    """One project's rooms, on one database, one object store and one ledger.

    Each attribute is the service of one room, made when it is first asked for. A workspace may be used as a context
    manager; what is done inside is recorded as done by ``actor``. It belongs to the thread (or task) that opened it.
    """

    def __init__(
        self,
        *,
        root: Path,
        project: str,
        settings: Settings,
        database: Database,
        objects: ObjectStore,
        actor: str,
        clock: Clock | None = None,
    ) -> None:
        self.root = root
        """The project's folder."""
        self.project = project
        """The project's name."""
        self.settings = settings
        self.database = database
        self.objects = objects
        self.vault = Vault(objects)
        self.clock: Clock = clock or SystemClock()
        self.ledger = Ledger(database, objects, self.clock)
        """Every fact, in order; `Ledger.verify` proves it."""
        self._closing = ExitStack()
        self._closing.callback(database.close)
        self._closing.enter_context(acting(actor=actor, project=project))

    @cached_property
    def projects(self) -> Projects:
        """Declarations: plan and apply."""
        from regrove.project import Projects

        return Projects(
            self.database,
            self.vault,
            self.ledger,
            self.clock,
            root=self.root,
            name=self.project,
            cache=self._cache / "code",
            executor=lambda: self.executor,
        )

    @cached_property
    def datasets(self) -> Datasets:
        """Dataset versions."""
        from regrove.datasets import Datasets
        from regrove.workspace.log import PredictionLogs

        logs = PredictionLogs(lambda: self.deployments)
        return Datasets(self.database, self.vault, self.ledger, self.clock, self.projects.applied, logs)

    @cached_property
    def runs(self) -> Runs:
        """Runs with their params, metrics, artifacts and inputs."""
        from regrove.tracking import Runs

        return Runs(self.database, self.vault, self.ledger, self.clock)

    @cached_property
    def executor(self) -> Executor:
        """Where steps run: a pool of processes on this machine."""
        from regrove.execution import ProcessPool

        pool = ProcessPool(self.settings.workers)
        self._closing.callback(pool.close)
        return pool

    @cached_property
    def pipelines(self) -> Pipelines:
        """Plan, run and explain the graph of functions."""
        from regrove.pipelines import Pipelines
        from regrove.workspace.publish import ModelSink

        return Pipelines(
            self.database,
            self.vault,
            self.ledger,
            self.clock,
            runs=self.runs,
            datasets=self.datasets,
            executor=self.executor,
            declarations=self.projects.applied,
            models=ModelSink(self.models, self.vault, self.executor),
        )

    @cached_property
    def models(self) -> Models:
        """Model versions and their aliases."""
        from regrove.registry import Models

        return Models(self.database, self.vault, self.ledger, self.clock)

    @cached_property
    def deployments(self) -> Deployments:
        """What is served, and the log of predictions and labels."""
        from regrove.serving import Deployments

        return Deployments(
            self.database,
            self.vault,
            self.objects,
            self.ledger,
            self.clock,
            models=self.models,
            declarations=self.projects.applied,
            root=self.settings.folder / "serving",
        )

    @cached_property
    def gates(self) -> Gates:
        """What judges candidates, and its reports."""
        from regrove.gates import Gates

        return Gates(
            self.database,
            self.vault,
            self.ledger,
            self.clock,
            models=self.models,
            runs=self.runs,
            declarations=self.projects.applied,
        )

    @cached_property
    def monitors(self) -> Monitors:
        """What watches deployments, its verdicts and alerts."""
        from regrove.monitoring import Monitors

        return Monitors(
            self.database,
            self.vault,
            self.ledger,
            self.clock,
            deployments=self.deployments,
            models=self.models,
            runs=self.runs,
            declarations=self.projects.applied,
        )

    @cached_property
    def rollouts(self) -> Rollouts:
        """How new versions come to answer, phase by phase."""
        from regrove.rollouts import Rollouts

        return Rollouts(
            self.database,
            self.vault,
            self.ledger,
            self.clock,
            deployments=self.deployments,
            models=self.models,
            gates=self.gates,
            declarations=self.projects.applied,
        )

    @cached_property
    def playbooks(self) -> Playbooks:
        """What is done because of what happened, and the loops that came of it."""
        from regrove.playbooks import Playbooks
        from regrove.workspace.launch import Launch

        return Playbooks(
            self.database, self.ledger, self.clock, declarations=self.projects.applied, actions=Launch(self)
        )

    @property
    def _cache(self) -> Path:
        return self.settings.folder / "cache"

    def close(self) -> None:
        """Stop the pool, close the database, and stop acting."""
        self._closing.close()

    def __enter__(self) -> Self:
        """The workspace itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        return f"Workspace({self.project!r}, root={str(self.root)!r}, database={self.database!r})"
