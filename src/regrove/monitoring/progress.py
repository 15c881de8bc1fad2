"""How far a monitor has come, and what its alert rules remember."""

from __future__ import annotations

import msgspec

from regrove.monitoring.alert import AlertKind, Memory

__all__ = ["Progress", "Rules", "StoredBlock"]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules remember between two blocks; all of it begins anew with another model."""

    drift: Memory = Memory()
    performance: Memory = Memory()
    schedule: Memory = Memory()
    restart: bool = False
    """Whether the detectors of the loss begin anew at the next mature block."""
    period: int = 0
    """The number of the last period of the schedule that was told of."""

    def of(self, kind: AlertKind) -> Memory:
        """The memory of one kind."""
        memory: Memory = getattr(self, kind)
        return memory

    def having(self, kind: AlertKind, memory: Memory) -> Rules:
        """A copy that remembers this of one kind."""
        return msgspec.structs.replace(self, **{kind: memory})


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor that was ticked."""

    project: str
    name: str
    deployment: str
    began_at: int
    """The start of the first block that it watched."""
    closed_until: int
    """The end of the last block that is dealt with."""
    publication: int
    """The generation with which the last control that it knows of began."""
    rules: Rules


class StoredBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block as it was counted on the cells of one reference."""

    project: str
    monitor: str
    reference: int
    start_at: int
    end_at: int
    local: str
    rows: int
    """Of the control."""
    excluded: int
    """Of other revisions, and of testers."""
    late_rows: int
    """Rows of the control that came after it was closed, and that no verdict has seen."""
    object: str
    """Digest of the summaries; empty without rows."""
    closed_at: int
