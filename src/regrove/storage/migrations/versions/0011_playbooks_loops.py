"""Playbooks, their loops with actions, and what webhooks are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "playbooks",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("declared", sa.Boolean, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("enrolled_at", sa.BigInteger, nullable=False),
        sa.Column("broken_at", sa.BigInteger, nullable=True),
        sa.Column("broken_reason", _TEXT, nullable=False),
        sa.Column("broken_by", _TEXT, nullable=False),
        sa.Column("resets", sa.BigInteger, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_playbooks"),
    )
    op.create_table(
        "loops",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("playbook", _TEXT, nullable=False),
        sa.Column("trigger", _TEXT, nullable=False),
        sa.Column("event_id", _TEXT, nullable=False),
        sa.Column("cause", _TEXT, nullable=False),
        sa.Column("because", _TEXT, nullable=False),
        sa.Column("config", _TEXT, nullable=False),
        sa.Column("declared", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("resets", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
        sa.Column("started_wall_at", sa.BigInteger, nullable=False),
        sa.Column("ended_wall_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("project", "id", name="pk_loops"),
    )
    op.create_index("ix_loops_project_playbook_started_at", "loops", ["project", "playbook", "started_at"])
    op.create_index("ix_loops_project_state", "loops", ["project", "state"])
    op.create_table(
        "loop_actions",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("loop", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("failures", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("cut_off", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("refs", _TEXT, nullable=False),
        sa.Column("verdict", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("retry_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=True),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
        sa.Column("started_wall_at", sa.BigInteger, nullable=True),
        sa.Column("ended_wall_at", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("project", "loop", "number", name="pk_loop_actions"),
    )
    op.create_table(
        "loop_notices",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("loop", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("webhook", _TEXT, nullable=False),
        sa.Column("body", _TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("retry_at", sa.BigInteger, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "loop", "number", name="pk_loop_notices"),
    )
    op.create_index("ix_loop_notices_project_state", "loop_notices", ["project", "state"])
