"""The facts that datasets record."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger.event import Event

__all__ = ["DatasetRegistered", "DatasetRestored", "DatasetValidated"]


class DatasetRegistered(Event, frozen=True, kw_only=True):
    """A version with new content came to be."""

    TYPE: ClassVar[str] = "dataset.registered"

    name: str
    ordinal: int
    digest: str
    manifest_digest: str
    profile_digest: str
    declaration_digest: str
    report_digest: str
    refused_digest: str
    rows: int
    refused: int
    files: int


class DatasetRestored(Event, frozen=True, kw_only=True):
    """Objects of a known version were lost, and its content was read again: it has others in their place."""

    TYPE: ClassVar[str] = "dataset.restored"

    name: str
    ordinal: int
    digest: str
    manifest_digest: str
    profile_digest: str


class DatasetValidated(Event, frozen=True, kw_only=True):
    """Sources with the content of a known version were validated again, with another declaration or outcome."""

    TYPE: ClassVar[str] = "dataset.validated"

    name: str
    ordinal: int
    digest: str
    declaration_digest: str
    report_digest: str
    refused_digest: str
    rows: int
    refused: int
    files: int
