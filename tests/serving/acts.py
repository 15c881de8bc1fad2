"""What the crash tests run in a process of its own and kill: publishing, answering, compacting."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

REQUESTS = [f"{number:032x}" for number in range(0x0190A1B2, 0x0190A1B2 + 3)]


def opened(folder: str) -> SimpleNamespace:
    """The rooms over a folder, whose database has its schema already."""
    from regrove.clock import HandClock
    from regrove.ledger import Ledger
    from regrove.serving.config import DeploymentConfig
    from regrove.storage import Database, LocalObjects, Vault
    from tests.serving.conftest import service

    root = Path(folder)
    database = Database.open(f"sqlite:///{root / 'regrove.db'}")
    objects = LocalObjects(root / "objects")
    clock = HandClock(1_362_096_000_000_000)
    ledger = Ledger(database, objects, clock)
    declared = SimpleNamespace(configs={"late": DeploymentConfig("late@champion")}, versions={"model:late@champion": 1})
    deployments = service(database, Vault(objects), objects, ledger, clock, declared, root / "log")
    return SimpleNamespace(
        database=database, objects=objects, ledger=ledger, declared=declared, deployments=deployments, log=root / "log"
    )


def acting():
    from regrove.ledger import acting

    return acting(actor="person:test", project="test")


def start(folder: str) -> None:
    with acting():
        opened(folder).deployments.start("late")


def move(folder: str) -> None:
    here = opened(folder)
    here.declared.versions["model:late@champion"] = 2
    with acting():
        here.deployments.publish("late")


def stop(folder: str) -> None:
    with acting():
        opened(folder).deployments.stop("late")


def answer(folder: str) -> None:
    """Answer requests and take labels; what a client got an answer to is kept in a file of its own."""
    from tests.serving.doubles import Server, row

    here = opened(folder)
    server = Server(here.objects, here.log)
    server.watcher.poll()
    for identity in REQUESTS:
        if server.predict(row(hour=1), row(hour=2), id=identity).status == 200:
            _acknowledge(folder, "predicted", identity)
        if server.label({"id": f"{identity}.0", "value": True, "at": "2013-03-02T00:00:00Z"}).status == 200:
            _acknowledge(folder, "labelled", identity)
    server.close()


def compact(folder: str) -> None:
    with acting():
        opened(folder).deployments.compact("late")


def _acknowledge(folder: str, what: str, identity: str) -> None:
    with Path(folder, what).open("a") as file:
        file.write(identity + "\n")


def acknowledged(folder: str, what: str) -> set[str]:
    path = Path(folder, what)
    return set(path.read_text().split()) if path.exists() else set()


def state(folder: str) -> dict[str, Any]:
    """What is on record, for comparing."""
    here = opened(folder)
    with acting():
        frame = here.deployments.predictions("late").sort("request_id", "row").collect()
        publications = here.deployments.publications("late")
        parked = here.deployments.parked("late").height
    entries = here.ledger.read()
    assert here.ledger.verify().ok
    return {
        "predictions": frame.select("request_id", "row").rows(),
        "labelled": frame.filter(frame["label"].is_not_null()).select("request_id", "row").rows(),
        "labels": frame["label"].drop_nulls().len(),
        "parked": parked,
        "publications": [(each.number, each.state, each.revision.model) for each in publications],
        "events": [entry.type for entry in entries],
    }
