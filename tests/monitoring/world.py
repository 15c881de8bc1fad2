"""A small world for monitors: a deployment whose log is written by hand, and a run that left its reference behind.

Day 0 is 2013-03-01, a Friday. A day has rows of ``x`` (a number with a mean of the day's own), ``kind`` (a text) and
``seen`` (an instant), a score, and a label that comes after a delay. Everything is drawn from the day's number, so that
the same days are the same wherever they are written.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from regrove.clock import HandClock
from regrove.errors import NotFound, nearest
from regrove.ledger import Ledger, acting
from regrove.monitoring import MonitorConfig, Monitors, PerformanceConfig
from regrove.registry import Signature
from regrove.registry.signature import Output
from regrove.schema import Column, LogicalType, Schema
from regrove.serving import DeploymentConfig, Deployments
from regrove.serving.records import Answering, Label, Labelled, Predicted
from regrove.serving.segment import SegmentWriter
from regrove.storage import Database, LocalObjects, Vault
from regrove.tracking import Runs

DAY = 86_400_000_000
START = 1_362_096_000_000_000  # 2013-03-01T00:00:00Z
REQUEST = Schema(
    (
        Column("x", LogicalType.FLOAT64),
        Column("kind", LogicalType.STRING),
        Column("seen", LogicalType.TIMESTAMP),
    )
)
FIELDS = REQUEST.names
SIGNATURE = Signature(request=REQUEST, features=REQUEST, output=Output(task="binary", classes=(False, True)))
CONFIG = MonitorConfig("late", performance=PerformanceConfig("log_loss", label_delay="5d"))


def day_rows(day: int, rows: int = 40, *, shift: float = 0.0, wrong: float = 0.0, seed: int = 0) -> dict[str, Any]:
    """The rows of a day; ``shift`` moves x, ``wrong`` is the share of labels that are turned around."""
    rng = np.random.default_rng([seed, day + 1000])
    x = rng.normal(rng.normal(shift, 0.1), 1.0, rows)
    score = 1.0 / (1.0 + np.exp(1.0 - x + shift))
    late = (rng.random(rows) < score) ^ (rng.random(rows) < wrong)
    at = START + day * DAY + np.sort(rng.integers(0, DAY, rows))
    return {
        "at": at.tolist(),
        "x": x.tolist(),
        "kind": rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]).tolist(),
        "seen": at.tolist(),
        "score": score.tolist(),
        "late": late.tolist(),
    }


def reference_frame(
    days: range = range(-60, 0), *, out_of_sample: int = 40, rows: int = 40, seed: int = 0
) -> pl.DataFrame:
    """What a run leaves behind: its rows, the last ``out_of_sample`` days of them with answers."""
    parts = []
    for day in days:
        drawn = day_rows(day, rows, seed=seed)
        known = day >= days.stop - out_of_sample
        parts.append(
            pl.DataFrame(
                {
                    "event_time": pl.Series(drawn["at"], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
                    "request.x": drawn["x"],
                    "request.kind": drawn["kind"],
                    "request.seen": pl.Series(drawn["seen"], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
                    "output.score": pl.Series(drawn["score"] if known else [None] * rows, dtype=pl.Float64),
                    "label": drawn["late"],
                    "side": ["holdout" if known else "train"] * rows,
                    "origin": pl.Series([0 if known else None] * rows, dtype=pl.Int64),
                }
            )
        )
    return pl.concat(parts)


class Models:
    """Model versions by ref, as the registry answers them; ``champion`` moves by hand."""

    def __init__(self, runs: dict[int, str], signatures: dict[int, Signature] | None = None) -> None:
        self.runs = runs
        self.signatures = signatures or {}
        self.champion = 1

    def get(self, ref: str) -> Any:
        version = ref.rpartition("@")[2]
        ordinal = self.champion if version == "champion" else int(version)
        signature = self.signatures.get(ordinal, SIGNATURE)
        return SimpleNamespace(
            ref=f"model:late@{ordinal}",
            digest="b3-1:" + f"{ordinal:064x}",
            run=self.runs.get(ordinal, ""),
            signature=signature,
            manifest=SimpleNamespace(signature=signature),
        )


class Declared:
    """What is declared of deployments and monitors."""

    revision = SimpleNamespace(ref="project:test@1")

    def __init__(self, **monitors: MonitorConfig) -> None:
        self.monitors = monitors
        self.sticky: str | None = None

    def deployment(self, name: str) -> DeploymentConfig:
        if name != "late":
            raise NotFound(f"There is no deployment {name!r} in the declaration in force")
        return DeploymentConfig("late@champion", sticky=self.sticky)

    def deployment_names(self) -> list[str]:
        return ["late"]

    def monitor(self, name: str) -> MonitorConfig:
        if name not in self.monitors:
            raise NotFound(f"There is no monitor {name!r}", mend=nearest(name, self.monitors))
        return self.monitors[name]

    def monitor_names(self) -> list[str]:
        return list(self.monitors)


class World:
    """The rooms over a folder, whose database has its schema already."""

    def __init__(self, folder: Path, database: Database, *, now: int = START, **monitors: MonitorConfig) -> None:
        self.folder = folder
        self.database = database
        self.objects = LocalObjects(folder / "objects")
        self.vault = Vault(self.objects)
        self.clock = HandClock(now)
        self.ledger = Ledger(database, self.objects, self.clock)
        self.runs = Runs(database, self.vault, self.ledger, self.clock)
        self.declared = Declared(**(monitors or {"late": CONFIG}))
        self.held: list[Sent] | None = None
        """What was sent and is not in the log yet; None when everything goes there at once."""
        with acting(actor="person:test", project="test"):
            made = {int(each.name.rpartition("-")[2]): each.ref for each in self.runs.list(limit=100)}
        self.models = Models(made)
        self.deployments = Deployments(
            database,
            self.vault,
            self.objects,
            self.ledger,
            self.clock,
            models=self.models,
            declarations=self.declared,
            root=folder / "log",
        )
        self.monitors = Monitors(
            database,
            self.vault,
            self.ledger,
            self.clock,
            deployments=self.deployments,
            models=self.models,
            runs=self.runs,
            declarations=self.declared,
        )

    def trained(self, ordinal: int = 1, frame: pl.DataFrame | None = None) -> str:
        """A run that made a version of the model and left its reference behind."""
        run = self.runs.start(f"late-{ordinal}")
        path = self.folder / f"reference-{ordinal}.parquet"
        (reference_frame() if frame is None else frame).write_parquet(path)
        self.runs.add_artifact(run.ref, "reference", self.vault.add_file(path), "parquet")
        self.runs.finish(run.ref)
        self.models.runs[ordinal] = run.ref
        return run.ref

    def publish(self, ordinal: int = 1) -> Any:
        """Let a version answer, from where the clock stands."""
        self.models.champion = ordinal
        self.deployments.start("late")
        return self.deployments.publish("late")

    def answer(
        self,
        days: range,
        *,
        rows: int = 40,
        batches: int = 4,
        delay: int | None = DAY,
        model: int = 0,
        overridden: bool = False,
        salt: int = 0,
        **drawn: Any,
    ) -> None:
        """Write the log of some days as the newest generation answers them, with labels that come after ``delay``.

        ``model`` is the candidate that answers beside the control; ``overridden`` says that a tester asked for it.
        """
        current = self.deployments.get("late").current
        ordinal = model or int(current.revision.model.rpartition("@")[2])
        answering = Answering(
            generation=current.number,
            revision=current.revision.number + 10 * bool(model),
            model=f"model:late@{ordinal}",
            model_digest=f"b3-1:{ordinal:064x}",
            sticky=None,
            request=REQUEST,
            output=SIGNATURE.output.schema,
            target=LogicalType.BOOLEAN,
        )
        sent = []
        for day in days:
            values = day_rows(day, rows, **drawn)
            for batch, places in enumerate(np.array_split(np.arange(rows), batches)):
                if len(places):
                    name = f"{salt:04x}{day + 1000:08x}{batch:020x}"
                    sent += _sent(answering, values, places, name, delay, overridden=overridden)
        self.send(sent)

    def send(self, sent: list[Sent]) -> None:
        """Write what was sent into the log."""
        if self.held is not None:
            self.held += sent
            return
        writer = SegmentWriter(self.folder / "log", "test", "late")
        for _, record, answering in sent:
            writer.append(record, answering=answering)
        writer.close()

    def compact(self) -> None:
        """Turn the log into objects."""
        self.deployments.compact("late")

    def tick(self, day: float, monitor: str = "late") -> Any:
        """Turn the clock to a day and tick until nothing is due."""
        self.clock.turn_to(max(self.clock.now(), START + round(day * DAY)))
        return self.monitors.tick(monitor)

    def state(self, monitor: str = "late") -> dict[str, Any]:
        """What is on record of a monitor, for comparing."""
        found = self.monitors.get(monitor)
        store = self.monitors._rooms.store
        blocks = [
            each for reference in self.monitors.references(monitor)
            for each in store.blocks("test", monitor, reference.number)
        ]  # fmt: skip
        return {
            "progress": found.progress,
            "references": self.monitors.references(monitor),
            "blocks": blocks,
            "verdicts": self.monitors.verdicts(monitor, limit=10_000),
            "losses": self.monitors.losses(monitor),
            "alerts": self.monitors.alerts(limit=1000),
            "events": [
                (each.type, each.subject, each.occurred_at, each.payload)
                for each in self.ledger.read(limit=100_000)
                if each.type.startswith(("monitor.", "alert."))
            ],
        }


Sent = tuple[int, Predicted | Labelled, Answering | None]
"""When it came, the record, and what answered."""


def _sent(
    answering: Answering, values: Any, places: Any, identity: str, delay: int | None, *, overridden: bool
) -> list[Sent]:
    """One request, and its labels."""
    at = values["at"][places[0]]
    picked = {name: [values[name][place] for place in places] for name in (*FIELDS, "score", "late")}
    predicted = Predicted(
        request_id=identity,
        given=False,
        key=None,
        at=at,
        generation=answering.generation,
        rows=len(places),
        inputs={name: picked[name] for name in FIELDS},
        outputs={"score": picked["score"]},
        revision=answering.revision,
        overridden=overridden,
    )
    if delay is None:
        return [(at, predicted, answering)]
    labels = [Label(identity, row, value, at + delay) for row, value in enumerate(picked["late"])]
    return [(at, predicted, answering), (at + delay, Labelled(received_at=at + delay, labels=labels), None)]
