"""The tables of this room."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from regrove.storage.metadata import digest, identifier, metadata, micros, number, project, text

__all__ = ["deployments", "generations", "objects", "segments", "splits"]

deployments: Final = sa.Table(
    "deployments",
    metadata,
    project(primary_key=True),
    text("name", primary_key=True),
    text("state"),
    number("generation"),
    micros("started_at"),
    micros("changed_at"),
)
"""One row a deployment, with its state and its newest generation."""

generations: Final = sa.Table(
    "deployment_generations",
    metadata,
    project(primary_key=True),
    text("deployment", primary_key=True),
    number("number", primary_key=True),
    text("state"),
    number("revision"),
    text("model"),
    digest("model_digest"),
    text("config"),
    text("declared"),
    micros("published_at"),
    identifier("event_id"),
)
"""Everything that was published: the row repeats the object, which came first."""

splits: Final = sa.Table(
    "deployment_splits",
    metadata,
    project(primary_key=True),
    text("deployment", primary_key=True),
    number("number", primary_key=True),
    text("salt"),
    text("edges"),
    text("arms"),
)
"""What generations with candidates say beyond their control: JSON of the candidates and of the frozen edges."""

segments: Final = sa.Table(
    "prediction_segments",
    metadata,
    project(primary_key=True),
    text("deployment", primary_key=True),
    identifier("segment", primary_key=True),
    identifier("compaction"),
)
"""The segments of the log that were compacted; their files are removed after the row is committed."""

objects: Final = sa.Table(
    "prediction_objects",
    metadata,
    project(primary_key=True),
    text("deployment", primary_key=True),
    identifier("compaction", primary_key=True),
    number("number", primary_key=True),
    text("kind"),
    digest("digest"),
    number("generation"),
    number("revision"),
    text("target"),
    number("rows"),
    identifier("first_id"),
    identifier("last_id"),
    micros("first_at"),
    micros("last_at"),
    sa.Index(None, "project", "first_id", "last_id"),
)
"""The Parquet objects that hold predictions (one for each generation of a compaction) and labels."""
