"""The facts that datasets record."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger.event import Event

__all__ = ["DatasetRegistered", "DatasetValidated"]


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
