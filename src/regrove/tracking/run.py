"""What is known of a run."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from regrove.tracking.environment import Environment

__all__ = ["Artifact", "Input", "Run", "RunDetails", "Status"]

Status = Literal["running", "finished", "failed", "interrupted"]
"""``interrupted`` runs, and running ones whose process died, are continued under their id."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One execution."""

    id: str
    project: str
    name: str
    """What was executed: for a pipeline, the model that it makes."""
    kind: str
    status: Status
    actor: str
    cause: str
    """The event or person that started it; empty when the actor did."""
    declaration_ref: str
    declaration_digest: str
    environment_digest: str
    started_at: int
    ended_at: int | None = None
    resumed: int = 0
    """How often it was continued after an interruption."""
    error: str = ""
    """What ended it, when it failed."""

    @property
    def ref(self) -> str:
        """The run as a ref."""
        return f"run:{self.id}"


class Input(msgspec.Struct, frozen=True):
    """Something that a run used: the name under which it asked for it, and what it got."""

    name: str
    ref: str
    digest: str


class Artifact(msgspec.Struct, frozen=True):
    """Something that a run made; ``ref`` names it when it has a name of its own (``model:late-arrival@1``)."""

    name: str
    digest: str
    kind: str
    ref: str = ""


class RunDetails(msgspec.Struct, frozen=True):
    """A run with all that hangs on it; of each metric the last value (NaN and infinities as floats)."""

    run: Run
    params: dict[str, Any]
    metrics: dict[str, float]
    inputs: list[Input]
    artifacts: list[Artifact]
    environment: Environment | None
