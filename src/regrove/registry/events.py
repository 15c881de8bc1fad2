"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = ["AliasMoved", "DecisionRecorded", "ModelRegistered"]


class ModelRegistered(Event, frozen=True, kw_only=True):
    """A model version exists. Subject: the version; used: the run and the datasets that made it."""

    TYPE: ClassVar[str] = "model.registered"

    model: str
    ordinal: int
    digest: str
    format: str
    model_digest: str
    code_digest: str


class DecisionRecorded(Event, frozen=True, kw_only=True):
    """Somebody decided that a version shall stand behind an alias. Subject: the decision; used: version, evidence.

    The reason stands in the object ``digest``, not here: it is free text and may have to be erased.
    """

    TYPE: ClassVar[str] = "decision.recorded"

    decision: str
    verdict: str
    model: str
    alias: str
    digest: str
    model_digest: str
    declaration: str


class AliasMoved(Event, frozen=True, kw_only=True):
    """An alias stands elsewhere. Subject: the alias; used: the version and the decision."""

    TYPE: ClassVar[str] = "alias.moved"

    model: str
    alias: str
    number: int
    source: int | None
    target: int
    decision: str
