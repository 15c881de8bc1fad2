"""Why an alias stands where it does."""

from __future__ import annotations

import msgspec

__all__ = ["AliasMove", "Decision"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded decision to let an alias stand at a version."""

    id: str
    project: str
    name: str
    """The model."""
    alias: str
    source: int | None
    """The ordinal that the alias stood at before; None for a new alias."""
    target: int
    """The ordinal that it stands at now."""
    digest: str
    """Digest of the target version."""
    reason: str
    evidence: tuple[str, ...]
    """Digests and refs that were cited."""
    declaration: str
    """The applied declaration in force, such as ``project:flights@3``; empty when none was cited."""
    actor: str
    decided_at: int
    recorded: bool = True
    """False when the alias stood there already: this is the decision in force, and nothing new was recorded."""

    @property
    def ref(self) -> str:
        """Such as ``decision:<id>``."""
        return f"decision:{self.id}"

    @property
    def model(self) -> str:
        """The version that was decided for, such as ``model:late-arrival@2``."""
        return f"model:{self.name}@{self.target}"


class AliasMove(msgspec.Struct, frozen=True, kw_only=True):
    """One step in the history of an alias."""

    alias: str
    number: int
    """1 for the first move of this alias."""
    source: int | None
    target: int
    decision: str
    """The ref of the decision."""
    moved_at: int
