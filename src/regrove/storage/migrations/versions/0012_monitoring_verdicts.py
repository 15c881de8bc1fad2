"""Monitors with their references, blocks, verdicts, losses and alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "monitors",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("closed_until", sa.BigInteger, nullable=False),
        sa.Column("publication", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("rules", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_monitors"),
    )
    op.create_table(
        "monitor_references",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("monitor", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("model_digest", _TEXT, nullable=False),
        sa.Column("run", _TEXT, nullable=False),
        sa.Column("publication", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("since_at", sa.BigInteger, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", _TEXT, nullable=False),
        sa.Column("object", _TEXT, nullable=False),
        sa.Column("frozen_at", sa.BigInteger, nullable=False),
        sa.Column("event_id", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "monitor", "number", name="pk_monitor_references"),
    )
    op.create_table(
        "monitor_blocks",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("monitor", _TEXT, nullable=False),
        sa.Column("reference", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("start_at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column("local", _TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("excluded", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("late_rows", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("object", _TEXT, nullable=False),
        sa.Column("closed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "monitor", "reference", "start_at", name="pk_monitor_blocks"),
    )
    op.create_table(
        "monitor_verdicts",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("monitor", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("frozen", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("reference", _TEXT, nullable=False),
        sa.Column("window", _TEXT, nullable=False),
        sa.Column("to_at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("from_at", sa.BigInteger, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("verdict", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("tier", _TEXT, nullable=False),
        sa.Column("p", sa.Double, nullable=True),
        sa.Column("level", sa.Double, nullable=False),
        sa.Column("effects", _TEXT, nullable=False),
        sa.Column("alive", sa.Boolean, nullable=False),
        sa.Column("evidence", _TEXT, nullable=False),
        sa.Column("judged_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "project", "monitor", "kind", "frozen", "reference", "window", "to_at", name="pk_monitor_verdicts"
        ),
    )
    op.create_index(
        "ix_monitor_verdicts_project_monitor_judged_at", "monitor_verdicts", ["project", "monitor", "judged_at"]
    )
    op.create_table(
        "monitor_losses",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("monitor", _TEXT, nullable=False),
        sa.Column("reference", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("start_at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("end_at", sa.BigInteger, nullable=False),
        sa.Column("local", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("labelled", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("loss", sa.Double, nullable=True),
        sa.Column("mean", sa.Double, nullable=True),
        sa.Column("share", sa.Double, nullable=False),
        sa.Column("judged_at", sa.BigInteger, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "monitor", "reference", "start_at", name="pk_monitor_losses"),
    )
    op.create_table(
        "alerts",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("monitor", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("severity", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("evidence", _TEXT, nullable=False),
        sa.Column("picture", _TEXT, nullable=False),
        sa.Column("pending_at", sa.BigInteger, nullable=False),
        sa.Column("fired_at", sa.BigInteger, nullable=True),
        sa.Column("told_at", sa.BigInteger, nullable=True),
        sa.Column("repeats", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("resolved_at", sa.BigInteger, nullable=True),
        sa.Column("resolution", _TEXT, nullable=False),
        sa.Column("resolved_by", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_project_monitor_kind_state", "alerts", ["project", "monitor", "kind", "state"])
