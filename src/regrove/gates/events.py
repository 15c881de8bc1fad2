"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = ["GateJudged"]


class GateJudged(Event, frozen=True, kw_only=True):
    """A gate said what it thinks of a candidate.

    Subject: the report; used: candidate, champion, the candidate's run and the declaration; generated: the object.
    """

    TYPE: ClassVar[str] = "gate.judged"

    gate: str
    """The id of the report."""
    model: str
    model_digest: str
    champion: str
    verdict: str
    reason: str
    object: str
