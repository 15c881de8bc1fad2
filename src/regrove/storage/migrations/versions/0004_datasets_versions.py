"""Datasets: their versions, the validations of those, and what the sources last gave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "datasets",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_datasets"),
    )
    op.create_table(
        "dataset_versions",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("manifest_digest", _TEXT, nullable=False),
        sa.Column("profile_digest", _TEXT, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("event_time", _TEXT, nullable=False),
        sa.Column("event_id", _TEXT, nullable=False),
        sa.Column("registered_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "ordinal", name="pk_dataset_versions"),
        sa.UniqueConstraint("project", "name", "digest", name="uq_dataset_versions_project_name_digest"),
    )
    op.create_table(
        "dataset_validations",
        sa.Column("validation_id", _TEXT, nullable=False),
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("declaration_digest", _TEXT, nullable=False),
        sa.Column("report_digest", _TEXT, nullable=False),
        sa.Column("refused_digest", _TEXT, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("event_id", _TEXT, nullable=False),
        sa.Column("validated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("validation_id", name="pk_dataset_validations"),
        sa.UniqueConstraint(
            "project",
            "name",
            "ordinal",
            "report_digest",
            name="uq_dataset_validations_project_name_ordinal_report_digest",
        ),
    )
    op.create_index(
        "ix_dataset_validations_project_name_ordinal_validation_id",
        "dataset_validations",
        ["project", "name", "ordinal", "validation_id"],
    )
    op.create_table(
        "dataset_sources",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("fingerprint", _TEXT, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_dataset_sources"),
    )
