"""The tables of this room."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from regrove.storage.metadata import digest, identifier, metadata, micros, project, text

__all__ = ["reports"]

reports: Final = sa.Table(
    "gate_reports",
    metadata,
    project(primary_key=True),
    identifier("id", primary_key=True),
    text("name"),  # of the model
    text("model"),
    digest("model_digest"),
    text("champion"),
    text("champion_digest"),
    text("verdict"),
    text("reason"),
    text("holdout"),  # the digest of the rows, '' when there were none
    digest("basis"),
    digest("object"),
    micros("judged_at"),
    sa.UniqueConstraint("project", "basis"),
    sa.Index(None, "project", "name", "holdout"),
)
"""One row a report; everything else of it stands in its object."""
