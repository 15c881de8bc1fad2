"""The tables of this room."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from regrove.storage.metadata import content, digest, identifier, metadata, micros, text

__all__ = ["cursors", "edges", "events", "head"]

_POSITION: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""An INTEGER PRIMARY KEY of SQLite is the row's own place in the file, so that a page by position is one read."""

events: Final = sa.Table(
    "ledger_events",
    metadata,
    sa.Column("position", _POSITION, primary_key=True, autoincrement=False),
    identifier("event_id"),
    text("type"),
    sa.Column("version", sa.Integer, nullable=False),
    micros("occurred_at"),
    micros("recorded_at"),
    text("actor"),
    text("project"),
    text("cause"),
    text("subject"),
    digest("payload_digest"),
    digest("hash"),
    content("header"),
    content("payload", nullable=True),
    sa.Column("erased_by", sa.BigInteger, nullable=True),
    sa.UniqueConstraint("event_id"),
    sa.Index(None, "type", "position"),
    sa.Index(None, "subject", "position"),
    sa.Index(None, "project", "position"),
)
"""One row an event. ``header`` and ``payload`` are the truth; the other columns repeat the header for searching."""

edges: Final = sa.Table(
    "ledger_edges",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    text("source"),
    text("target"),
    text("kind"),
    sa.Index(None, "source"),
    sa.Index(None, "target"),
)
"""What each event says that its subject used and generated, in the direction in which the data flows."""

head: Final = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    digest("hash"),
)
"""The last position and its hash; its one row is the lock under which events are appended."""

cursors: Final = sa.Table(
    "ledger_cursors",
    metadata,
    text("project", primary_key=True),
    text("name", primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    micros("moved_at"),
)
"""How far each reader has come; an empty project reads the whole workspace."""
