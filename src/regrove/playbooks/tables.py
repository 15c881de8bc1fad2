"""The tables of this room."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from regrove.storage.metadata import flag, identifier, metadata, micros, number, project, text

__all__ = ["actions", "loops", "notices", "playbooks"]

playbooks: Final = sa.Table(
    "playbooks",
    metadata,
    project(primary_key=True),
    text("name", primary_key=True),
    flag("declared"),
    number("since"),
    micros("enrolled_at"),
    micros("broken_at", nullable=True),
    text("broken_reason"),
    text("broken_by"),
    number("resets"),
)
"""One row for each playbook that was ever declared: from which event on it listens, and whether it is broken."""

loops: Final = sa.Table(
    "loops",
    metadata,
    project(primary_key=True),
    identifier("id", primary_key=True),
    text("playbook"),
    text("trigger"),
    text("event_id"),
    text("cause"),
    text("because"),
    text("config"),
    text("declared"),
    text("model"),
    text("deployment"),
    text("state"),
    text("outcome"),
    text("reason"),
    number("resets"),
    micros("started_at"),
    micros("ended_at", nullable=True),
    micros("started_wall_at"),
    micros("ended_wall_at", nullable=True),
    sa.Index(None, "project", "playbook", "started_at"),
    sa.Index(None, "project", "state"),
)
"""One row for each trigger that was met: a loop, or one that a limit skipped."""

actions: Final = sa.Table(
    "loop_actions",
    metadata,
    project(primary_key=True),
    identifier("loop", primary_key=True),
    number("number", primary_key=True),
    text("action"),
    text("state"),
    number("attempts"),
    number("failures"),
    number("cut_off"),
    text("refs"),
    text("verdict"),
    text("reason"),
    micros("retry_at"),
    micros("started_at", nullable=True),
    micros("ended_at", nullable=True),
    micros("started_wall_at", nullable=True),
    micros("ended_wall_at", nullable=True),
)
"""The actions of a loop in their order, and what came of each."""

notices: Final = sa.Table(
    "loop_notices",
    metadata,
    project(primary_key=True),
    identifier("loop", primary_key=True),
    number("number", primary_key=True),
    text("state"),
    text("webhook"),
    text("body"),
    number("attempts"),
    micros("retry_at"),
    text("reason"),
    sa.Index(None, "project", "state"),
)
"""What webhooks are still to be told, or were told."""
