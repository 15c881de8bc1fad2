"""The tables of this room."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from regrove.storage.metadata import metadata, micros, number, project, text

__all__ = ["troubles"]

troubles: Final = sa.Table(
    "worker_troubles",
    metadata,
    project(primary_key=True),
    text("part", primary_key=True),
    text("error"),
    number("failures"),
    micros("since_at"),
    micros("again_at"),
)
"""One row for each part of the work that fails at present; it goes when the part is done again."""
