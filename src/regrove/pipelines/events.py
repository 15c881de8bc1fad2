"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from regrove.ledger import Event

__all__ = ["OutputDigest", "ReusedStep", "StepBroken", "StepExecuted", "StepsReused"]


class OutputDigest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a step made, by digest."""

    output: str
    content: str
    object: str


class StepExecuted(Event, frozen=True, kw_only=True):
    """A step ran and its results are kept."""

    TYPE: ClassVar[str] = "step.executed"

    step: str
    key: str
    code: str
    """The digest of the closure of its function."""
    outputs: list[OutputDigest]
    attempts: int
    took_us: int


class ReusedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step whose kept result was verified and used again."""

    step: str
    key: str
    run: str
    """The run that made it."""


class StepsReused(Event, frozen=True, kw_only=True):
    """A run used results that earlier runs made."""

    TYPE: ClassVar[str] = "steps.reused"

    steps: list[ReusedStep]


class StepBroken(Event, frozen=True, kw_only=True):
    """A step gave no result, however often it was tried. What it said stays beside the run, not in the ledger."""

    TYPE: ClassVar[str] = "step.failed"

    step: str
    key: str
    attempts: int
