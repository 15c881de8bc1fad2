"""What one tick did, and what it met."""

from __future__ import annotations

import msgspec

__all__ = ["Tick", "Trouble"]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the work that failed; the others went on, and it is tried again after a pause."""

    part: str
    """Such as ``monitor late-arrival``."""
    error: str
    failures: int
    """How often in a row it has failed."""
    since_at: int
    """Wall time of the first of these failures, in microseconds."""
    again_at: int
    """Wall time of the next try, in microseconds."""


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """What one tick did. ``at`` is the domain time that it was made for."""

    at: int
    done: tuple[str, ...] = ()
    """A sentence for each thing that changed."""
    troubles: tuple[Trouble, ...] = ()
    """What failed in it, or pauses after an earlier failure."""
