"""What the crash tests of datasets do in a process that is killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def register(folder: str) -> list[Any]:
    """Register the sources of the folder's project; what is recorded then is returned."""
    from regrove.clock import HandClock
    from regrove.datasets import DatasetConfig, Datasets
    from regrove.ledger import Ledger, acting
    from regrove.storage import Database, LocalObjects, Vault

    root = Path(folder)

    class Declared:
        def __init__(self) -> None:
            self.root = root

        def dataset(self, name: str) -> DatasetConfig:
            return DatasetConfig(source="data/*.csv", key=["id"], on_failure="quarantine")

        def dataset_names(self) -> list[str]:
            return ["numbers"]

    database = Database.open(f"sqlite:///{root / 'regrove.db'}")
    objects = LocalObjects(root / "objects")
    ledger = Ledger(database, objects, HandClock(1_362_096_000_000_000))
    datasets = Datasets(database, Vault(objects), ledger, HandClock(1_362_096_000_000_000), Declared())
    with acting(actor="person:test", project="test"):
        version = datasets.register("numbers")
        found = [
            version.ref,
            version.digest,
            datasets.scan(version.ref).collect().height,
            datasets.refused(version.ref).height,
            datasets.verify(version.ref).ok,
            len(datasets.versions("numbers")),
            [entry.type for entry in ledger.read()],
            ledger.verify().ok,
        ]
    database.close()
    return found
