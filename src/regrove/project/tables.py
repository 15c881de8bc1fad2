"""The tables of this room."""

from __future__ import annotations

import sqlalchemy as sa

from regrove.storage.metadata import metadata

__all__ = ["revisions"]

revisions = sa.Table(
    "project_revisions",
    metadata,
    sa.Column("project", sa.Text, primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("declaration_digest", sa.Text, nullable=False),
    sa.Column("source_digest", sa.Text, nullable=False),
    sa.Column("git_commit", sa.Text, nullable=False),
    sa.Column("git_dirty", sa.Boolean, nullable=False),
    sa.Column("applied_at", sa.BigInteger, nullable=False),
)
"""One row each time that another declaration was applied; the highest ordinal is in force."""
