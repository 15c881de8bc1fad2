"""Deployments, their generations, and the compacted prediction log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "deployments",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_deployments"),
    )
    op.create_table(
        "deployment_generations",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("model_digest", _TEXT, nullable=False),
        sa.Column("config", _TEXT, nullable=False),
        sa.Column("declared", _TEXT, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("event_id", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "deployment", "number", name="pk_deployment_generations"),
    )
    op.create_table(
        "prediction_segments",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("segment", _TEXT, nullable=False),
        sa.Column("compaction", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "deployment", "segment", name="pk_prediction_segments"),
    )
    op.create_table(
        "prediction_objects",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("compaction", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("target", _TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("first_id", _TEXT, nullable=False),
        sa.Column("last_id", _TEXT, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "deployment", "compaction", "number", name="pk_prediction_objects"),
    )
    op.create_index(
        "ix_prediction_objects_project_first_id_last_id", "prediction_objects", ["project", "first_id", "last_id"]
    )
