"""What is known of playbooks and their loops."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from regrove.playbooks.config import PlaybookConfig

__all__ = ["ActionRecord", "ActionState", "DryRun", "LoopRecord", "LoopState", "Notice", "Playbook", "Standing"]

LoopState = Literal["running", "finished", "failed", "stopped", "skipped"]
"""``skipped``: a limit kept it from beginning, and the reason says which."""

ActionState = Literal["pending", "running", "waiting", "done", "failed", "stopped", "not reached"]
"""``waiting``: for another try, for something that others hold, or for a rollout that goes on."""


class ActionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One action of a loop. Times ending in ``_wall_at`` are the machine's, the others domain time."""

    number: int
    action: str
    state: ActionState = "pending"
    attempts: int = 0
    """How often it was begun."""
    failures: int = 0
    cut_off: int = 0
    """How often the process ended while it was being done."""
    refs: tuple[str, ...] = ()
    """What was made, or looked at: run and model, gate report, rollout."""
    verdict: str = ""
    reason: str = ""
    retry_at: int = 0
    """Wall time before which it is not tried again; 0 when it is not waiting for another try."""
    started_at: int | None = None
    ended_at: int | None = None
    started_wall_at: int | None = None
    ended_wall_at: int | None = None

    def ref(self, kind: str) -> str:
        """The ref of this kind, or an empty text."""
        return next((each for each in self.refs if each.startswith(f"{kind}:")), "")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a webhook."""

    loop: str
    number: int
    state: Literal["waiting", "delivered", "failed"]
    webhook: str
    body: dict[str, Any]
    attempts: int = 0
    retry_at: int = 0
    reason: str = ""


class LoopRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One loop from its trigger to its outcome."""

    id: str
    project: str
    playbook: str
    trigger: str
    """The type of the event, or ``schedule`` or ``manual``."""
    event_id: str
    """The event that began it; empty for a schedule and by hand."""
    cause: str
    """The id of the event that everything it does is because of."""
    because: str
    """A sentence: what had happened."""
    config: PlaybookConfig
    """The playbook as it was declared when the loop began; it is not changed under way."""
    declared: str
    model: str
    deployment: str
    state: LoopState
    outcome: str = ""
    reason: str = ""
    resets: int = 0
    """How often the playbook had been reset when it began."""
    started_at: int
    ended_at: int | None = None
    started_wall_at: int
    ended_wall_at: int | None = None
    actions: tuple[ActionRecord, ...] = ()
    notices: tuple[Notice, ...] = ()

    @property
    def ref(self) -> str:
        """Such as ``loop:<id>``."""
        return f"loop:{self.id}"

    @property
    def present(self) -> ActionRecord | None:
        """The action that is to be done or being done; None when none is left."""
        return next((each for each in self.actions if each.state in ("pending", "running", "waiting")), None)

    @property
    def candidate(self) -> str:
        """The version that it made, or an empty text."""
        return next((each.ref("model") for each in self.actions if each.action == "retrain"), "")

    def done(self, action: str) -> ActionRecord | None:
        """The record of an action that was done."""
        return next((each for each in self.actions if each.action == action and each.state == "done"), None)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a playbook beside its declaration."""

    name: str
    declared: bool
    since: int
    """The ledger position after which it listens."""
    enrolled_at: int
    """Domain time at which it was first seen to be declared; a schedule counts from here before its first start."""
    broken_at: int | None = None
    broken_reason: str = ""
    broken_by: str = ""
    """The loop that broke it."""
    resets: int = 0


class Playbook(msgspec.Struct, frozen=True, kw_only=True):
    """A declared playbook as it stands."""

    name: str
    config: PlaybookConfig
    state: Literal["ready", "going", "broken"]
    reason: str
    """A sentence: what it waits for, what goes on, or why it is broken."""
    started: int
    """How many loops it has begun."""
    skipped: int
    last: str
    """The ref of the loop that began last, or an empty text."""
    left: int | None
    """How many loops the budget would let begin now; None without a budget."""


class DryRun(msgspec.Struct, frozen=True):
    """What a playbook would do, with nothing done."""

    playbook: str
    event_id: str
    matches: bool
    refused: str
    """The sentence of the limit that would skip it, or an empty text."""
    said: tuple[str, ...]
    """What would happen, a sentence each."""
