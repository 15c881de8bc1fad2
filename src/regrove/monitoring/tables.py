"""The tables of this room."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from regrove.storage.metadata import digest, flag, identifier, metadata, micros, number, project, real, text

__all__ = ["alerts", "blocks", "losses", "monitors", "references", "verdicts"]

monitors: Final = sa.Table(
    "monitors",
    metadata,
    project(primary_key=True),
    text("name", primary_key=True),
    text("deployment"),
    micros("began_at"),  # the start of the first block that was watched
    micros("closed_until"),  # the end of the last block that was dealt with
    number("publication"),  # the last generation of the deployment that was dealt with
    text("rules"),  # what the alert rules remember, as JSON
)
"""One row a monitor that was ever ticked: how far it has come."""

references: Final = sa.Table(
    "monitor_references",
    metadata,
    project(primary_key=True),
    text("monitor", primary_key=True),
    number("number", primary_key=True),
    text("deployment"),
    text("model"),
    digest("model_digest"),
    text("run"),
    number("publication"),  # the generation with which the model became the control
    micros("since_at"),  # when that was
    micros("first_at"),  # the start of the first block that is judged by it
    text("fingerprint"),  # digest of the part of the declaration that it was frozen under
    digest("object"),
    micros("frozen_at"),
    identifier("event_id"),
)
"""What windows are compared with, frozen whenever another model becomes the control."""

blocks: Final = sa.Table(
    "monitor_blocks",
    metadata,
    project(primary_key=True),
    text("monitor", primary_key=True),
    number("reference", primary_key=True),
    number("start_at", primary_key=True),
    micros("end_at"),
    text("local"),
    number("rows"),
    number("excluded"),
    number("late_rows"),
    digest("object"),  # '' for a block without rows
    micros("closed_at"),
)
"""The summaries of blocks, on the cells of a reference; earlier blocks are counted anew when a reference is frozen."""

verdicts: Final = sa.Table(
    "monitor_verdicts",
    metadata,
    project(primary_key=True),
    text("monitor", primary_key=True),
    text("kind", primary_key=True),
    number("frozen", primary_key=True),
    text("reference", primary_key=True),
    text("window", primary_key=True),
    number("to_at", primary_key=True),
    micros("from_at"),
    text("model"),
    text("verdict"),
    text("reason"),
    text("tier"),
    real("p", nullable=True),
    real("level"),
    text("effects"),  # JSON
    flag("alive"),
    digest("evidence"),
    micros("judged_at"),
    sa.Index(None, "project", "monitor", "judged_at"),
)
"""Every verdict."""

losses: Final = sa.Table(
    "monitor_losses",
    metadata,
    project(primary_key=True),
    text("monitor", primary_key=True),
    number("reference", primary_key=True),
    number("start_at", primary_key=True),
    micros("end_at"),
    text("local"),
    text("model"),
    number("rows"),
    number("labelled"),
    real("loss", nullable=True),  # 0 to 1, as detectors take it
    real("mean", nullable=True),  # in units of the metric, not clipped
    real("share"),  # of the labels that should have come by then
    micros("judged_at"),
    text("state"),  # of the detectors after this block, as JSON; '' when it was not fed to them
)
"""The mean loss of each mature block of a model while it was the control."""

alerts: Final = sa.Table(
    "alerts",
    metadata,
    project(primary_key=True),
    identifier("id", primary_key=True),
    text("monitor"),
    text("kind"),
    text("deployment"),
    text("model"),
    text("severity"),
    text("state"),
    text("reason"),
    text("evidence"),
    text("picture"),
    micros("pending_at"),
    micros("fired_at", nullable=True),
    micros("told_at", nullable=True),
    number("repeats"),
    micros("resolved_at", nullable=True),
    text("resolution"),
    text("resolved_by"),
    sa.Index(None, "project", "monitor", "kind", "state"),
)
"""Every alert with its state: pending, firing or resolved."""
