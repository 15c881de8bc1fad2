"""The facts that the worker itself records; what it does for others is recorded by their rooms."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = ["WorkerRecovered", "WorkerStumbled"]


class WorkerStumbled(Event, frozen=True, kw_only=True):
    """A part of the work failed that had not failed before; the others went on. What it said is kept beside."""

    TYPE: ClassVar[str] = "worker.stumbled"

    part: str
    error: str
    """The code of the error, such as ``corrupt``."""


class WorkerRecovered(Event, frozen=True, kw_only=True):
    """A part of the work that had failed was done."""

    TYPE: ClassVar[str] = "worker.recovered"

    part: str
    failures: int
    """How often in a row it had failed."""
