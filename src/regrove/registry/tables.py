"""The tables of this room."""

from __future__ import annotations

import sqlalchemy as sa

from regrove.storage.metadata import content, digest, identifier, metadata, micros, number, project, text

__all__ = ["aliases", "decisions", "models", "moves", "versions"]

models = sa.Table(
    "registry_models",
    metadata,
    project(primary_key=True),
    text("name", primary_key=True),
    number("latest"),
    micros("registered_at"),
)
"""One row a model; ``latest`` is the highest ordinal, and the row is the lock under which versions and aliases move."""

versions = sa.Table(
    "registry_versions",
    metadata,
    project(primary_key=True),
    text("name", primary_key=True),
    number("ordinal", primary_key=True),
    digest("digest"),
    content("manifest"),
    text("run"),
    text("metrics"),
    micros("registered_at"),
    sa.UniqueConstraint("project", "name", "digest"),
)
"""One row a version; ``manifest`` holds the exact bytes that ``digest`` names, as the vault does."""

aliases = sa.Table(
    "registry_aliases",
    metadata,
    project(primary_key=True),
    text("name", primary_key=True),
    text("alias", primary_key=True),
    number("ordinal"),
    number("moves"),
    identifier("decision"),
    micros("moved_at"),
)
"""Where each alias stands now."""

moves = sa.Table(
    "registry_alias_moves",
    metadata,
    project(primary_key=True),
    text("name", primary_key=True),
    text("alias", primary_key=True),
    number("number", primary_key=True),
    number("source", nullable=True),
    number("target"),
    identifier("decision"),
    micros("moved_at"),
    sa.Index(None, "project", "name", "alias", "moved_at"),
)
"""Where each alias has stood, gapless from 1; what was live at a time is the last move before it."""

decisions = sa.Table(
    "registry_decisions",
    metadata,
    identifier("id", primary_key=True),
    project(),
    text("name"),
    text("alias"),
    number("source", nullable=True),
    number("target"),
    digest("digest"),
    text("reason"),
    text("evidence"),
    text("declaration"),
    text("actor"),
    micros("decided_at"),
    digest("object"),
    sa.Index(None, "project", "name", "decided_at"),
)
"""Why aliases moved; ``object`` is the decision as an object of the vault."""
