"""The ledger: events, their lineage edges, the head and the cursors of its readers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_POSITION = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "ledger_events",
        sa.Column("position", _POSITION, nullable=False, autoincrement=False),
        sa.Column("event_id", _TEXT, nullable=False),
        sa.Column("type", _TEXT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("actor", _TEXT, nullable=False),
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("cause", _TEXT, nullable=False),
        sa.Column("subject", _TEXT, nullable=False),
        sa.Column("payload_digest", _TEXT, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("header", sa.LargeBinary, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=True),
        sa.Column("erased_by", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_ledger_events"),
        sa.UniqueConstraint("event_id", name="uq_ledger_events_event_id"),
    )
    op.create_index("ix_ledger_events_type_position", "ledger_events", ["type", "position"])
    op.create_index("ix_ledger_events_subject_position", "ledger_events", ["subject", "position"])
    op.create_index("ix_ledger_events_project_position", "ledger_events", ["project", "position"])
    op.create_table(
        "ledger_edges",
        sa.Column("position", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("target", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("position", "number", name="pk_ledger_edges"),
    )
    op.create_index("ix_ledger_edges_source", "ledger_edges", ["source"])
    op.create_index("ix_ledger_edges_target", "ledger_edges", ["target"])
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_ledger_head_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_head"),
    )
    op.create_table(
        "ledger_cursors",
        sa.Column("project", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("moved_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_ledger_cursors"),
    )
