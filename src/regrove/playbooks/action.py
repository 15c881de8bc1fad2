"""What playbooks ask of the rooms below, as they need it; the composition root answers it.

Every call is made by the actor ``playbook:<name>`` because of the loop's cause, and **is idempotent under these two**:
a worker that was killed calls again with the same arguments, and what was done the first time is returned, not done
twice. A call raises Conflict when it cannot be made now and may be later (someone else holds it), and anything else
when it has failed.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec

__all__ = ["Actions", "Judged", "Retrained", "Returned", "Rolled"]


class Retrained(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a retraining."""

    run: str = ""
    """The run that was made (``run:<id>``); empty when none was."""
    model: str = ""
    """The new version (``model:late-arrival@4``); empty when there was nothing new to learn from."""
    reason: str
    """A sentence: what it learned from, or why it learned nothing."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate said of a candidate."""

    ref: str
    """The report (``gate:<id>``)."""
    verdict: Literal["PROMOTE", "REJECT", "HOLD"]
    reason: str


class Rolled(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rollout stands."""

    ref: str
    """The rollout (``rollout:<id>``)."""
    state: Literal["going", "completed", "aborted", "held"]
    reason: str


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a rollback left."""

    ref: str
    """What answers now (``model:late-arrival@3``)."""
    reason: str


class Actions(Protocol):
    """What a loop does, as the rooms below do it; see the module for what every call promises."""

    def retrain(self, model: str, *, cause: str) -> Retrained:
        """Train ``model`` on what is known now; nothing is trained on the data of the last time."""
        ...

    def gate(self, candidate: str, *, cause: str) -> Judged:
        """Judge a version against the champion."""
        ...

    def rollout(self, deployment: str, *, candidate: str, gate: str, cause: str) -> Rolled:
        """Begin to let a version that the gate has passed answer in ``deployment``."""
        ...

    def rollout_state(self, ref: str) -> Rolled:
        """Where a rollout stands now."""
        ...

    def rollback(self, deployment: str, *, reason: str, cause: str) -> Returned:
        """Let what answered before answer again: end the rollout that goes on, or bring back the champion before."""
        ...

    def notify(self, webhook: str, body: dict[str, Any], *, key: str) -> None:
        """Post ``body`` to the webhook (a URL, ``env:NAME`` or ``file:PATH``); a repetition has the same ``key``."""
        ...
