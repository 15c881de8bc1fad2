"""Setting the global random generators."""

from __future__ import annotations

import random

__all__ = ["sow"]


def sow(seed: int) -> None:
    """Set the seeds of both global generators, so that a step that uses them gives the same values each time."""
    random.seed(seed)
    import numpy as np

    np.random.seed(seed)  # noqa: NPY002  # libraries still draw from the legacy generator when none is given
