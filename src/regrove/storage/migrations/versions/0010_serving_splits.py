"""Splits: generations in which candidates answer a share of the callers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "deployment_splits",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("deployment", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("salt", _TEXT, nullable=False),
        sa.Column("edges", _TEXT, nullable=False),
        sa.Column("arms", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("project", "deployment", "number", name="pk_deployment_splits"),
    )
