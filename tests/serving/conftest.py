"""Fixtures of the serving tests."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.serving.doubles import REQUEST, Server


@pytest.fixture
def declared() -> Any:
    """What is declared, and what the registry answers; tests change both."""
    from regrove.serving.config import DeploymentConfig

    return SimpleNamespace(
        configs={"late": DeploymentConfig("late@champion", sticky="flight"), "other": DeploymentConfig("late@2")},
        versions={"model:late@champion": 1, "model:late@2": 2},
    )


@pytest.fixture
def deployments(
    database: Any, vault: Any, objects: Any, ledger: Any, clock: Any, declared: Any, log: Path, acting: None
):
    """The service over an empty database."""
    return service(database, vault, objects, ledger, clock, declared, log)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log folder."""
    return tmp_path / "log"


@pytest.fixture
def server(deployments: Any, objects: Any, log: Path):
    """A server of the deployment ``late``, which is started."""
    deployments.start("late")
    server = Server(objects, log)
    server.watcher.poll()
    yield server
    server.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model files, written once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def models(database: Any, vault: Any, ledger: Any, clock: Any, acting: None):
    """The registry over the same database."""
    from regrove.registry import Models

    return Models(database, vault, ledger, clock)


@pytest.fixture
def real(database: Any, vault: Any, objects: Any, ledger: Any, clock: Any, log: Path, models: Any, written: Path):
    """Deployments over a registry with two versions of a model; ``late`` serves the champion, the first."""
    from regrove.serving import DeploymentConfig, Deployments
    from tests.registry import samples

    for seed in (3, 4):
        models.register(samples.spec(vault, written, "boosting", seed=seed))
    models.promote("late-arrival@1", reason="by hand")
    configs = {"late": DeploymentConfig("late-arrival@champion"), "second": DeploymentConfig("late-arrival@2")}
    declarations = SimpleNamespace(
        revision=SimpleNamespace(ref="project:test@1"),
        deployment=configs.__getitem__,
        deployment_names=lambda: list(configs),
    )
    service = Deployments(database, vault, objects, ledger, clock, models, declarations, log)
    service.start("late")
    return service


@pytest.fixture
def standing(real: Any, objects: Any, log: Path):
    """A way to stand servers up that takes them all down."""
    from tests.serving.standing import Standing

    servers: list[Standing] = []

    def stand(**more: Any) -> Standing:
        servers.append(Standing(objects.root, log, **more))
        return servers[-1]

    yield stand
    for each in servers:
        if each.process.poll() is None:
            each.kill()


def service(database, vault, objects, ledger, clock, declared, log):
    from regrove.errors import NotFound
    from regrove.serving import Deployments

    class Models:
        def get(self, ref):
            if ref not in declared.versions:
                raise NotFound(f"There is no {ref}")
            ordinal = declared.versions[ref]
            return SimpleNamespace(
                ref=f"model:late@{ordinal}",
                digest="b3-1:" + f"{ordinal:064x}",
                manifest=SimpleNamespace(signature=SimpleNamespace(request=REQUEST)),
            )

    class Declarations:
        revision = SimpleNamespace(ref="project:test@1")

        def deployment(self, name):
            if name not in declared.configs:
                raise NotFound(f"There is no deployment {name!r} in the declaration in force")
            return declared.configs[name]

        def deployment_names(self):
            return list(declared.configs)

    return Deployments(database, vault, objects, ledger, clock, Models(), Declarations(), log)
