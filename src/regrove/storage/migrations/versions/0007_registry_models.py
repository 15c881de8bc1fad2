"""Models: versions, aliases, their moves, and the decisions that move them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "registry_models",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("registered_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_registry_models"),
    )
    op.create_table(
        "registry_versions",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("manifest", sa.LargeBinary, nullable=False),
        sa.Column("run", _TEXT, nullable=False),
        sa.Column("metrics", _TEXT, nullable=False),
        sa.Column("registered_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "ordinal", name="pk_registry_versions"),
        sa.UniqueConstraint("project", "name", "digest", name="uq_registry_versions_project_name_digest"),
    )
    op.create_table(
        "registry_aliases",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("alias", _TEXT, nullable=False),
        sa.Column("ordinal", sa.BigInteger, nullable=False),
        sa.Column("moves", sa.BigInteger, nullable=False),
        sa.Column("decision", _TEXT, nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "alias", name="pk_registry_aliases"),
    )
    op.create_table(
        "registry_alias_moves",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("alias", _TEXT, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("source", sa.BigInteger, nullable=True),
        sa.Column("target", sa.BigInteger, nullable=False),
        sa.Column("decision", _TEXT, nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "alias", "number", name="pk_registry_alias_moves"),
    )
    op.create_index(
        "ix_registry_alias_moves_project_name_alias_moved_at",
        "registry_alias_moves",
        ["project", "name", "alias", "moved_at"],
    )
    op.create_table(
        "registry_decisions",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("alias", _TEXT, nullable=False),
        sa.Column("source", sa.BigInteger, nullable=True),
        sa.Column("target", sa.BigInteger, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("evidence", _TEXT, nullable=False),
        sa.Column("declaration", _TEXT, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("object", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_registry_decisions"),
    )
    op.create_index(
        "ix_registry_decisions_project_name_decided_at", "registry_decisions", ["project", "name", "decided_at"]
    )
