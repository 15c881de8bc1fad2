"""What is asked of a run."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["RunRequest"]


class RunRequest(msgspec.Struct, frozen=True):
    """One run, as it is asked for: the model, and what stands before its declaration this once."""

    model: str
    params: dict[str, Any] = {}
    """These stand before the declared ones."""
    from_step: str = ""
    """This step, and all after it, is run again."""
    only: str = ""
    """No more than this step and what it needs is made."""
