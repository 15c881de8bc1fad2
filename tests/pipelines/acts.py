"""What the tests of recovery do in processes that are killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regrove.ledger import acting
from regrove.pipelines import engine
from regrove.storage import Database
from tests.pipelines.light import Light
from tests.pipelines.project import Project


def numbers(folder: str) -> dict[str, Any]:
    """Run the numbers, each step recorded by itself."""
    engine.LAG_S = -1.0
    return _run(Light(Path(folder), _database(folder)), "total")


def whole(folder: str) -> dict[str, Any]:
    """Run the trips to a model."""
    return _run(Project(Path(folder), _database(folder)), "")


def begun(folder: Path, kind: type[Project]) -> None:
    """Write the project, so that only the run itself is killed."""
    database = _database(str(folder))
    kind(folder, database).begin()
    database.close()


def _database(folder: str) -> Database:
    return Database.open(f"sqlite:///{folder}/regrove.db")


def _run(project: Project, only: str) -> dict[str, Any]:
    project.declared.apply()
    with acting(actor="person:test", project="test"):
        report = project.pipelines.run("late", only=only)
    return {"run": report.run.id, "resumed": report.resumed, "model": report.model_ref}
