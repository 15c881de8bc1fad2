"""The tables of this room."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, Table

from regrove.storage.metadata import content, digest, identifier, metadata, micros, number, project, real, text

__all__ = ["artifacts", "inputs", "metrics", "params", "runs"]

runs: Final = Table(
    "runs",
    metadata,
    project(primary_key=True),
    identifier("id", primary_key=True),
    text("name"),
    text("kind"),
    text("status"),
    text("actor"),
    text("cause"),
    text("declaration_ref"),
    digest("declaration_digest"),
    digest("environment_digest"),
    micros("started_at"),
    micros("ended_at", nullable=True),
    number("resumed"),
    text("error"),
    Index("ix_runs_project_name_id", "project", "name", "id"),
)
"""One row a run."""

params: Final = Table(
    "run_params",
    metadata,
    project(primary_key=True),
    identifier("run_id", primary_key=True),
    text("key", primary_key=True),
    content("value"),
)
"""Params as canonical JSON."""

metrics: Final = Table(
    "run_metrics",
    metadata,
    project(primary_key=True),
    identifier("run_id", primary_key=True),
    number("position", primary_key=True),
    text("key"),
    number("step"),
    micros("at"),
    text("kind"),
    real("value", nullable=True),
    Index("ix_run_metrics_project_run_id_key", "project", "run_id", "key"),
)
"""Points in the order in which they were logged; ``kind`` says what a value without a number is."""

inputs: Final = Table(
    "run_inputs",
    metadata,
    project(primary_key=True),
    identifier("run_id", primary_key=True),
    text("name", primary_key=True),
    text("ref"),
    digest("digest"),
)
"""What a run used."""

artifacts: Final = Table(
    "run_artifacts",
    metadata,
    project(primary_key=True),
    identifier("run_id", primary_key=True),
    text("name", primary_key=True),
    digest("digest"),
    text("kind"),
    text("ref"),
    Index("ix_run_artifacts_project_ref", "project", "ref"),
)
"""What a run made."""
