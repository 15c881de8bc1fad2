"""A small world for gates: versions whose runs left rows behind, made without running a pipeline.

A row has ``x`` and ``z`` (numbers), ``kind`` (a text), ``key`` (a text of its own) and ``seen`` (an instant), and is
late with a chance that grows with ``x + z``. A version is a real model of the registry, in the real model format, whose
estimator knows x alone, both, or nothing; so better, worse and alike are known beforehand.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from regrove.clock import HandClock
from regrove.errors import NotFound
from regrove.frames import encode_parquet
from regrove.gates import ChampionConfig, GateConfig, Gates
from regrove.ledger import Ledger
from regrove.registry import Models, ModelSpec, ServingCode
from regrove.registry.manifest import Link, Parameter
from regrove.schema import Column, LogicalType, Schema
from regrove.storage import Database, LocalObjects, Vault
from regrove.tracking import Runs

DAY = 86_400_000_000
START = 1_362_096_000_000_000  # 2013-03-01T00:00:00Z
REQUEST = Schema(
    (
        Column("x", LogicalType.FLOAT64, nullable=False),
        Column("z", LogicalType.FLOAT64, nullable=False),
        Column("kind", LogicalType.STRING, nullable=False),
        Column("key", LogicalType.STRING, nullable=False),
        Column("seen", LogicalType.TIMESTAMP, nullable=False),
    )
)
FEATURES = Schema((Column("x", LogicalType.FLOAT64), Column("z", LogicalType.FLOAT64)))
SOURCE = """
import polars as pl

def features(asked: pl.LazyFrame) -> pl.LazyFrame:
    return asked.select("x", "z")
"""
LABELS: dict[str, tuple[Any, ...]] = {"binary": (False, True), "multiclass": ("a", "b", "c"), "regression": ()}


def drawn(first: int, last: int, *, rows: int = 40, task: str = "binary", seed: int = 0) -> pl.DataFrame:
    """Rows of the days ``first`` to ``last`` (exclusive) after the start; a day is the same wherever it is drawn."""
    parts = [_day(day, rows, task, seed) for day in range(first, last)]
    return pl.concat(parts)


@cache
def _day(day: int, rows: int, task: str, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng([seed, day + 1000])
    x, z = rng.normal(size=rows), rng.normal(size=rows)
    raised = x + z + rng.normal(0, 0.3)
    chance = 1 / (1 + np.exp(-1.5 * raised))
    label: Any = (rng.random(rows) < chance).tolist()
    if task == "multiclass":
        label = np.array(["a", "b", "c"])[np.digitize(raised + rng.normal(0, 0.7, rows), [-0.7, 0.7])].tolist()
    if task == "regression":
        label = (raised + rng.normal(0, 0.5, rows)).tolist()
    at = pl.Series(START + day * DAY + np.sort(rng.integers(0, DAY, rows)), dtype=pl.Int64)
    moments = at.cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame(
        {
            "event_time": moments,
            "request.x": x,
            "request.z": z,
            "request.kind": rng.choice(["p", "q", "r"], rows, p=[0.6, 0.39, 0.01]),
            "request.key": [f"{seed}-{day}-{row}" for row in range(rows)],
            "request.seen": moments,
            "label": label,
        }
    )


@cache
def estimator(task: str, knows: str, noise: int = 0) -> Any:
    """Fitted on other days; ``knows`` says which features it is given: x, xz, or nothing but noise."""
    from sklearn.linear_model import LogisticRegression, Ridge

    rows = drawn(-400, -340, task=task)
    seen = {"x": [1.0, 0.0], "xz": [1.0, 1.0], "none": [0.0, 0.0]}[knows]
    table = pl.DataFrame({name: rows[f"request.{name}"] * seen[place] for place, name in enumerate(("x", "z"))})
    jitter = np.random.default_rng(noise).normal(0, 1.0, table.height) if noise else np.zeros(table.height)
    table = table.with_columns(pl.col("x") + 0.2 * pl.Series(jitter))
    model: Any = Ridge() if task == "regression" else LogisticRegression()
    return model.fit(table, rows["label"])


class World:
    """The rooms that a gate stands on, and a gate."""

    def __init__(self, folder: Path, database: Database, *, task: str = "binary") -> None:
        self.folder = folder
        self.task = task
        self.objects = LocalObjects(folder / "objects")
        self.vault = Vault(self.objects)
        self.clock = HandClock(START + 400 * DAY)
        self.ledger = Ledger(database, self.objects, self.clock)
        self.models = Models(database, self.vault, self.ledger, self.clock)
        self.runs = Runs(database, self.vault, self.ledger, self.clock)
        self.config = GateConfig(champion=ChampionConfig())
        self.gates = Gates(
            database,
            self.vault,
            self.ledger,
            self.clock,
            models=self.models,
            runs=self.runs,
            declarations=self,
        )
        self._made = 0

    @property
    def revision(self) -> Any:
        return SimpleNamespace(ref="project:test@1")

    def gate(self, model: str, /) -> GateConfig:
        if model != "late":
            raise NotFound(f"There is no gate {model!r} in the declaration in force")
        return self.config

    def version(
        self,
        knows: str,
        *,
        train: tuple[int, int] = (-60, 0),
        holdout: tuple[int, int] = (0, 20),
        rows: pl.DataFrame | None = None,
        noise: int = 0,
        artifact: bool = True,
        **changes: Any,
    ) -> str:
        """Register a version, with the rows of its run, and return its ref."""
        model = changes.pop("estimator", None) or estimator(self.task, knows, noise)
        spec = self.spec(model, **changes)
        version = self.models.register(spec)
        run = self.runs.start("late", kind="pipeline")
        self.runs.add_artifact(run.ref, "model", version.manifest.model, "model", artifact_ref=version.ref)
        if artifact:
            frame = rows if rows is not None else self.rows(model, train, holdout)
            self.runs.add_artifact(run.ref, "reference", self.vault.add_bytes(encode_parquet(frame)), "reference")
        self.runs.finish(run.ref)
        return version.ref

    def spec(self, model: Any, **changes: Any) -> ModelSpec:
        from regrove.registry.formats.skops import FORMAT

        self._made += 1
        path = self.folder / f"model-{self._made}.skops"
        FORMAT.dump(model, path)
        package = self.vault.add_json({"pipeline.py": changes.pop("source", SOURCE)})
        chain = (Link("features", "pipeline", (Parameter("asked", "asked", "lazy"),)),)
        fields: dict[str, Any] = {
            "name": "late",
            "task": self.task,
            "format": "skops",
            "model": self.vault.add_file(path),
            "request": REQUEST,
            "features": FEATURES,
            "target": "late",
            "serving": ServingCode(request="asked", chain=chain, object=package, code=package),
            "seed": self._made,  # two versions of one estimator are two versions
            "classes": LABELS[self.task],
            "metric": "rmse" if self.task == "regression" else "log_loss",
        }
        return ModelSpec(**{**fields, **changes})

    def rows(self, model: Any, train: tuple[int, int], holdout: tuple[int, int]) -> pl.DataFrame:
        """What a run of ``model`` leaves behind: its answers on the held-out days."""
        learnt = drawn(*train, task=self.task).with_columns(side=pl.lit("train"))
        held = drawn(*holdout, task=self.task).with_columns(side=pl.lit("holdout"))
        answers = self.answers(model, held)
        held = held.hstack(answers).with_columns(origin=pl.lit(0, pl.Int64))
        return pl.concat([learnt, held], how="diagonal")

    def answers(self, model: Any, held: pl.DataFrame) -> pl.DataFrame:
        """As the registry would answer, under the names of the log."""
        asked = held.select(x="request.x", z="request.z")
        if self.task == "regression":
            return pl.DataFrame({"output.value": model.predict(asked)})
        shares = model.predict_proba(asked)
        if self.task == "binary":
            return pl.DataFrame({"output.score": shares[:, 1]})
        best = pl.Series("output.class", np.array(model.classes_)[shares.argmax(axis=1)].tolist())
        named = {f"output.probability:{name}": shares[:, place] for place, name in enumerate(model.classes_)}
        return pl.DataFrame({"output.class": best, **named})

    def champion(self, knows: str = "x", **how: Any) -> str:
        """A version that stands as champion."""
        ref = self.version(knows, **how)
        self.models.promote(ref, reason="the first version")
        return ref
