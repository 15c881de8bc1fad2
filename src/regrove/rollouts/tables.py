"""The tables of this room."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from regrove.storage.metadata import digest, flag, identifier, metadata, micros, number, project, text

__all__ = ["phases", "rollouts"]

rollouts: Final = sa.Table(
    "rollouts",
    metadata,
    project(primary_key=True),
    identifier("id", primary_key=True),
    text("deployment"),
    text("going", nullable=True),
    text("candidate"),
    digest("candidate_digest"),
    text("control"),
    digest("control_digest"),
    text("alias"),
    text("gate"),
    text("approved_by"),
    text("approval"),
    flag("approved"),
    text("policy"),
    text("declaration"),
    text("edges"),
    text("state"),
    text("reason"),
    number("phase"),
    number("step"),
    text("peaks"),
    text("cause"),
    text("actor"),
    identifier("event_id"),
    micros("started_at"),
    micros("changed_at"),
    micros("ended_at", nullable=True),
    text("decision"),
    sa.UniqueConstraint("project", "going"),
    sa.Index(None, "project", "deployment", "started_at"),
)
"""One row a rollout. ``going`` is its deployment until it ends and nothing after: a deployment has one that goes on."""

phases: Final = sa.Table(
    "rollout_phases",
    metadata,
    project(primary_key=True),
    identifier("rollout", primary_key=True),
    number("number", primary_key=True),
    number("share"),
    text("state"),
    micros("since_at"),
    number("generation"),
    micros("began_at", nullable=True),
    micros("ended_at", nullable=True),
    number("requests"),
    digest("evidence"),
)
"""The phases that a rollout has come to."""
