"""Does the model keep its answer when its input is a little wrong? Perturbations and flip rates, without labels.

The operators make a slightly wrong table: ``noisy``, ``slipped``, ``with_missing``, ``with_new``; ``perturbed`` does it
for one column of a table. ``flip_rate`` compares the answers before and after and says whether few enough changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.robustness.flips import FlipRate, flip_rate, score_shift
    from regrove.stats.robustness.operators import noisy, robust_sd, slipped, with_missing, with_new
    from regrove.stats.robustness.plan import Perturbation, perturbed, usual_plan

_HOMES = {
    "FlipRate": "flips",
    "Perturbation": "plan",
    "flip_rate": "flips",
    "noisy": "operators",
    "perturbed": "plan",
    "robust_sd": "operators",
    "score_shift": "flips",
    "slipped": "operators",
    "usual_plan": "plan",
    "with_missing": "operators",
    "with_new": "operators",
}

__all__ = [
    "FlipRate",
    "Perturbation",
    "flip_rate",
    "noisy",
    "perturbed",
    "robust_sd",
    "score_shift",
    "slipped",
    "usual_plan",
    "with_missing",
    "with_new",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
