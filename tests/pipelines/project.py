"""A small project in a folder, and the rooms around it, for tests of pipelines."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec

from regrove.clock import HandClock
from regrove.datasets import DatasetConfig, Datasets
from regrove.digest import of_json, of_tree
from regrove.execution import InlineExecutor
from regrove.ledger import Ledger
from regrove.pipelines import ModelConfig, Pipelines, TrainedModel
from regrove.storage import Database, LocalObjects, Vault
from regrove.tracking import Runs

START = 1_362_096_000_000_000  # 2013-03-01T00:00:00Z

PIPELINE = '''\
"""Trips: is one longer than ten minutes?"""
import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression

from regrove import Params, Train

from parts.clean import tidy

LIMIT = 10.0


def joined(trips: pl.LazyFrame) -> pl.LazyFrame:
    return tidy(trips)


def features(joined: pl.LazyFrame) -> pl.LazyFrame:
    return joined.select(pl.col("distance").log1p().alias("log_distance"), pl.col("hour").cast(pl.Float64))


def late(joined: pl.LazyFrame) -> pl.LazyFrame:
    return joined.select((pl.col("minutes") > LIMIT).alias("late"))


def classifier(train: Train, params: Params, seed: int) -> LogisticRegression:
    model = LogisticRegression(max_iter=params.max_iter, random_state=seed)
    return model.fit(train.features, train.target)


def unused(trips: pl.LazyFrame) -> pl.LazyFrame:
    return trips
'''

CLEAN = """\
import polars as pl

from parts.text import keep


def tidy(trips: pl.LazyFrame) -> pl.LazyFrame:
    return trips.filter(keep("distance"))
"""

TEXT = """\
import polars as pl

from parts.deep import floor


def keep(name: str) -> pl.Expr:
    return pl.col(name) > floor()


def not_used(name: str) -> pl.Expr:
    return pl.col(name)
"""

DEEP = """\
FLOOR = 0.0


def floor(bottom: float = FLOOR) -> float:
    return bottom
"""

MODEL: dict[str, Any] = {
    "task": "binary",
    "request": "joined",
    "features": "features",
    "target": "late",
    "trainer": "classifier",
    "metric": "log_loss",
    "split": {"holdout": "14d", "embargo": "2d"},
    "params": {"max_iter": 50},
}

TRIPS: dict[str, Any] = {"source": "data/*.parquet", "key": ["id"], "event_time": "started_at"}


class Revision(msgspec.Struct, frozen=True):
    """An applied declaration."""

    ref: str
    digest: str


class Declared:
    """Declarations over a folder: each `apply` takes a snapshot of it, as the record would hold it."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root = root
        self.module = "pipeline"
        self.models = {"late": dict(MODEL)}
        self.datasets = {"trips": dict(TRIPS)}
        self._cache = cache
        self._code: Path | None = None

    def apply(self) -> None:
        """Take the files as they are now."""
        paths = sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*.py"))
        digest = of_tree(self.root, paths)
        self._code = self._cache / digest[5:37]
        if not self._code.exists():
            for path in paths:
                (self._code / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.root / path, self._code / path)

    @property
    def revision(self) -> Revision:
        assert self._code is not None
        digest = of_json([self._code.name, self.models, self.datasets])
        return Revision("project:test@1", digest)

    def code(self) -> Path:
        assert self._code is not None
        return self._code

    def model(self, name: str) -> ModelConfig:
        return msgspec.convert(self.models[name], ModelConfig)

    def model_names(self) -> list[str]:
        return list(self.models)

    def dataset(self, name: str) -> DatasetConfig:
        return msgspec.convert(self.datasets[name], DatasetConfig)

    def dataset_names(self) -> list[str]:
        return list(self.datasets)


class Sink:
    """A registry that keeps what it is given, by content."""

    def __init__(self) -> None:
        self.kept: list[TrainedModel] = []
        self._digests: list[str] = []

    def register(self, trained: TrainedModel, /) -> str:
        plain = msgspec.to_builtins(trained)
        del plain["run_ref"]
        digest = of_json(plain)
        if digest not in self._digests:
            self._digests.append(digest)
            self.kept.append(trained)
        return f"model:{trained.name}@{self._digests.index(digest) + 1}"

    def is_whole(self, ref: str, /) -> bool:
        return True


class Project:
    """The folder and the rooms around it."""

    def __init__(self, folder: Path, database: Database, executor: Any = None) -> None:
        self.root = folder / "project"
        self.database = database
        self.objects = LocalObjects(folder / "objects")
        self.vault = Vault(self.objects)
        self.clock = HandClock(START)
        self.ledger = Ledger(database, self.objects, self.clock)
        self.declared = Declared(self.root, folder / "code")
        self.runs = Runs(database, self.vault, self.ledger, self.clock)
        self.datasets = Datasets(database, self.vault, self.ledger, self.clock, self.declared)
        self.sink = Sink()
        self.executor = executor or InlineExecutor()
        self.pipelines = Pipelines(
            database,
            self.vault,
            self.ledger,
            self.clock,
            runs=self.runs,
            datasets=self.datasets,
            executor=self.executor,
            declarations=self.declared,
            models=self.sink,
        )

    def write(self, **files: str) -> None:
        """Write modules (``parts__clean`` is parts/clean.py) and apply."""
        for name, text in files.items():
            path = self.root / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.declared.apply()

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a piece of a module and apply."""
        path = self.root / (name.replace("__", "/") + ".py")
        text = path.read_text()
        assert old in text, f"{old!r} is not in {path.name}"
        path.write_text(text.replace(old, new))
        self.declared.apply()

    def fill(self, rows: int = 240, seed: int = 7) -> None:
        """Write a file of trips: one each six hours."""
        from datetime import UTC, datetime, timedelta

        import numpy as np
        import polars as pl

        draw = np.random.default_rng(seed)
        distance = draw.uniform(1.0, 30.0, rows)
        start = datetime(2013, 1, 1, tzinfo=UTC)
        frame = pl.DataFrame(
            {
                "id": np.arange(rows),
                "started_at": [start + timedelta(hours=6 * place) for place in range(rows)],
                "distance": distance,
                "hour": [(6 * place) % 24 for place in range(rows)],
                "minutes": distance * 0.7 + draw.normal(0, 3, rows),
            },
            schema_overrides={"started_at": pl.Datetime("us", "UTC")},
        )
        (self.root / "data").mkdir(parents=True, exist_ok=True)
        frame.write_parquet(self.root / "data" / "trips.parquet")

    def begin(self) -> Project:
        """Write the project as it stands above, with its data."""
        self.write(pipeline=PIPELINE, parts__clean=CLEAN, parts__text=TEXT, parts__deep=DEEP)
        self.fill()
        return self
