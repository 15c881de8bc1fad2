"""Do probabilities and intervals mean what they say? Calibration without bins, and conformal coverage.

``corp`` splits the Brier score into miscalibration, discrimination and uncertainty; ``squared_error`` is the debiased
binned calibration error; ``split_intervals`` and ``split_sets`` turn any model's predictions into intervals and sets
that cover; ``adapted`` keeps their coverage when the world moves; ``covered`` checks it by block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.calibration.adaptive import Adapted, adapted, next_alpha
    from regrove.stats.calibration.binned import CalibrationError, squared_error
    from regrove.stats.calibration.conformal import Conformal, conformal_margin, split_intervals, split_sets
    from regrove.stats.calibration.coverage import covered
    from regrove.stats.calibration.decomposition import Corp, corp, miscalibration_gate, recalibrated

_HOMES = {
    "Adapted": "adaptive",
    "CalibrationError": "binned",
    "Conformal": "conformal",
    "Corp": "decomposition",
    "adapted": "adaptive",
    "conformal_margin": "conformal",
    "corp": "decomposition",
    "covered": "coverage",
    "miscalibration_gate": "decomposition",
    "next_alpha": "adaptive",
    "recalibrated": "decomposition",
    "split_intervals": "conformal",
    "split_sets": "conformal",
    "squared_error": "binned",
}

__all__ = [
    "Adapted",
    "CalibrationError",
    "Conformal",
    "Corp",
    "adapted",
    "conformal_margin",
    "corp",
    "covered",
    "miscalibration_gate",
    "next_alpha",
    "recalibrated",
    "split_intervals",
    "split_sets",
    "squared_error",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
