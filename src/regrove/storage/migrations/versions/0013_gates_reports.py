"""What gates said of candidates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "gate_reports",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("model", _TEXT, nullable=False),
        sa.Column("model_digest", _TEXT, nullable=False),
        sa.Column("champion", _TEXT, nullable=False),
        sa.Column("champion_digest", _TEXT, nullable=False),
        sa.Column("verdict", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("holdout", _TEXT, nullable=False),
        sa.Column("basis", _TEXT, nullable=False),
        sa.Column("object", _TEXT, nullable=False),
        sa.Column("judged_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "id", name="pk_gate_reports"),
        sa.UniqueConstraint("project", "basis", name="uq_gate_reports_project_basis"),
    )
    op.create_index("ix_gate_reports_project_name_holdout", "gate_reports", ["project", "name", "holdout"])
