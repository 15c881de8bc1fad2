"""What fails at present in the work of a project's worker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "worker_troubles",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("part", _TEXT, nullable=False),
        sa.Column("error", _TEXT, nullable=False),
        sa.Column("failures", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("since_at", sa.BigInteger, nullable=False),
        sa.Column("again_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "part", name="pk_worker_troubles"),
    )
