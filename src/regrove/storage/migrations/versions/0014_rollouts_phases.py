"""Rollouts and their phases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rollouts",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("going", _TEXT, nullable=True),
        sa.Column("candidate", _TEXT, nullable=False),
        sa.Column("candidate_digest", _TEXT, nullable=False),
        sa.Column("control", _TEXT, nullable=False),
        sa.Column("control_digest", _TEXT, nullable=False),
        sa.Column("alias", _TEXT, nullable=False),
        sa.Column("gate", _TEXT, nullable=False),
        sa.Column("approved_by", _TEXT, nullable=False),
        sa.Column("approval", _TEXT, nullable=False),
        sa.Column("approved", sa.Boolean, nullable=False),
        sa.Column("policy", _TEXT, nullable=False),
        sa.Column("declaration", _TEXT, nullable=False),
        sa.Column("edges", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("phase", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("step", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("peaks", _TEXT, nullable=False),
        sa.Column("cause", _TEXT, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("event_id", _TEXT, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
        sa.Column("decision", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "id", name="pk_rollouts"),
        sa.UniqueConstraint("project", "going", name="uq_rollouts_project_going"),
    )
    op.create_index("ix_rollouts_project_deployment_started_at", "rollouts", ["project", "deployment", "started_at"])
    op.create_table(
        "rollout_phases",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("rollout", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("share", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("since_at", sa.BigInteger, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("began_at", sa.BigInteger, nullable=True),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
        sa.Column("requests", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("evidence", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "rollout", "number", name="pk_rollout_phases"),
    )
