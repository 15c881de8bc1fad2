"""When to train again, is it worth its cost, and on how much of the past?

``staleness`` estimates what a day of age costs a model, ``retraining_period`` turns it into the period that costs
least, ``retraining_gain`` weighs one retraining now against its costs, and ``choose_window`` picks the stretch of
training data by back-test. All four answer with intervals, and say so when the data do not decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.policy.economics import Costs, Retrain, RetrainingGain, retraining_gain
    from regrove.stats.policy.period import Period, daily_cost, retraining_period
    from regrove.stats.policy.stale import Staleness, staleness
    from regrove.stats.policy.windows import Window, WindowChoice, choose_window

_HOMES = {
    "Costs": "economics",
    "Period": "period",
    "Retrain": "economics",
    "RetrainingGain": "economics",
    "Staleness": "stale",
    "Window": "windows",
    "WindowChoice": "windows",
    "choose_window": "windows",
    "daily_cost": "period",
    "retraining_gain": "economics",
    "retraining_period": "period",
    "staleness": "stale",
}

__all__ = [
    "Costs",
    "Period",
    "Retrain",
    "RetrainingGain",
    "Staleness",
    "Window",
    "WindowChoice",
    "choose_window",
    "daily_cost",
    "retraining_gain",
    "retraining_period",
    "staleness",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
