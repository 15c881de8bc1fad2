"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = ["ProjectApplied"]


class ProjectApplied(Event, frozen=True, kw_only=True):
    """A declaration with the source that it names became what workers and servers act on."""

    TYPE: ClassVar[str] = "project.applied"

    ordinal: int
    digest: str
    """Digest of declaration and source together."""
    declaration_digest: str
    source_digest: str
    git_commit: str
    """The commit that the work tree stood on, or an empty string outside git."""
    git_dirty: bool
