"""Runs: what was executed, on what, with what outcome."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _of_run() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("project", _TEXT, nullable=False), sa.Column("run_id", _TEXT, nullable=False)


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("cause", _TEXT, nullable=False),
        sa.Column("declaration_ref", _TEXT, nullable=False),
        sa.Column("declaration_digest", _TEXT, nullable=False),
        sa.Column("environment_digest", _TEXT, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
        sa.Column("resumed", sa.BigInteger, nullable=False),
        sa.Column("error", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "id", name="pk_runs"),
    )
    op.create_index("ix_runs_project_name_id", "runs", ["project", "name", "id"])
    op.create_table(
        "run_params",
        *_of_run(),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project", "run_id", "key", name="pk_run_params"),
    )
    op.create_table(
        "run_metrics",
        *_of_run(),
        sa.Column("position", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("step", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("value", sa.Double, nullable=True),
        sa.PrimaryKeyConstraint("project", "run_id", "position", name="pk_run_metrics"),
    )
    op.create_index("ix_run_metrics_project_run_id_key", "run_metrics", ["project", "run_id", "key"])
    op.create_table(
        "run_inputs",
        *_of_run(),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("ref", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "run_id", "name", name="pk_run_inputs"),
    )
    op.create_table(
        "run_artifacts",
        *_of_run(),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("ref", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "run_id", "name", name="pk_run_artifacts"),
    )
    op.create_index("ix_run_artifacts_project_ref", "run_artifacts", ["project", "ref"])
