"""The tables of this room."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, Table

from regrove.storage.metadata import content, digest, identifier, metadata, micros, number, project, text

__all__ = ["closures", "executions", "kept", "plans"]

kept: Final = Table(
    "step_results",
    metadata,
    project(primary_key=True),
    digest("key", primary_key=True),
    text("step"),
    content("outputs"),
    content("points"),
    identifier("run_id"),
    micros("made_at"),
)
"""The cache: for each key what a step made, and the run that made it."""

closures: Final = Table(
    "step_closures", metadata, project(primary_key=True), digest("digest", primary_key=True), content("body")
)
"""The closures that executed steps had, so that a later difference can be named."""

plans: Final = Table(
    "pipeline_runs",
    metadata,
    project(primary_key=True),
    identifier("run_id", primary_key=True),
    text("model"),
    digest("request_digest"),
    digest("product_digest"),
    text("model_ref"),
    Index("ix_pipeline_runs_project_product_digest", "project", "product_digest"),
)
"""What a pipeline run was asked to do (one that died is continued only by the same request), and what it came to: the
digest of everything that its model is made of, and the version that it is; both empty before."""

executions: Final = Table(
    "step_executions",
    metadata,
    project(primary_key=True),
    identifier("run_id", primary_key=True),
    text("step", primary_key=True),
    text("model"),
    text("status"),
    digest("key"),
    digest("closure_digest"),
    content("recipe"),
    content("outputs"),
    content("reasons"),
    identifier("made_by"),
    number("attempts"),
    number("seed"),
    micros("recorded_at"),
    number("took_us"),
    text("printed"),
    text("error"),
    Index("ix_step_executions_project_model_step", "project", "model", "step", "status", "run_id"),
    Index("ix_step_executions_project_key", "project", "key"),
)
"""What became of each step of each run: executed, reused (``made_by`` names the run that made it), or failed."""
