"""Is the challenger better than the champion? Paired resampling of whole blocks, and the decision to promote.

``paired_bootstrap`` compares models on the same rows, ``Paired.gain`` gives the gain with its interval, ``judge`` turns
it and its guards into PROMOTE, REJECT or HOLD. ``step_down`` corrects for several challengers, ``seed_spread`` asks
whether it was the seed. ``delong`` and ``mcnemar`` are cross-checks for independent rows, ``resampled_t`` is for
cross-validation, and ``needed_units`` says how long to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.comparison.areas import DeLong, delong
    from regrove.stats.comparison.discordance import McNemar, mcnemar
    from regrove.stats.comparison.folds import ResampledT, resampled_t
    from regrove.stats.comparison.holdout import HoldoutUse, holdout_use
    from regrove.stats.comparison.metrics import Metric, measure, row_losses
    from regrove.stats.comparison.paired import Gain, Paired, paired_bootstrap, paired_losses
    from regrove.stats.comparison.percentiles import bca, bootstrap_p
    from regrove.stats.comparison.promotion import Guard, Promotion, judge, margin_for
    from regrove.stats.comparison.ranking import Ranking
    from regrove.stats.comparison.resampling import block_weights
    from regrove.stats.comparison.seeds import SeedSpread, seed_spread
    from regrove.stats.comparison.several import Contender, step_down
    from regrove.stats.comparison.sizes import needed_rows, needed_units, power

_HOMES = {
    "Contender": "several",
    "DeLong": "areas",
    "Gain": "paired",
    "Guard": "promotion",
    "HoldoutUse": "holdout",
    "McNemar": "discordance",
    "Metric": "metrics",
    "Paired": "paired",
    "Promotion": "promotion",
    "Ranking": "ranking",
    "ResampledT": "folds",
    "SeedSpread": "seeds",
    "bca": "percentiles",
    "block_weights": "resampling",
    "bootstrap_p": "percentiles",
    "delong": "areas",
    "holdout_use": "holdout",
    "judge": "promotion",
    "margin_for": "promotion",
    "mcnemar": "discordance",
    "measure": "metrics",
    "needed_rows": "sizes",
    "needed_units": "sizes",
    "paired_bootstrap": "paired",
    "paired_losses": "paired",
    "power": "sizes",
    "resampled_t": "folds",
    "row_losses": "metrics",
    "seed_spread": "seeds",
    "step_down": "several",
}

__all__ = [
    "Contender",
    "DeLong",
    "Gain",
    "Guard",
    "HoldoutUse",
    "McNemar",
    "Metric",
    "Paired",
    "Promotion",
    "Ranking",
    "ResampledT",
    "SeedSpread",
    "bca",
    "block_weights",
    "bootstrap_p",
    "delong",
    "holdout_use",
    "judge",
    "margin_for",
    "mcnemar",
    "measure",
    "needed_rows",
    "needed_units",
    "paired_bootstrap",
    "paired_losses",
    "power",
    "resampled_t",
    "row_losses",
    "seed_spread",
    "step_down",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
