"""Steps: what was kept of them, and what became of each in each run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "step_results",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("step", _TEXT, nullable=False),
        sa.Column("outputs", sa.LargeBinary, nullable=False),
        sa.Column("points", sa.LargeBinary, nullable=False),
        sa.Column("run_id", _TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "key", name="pk_step_results"),
    )
    op.create_table(
        "step_closures",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project", "digest", name="pk_step_closures"),
    )
    op.create_table(
        "pipeline_runs",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("run_id", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("request_digest", _TEXT, nullable=False),
        sa.Column("product_digest", _TEXT, nullable=False),
        sa.Column("model_ref", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "run_id", name="pk_pipeline_runs"),
    )
    op.create_index("ix_pipeline_runs_project_product_digest", "pipeline_runs", ["project", "product_digest"])
    op.create_table(
        "step_executions",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("run_id", _TEXT, nullable=False),
        sa.Column("step", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("status", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("closure_digest", _TEXT, nullable=False),
        sa.Column("recipe", sa.LargeBinary, nullable=False),
        sa.Column("outputs", sa.LargeBinary, nullable=False),
        sa.Column("reasons", sa.LargeBinary, nullable=False),
        sa.Column("made_by", _TEXT, nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("took_us", sa.BigInteger, nullable=False),
        sa.Column("printed", _TEXT, nullable=False),
        sa.Column("error", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "run_id", "step", name="pk_step_executions"),
    )
    op.create_index(
        "ix_step_executions_project_model_step",
        "step_executions",
        ["project", "model", "step", "status", "run_id"],
    )
    op.create_index("ix_step_executions_project_key", "step_executions", ["project", "key"])
