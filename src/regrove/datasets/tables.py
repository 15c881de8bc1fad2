"""The tables of datasets. Nobody outside this room reads or writes them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table, UniqueConstraint

from regrove.storage.metadata import digest, identifier, metadata, micros, number, project, text

__all__ = ["datasets", "sources", "validations", "versions"]

datasets: Final = Table(
    "datasets",
    metadata,
    project(),
    text("name"),
    number("latest"),
    micros("created_at"),
    PrimaryKeyConstraint("project", "name"),
)
"""One row a dataset: the ordinal of its newest version (0 before the first). Writers of a dataset lock this row."""

versions: Final = Table(
    "dataset_versions",
    metadata,
    project(),
    text("name"),
    number("ordinal"),
    digest("digest"),
    digest("manifest_digest"),
    digest("profile_digest"),
    number("rows"),
    text("key"),
    text("event_time"),
    identifier("event_id"),
    micros("registered_at"),
    PrimaryKeyConstraint("project", "name", "ordinal"),
    UniqueConstraint("project", "name", "digest"),
)
"""One immutable row a version. ``key`` is a JSON list of columns."""

validations: Final = Table(
    "dataset_validations",
    metadata,
    identifier("validation_id"),
    project(),
    text("name"),
    number("ordinal"),
    digest("declaration_digest"),
    digest("report_digest"),
    text("refused_digest"),
    number("refused"),
    identifier("event_id"),
    micros("validated_at"),
    PrimaryKeyConstraint("validation_id"),
    UniqueConstraint("project", "name", "ordinal", "report_digest"),
    Index(None, "project", "name", "ordinal", "validation_id"),
)
"""One row each time sources with the content of a version were validated with another outcome or declaration."""

sources: Final = Table(
    "dataset_sources",
    metadata,
    project(),
    text("name"),
    digest("fingerprint"),
    number("ordinal"),
    micros("seen_at"),
    PrimaryKeyConstraint("project", "name"),
)
"""The version that the sources last gave: unchanged files need not be read again. A cache that may be emptied."""
