"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

from regrove.ledger import Event

__all__ = [
    "LoopAdvanced",
    "LoopFinished",
    "LoopNotified",
    "LoopSkipped",
    "LoopStarted",
    "LoopStumbled",
    "PlaybookBroken",
    "PlaybookReset",
]


class LoopStarted(Event, frozen=True, kw_only=True):
    """A playbook's trigger was met, and its loop began."""

    TYPE: ClassVar[str] = "loop.started"

    loop: str
    playbook: str
    trigger: str
    """The type of the event, or ``schedule`` or ``manual``."""
    event: str
    """The id of the event that began it; empty for a schedule and by hand."""
    model: str
    deployment: str
    actions: list[str]
    declared: str
    """The declaration that it acts on."""


class LoopAdvanced(Event, frozen=True, kw_only=True):
    """An action of a loop was done."""

    TYPE: ClassVar[str] = "loop.advanced"

    loop: str
    playbook: str
    action: str
    number: int
    verdict: str
    refs: list[str]
    attempts: int


class LoopStumbled(Event, frozen=True, kw_only=True):
    """An attempt at an action failed; the text of the error stands in the loop's record, which is no evidence."""

    TYPE: ClassVar[str] = "loop.stumbled"

    loop: str
    playbook: str
    action: str
    number: int
    failures: int
    error: str
    """The code of the error, such as ``step-failed``."""


class LoopFinished(Event, frozen=True, kw_only=True):
    """A loop came to its end."""

    TYPE: ClassVar[str] = "loop.finished"

    loop: str
    playbook: str
    model: str
    deployment: str
    state: str
    """``finished``, ``failed`` or ``stopped``."""
    outcome: str
    """``promoted``, ``rejected``, ``held``, ``aborted``, ``nothing new``, ``failed`` and so on."""


class LoopSkipped(Event, frozen=True, kw_only=True):
    """A playbook's trigger was met, and a limit kept it from beginning."""

    TYPE: ClassVar[str] = "loop.skipped"

    loop: str
    playbook: str
    trigger: str
    event: str
    limit: str
    """``cooldown``, ``budget``, ``concurrent``, ``breaker``, ``target`` or ``condition``."""
    reason: str


class LoopNotified(Event, frozen=True, kw_only=True):
    """A webhook was told of a loop, or could not be told."""

    TYPE: ClassVar[str] = "loop.notified"

    loop: str
    playbook: str
    number: int
    delivered: bool
    attempts: int


class PlaybookBroken(Event, frozen=True, kw_only=True):
    """A playbook failed, or was refused, too often; it begins nothing until somebody resets it."""

    TYPE: ClassVar[str] = "playbook.broken"

    playbook: str
    loop: str
    because: str
    """``failures`` or ``rejections``."""
    count: int


class PlaybookReset(Event, frozen=True, kw_only=True):
    """Somebody let a broken playbook begin again."""

    TYPE: ClassVar[str] = "playbook.reset"

    playbook: str
    reason: str
