"""Is any group or slice worse off? Rates by group with intervals, gaps, shrinkage and a search with a hold-out test.

``group_rates`` counts a rate in each group; ``worse_group`` asks whether any group is worse than a limit, with
intervals that hold for all groups at once; ``fairness`` gives the usual single numbers; ``shrunk`` steadies the rates
of small intersections; ``search_slices`` looks for bad slices on one half of the rows and tests them on the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.drift.shares import clopper_pearson, newcombe, wilson
    from regrove.stats.groups.blocks import clustered_gap
    from regrove.stats.groups.parity import Fairness, fairness
    from regrove.stats.groups.rates import GroupRate, RateKind, RateTable, gap, group_rates, rate_table, ratio
    from regrove.stats.groups.residuals import GroupResidual, group_residuals
    from regrove.stats.groups.scores import GroupScore, group_auc, group_calibration
    from regrove.stats.groups.shrinkage import Shrunk, ShrunkRate, intersections, shrunk
    from regrove.stats.groups.slices import Slice, SliceSearch, binned, search_slices
    from regrove.stats.groups.worst import GroupGap, GroupVerdict, worse_group

_SHARES = "regrove.stats.drift.shares"

_HOMES = {
    "Fairness": "parity",
    "GroupGap": "worst",
    "GroupRate": "rates",
    "GroupResidual": "residuals",
    "GroupScore": "scores",
    "GroupVerdict": "worst",
    "RateKind": "rates",
    "RateTable": "rates",
    "Shrunk": "shrinkage",
    "ShrunkRate": "shrinkage",
    "Slice": "slices",
    "SliceSearch": "slices",
    "binned": "slices",
    "clopper_pearson": _SHARES,
    "clustered_gap": "blocks",
    "fairness": "parity",
    "gap": "rates",
    "group_auc": "scores",
    "group_calibration": "scores",
    "group_rates": "rates",
    "group_residuals": "residuals",
    "intersections": "shrinkage",
    "newcombe": _SHARES,
    "rate_table": "rates",
    "ratio": "rates",
    "search_slices": "slices",
    "shrunk": "shrinkage",
    "wilson": _SHARES,
    "worse_group": "worst",
}

__all__ = [
    "Fairness",
    "GroupGap",
    "GroupRate",
    "GroupResidual",
    "GroupScore",
    "GroupVerdict",
    "RateKind",
    "RateTable",
    "Shrunk",
    "ShrunkRate",
    "Slice",
    "SliceSearch",
    "binned",
    "clopper_pearson",
    "clustered_gap",
    "fairness",
    "gap",
    "group_auc",
    "group_calibration",
    "group_rates",
    "group_residuals",
    "intersections",
    "newcombe",
    "rate_table",
    "ratio",
    "search_slices",
    "shrunk",
    "wilson",
    "worse_group",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = _HOMES[name]
    return getattr(import_module(home if "." in home else f"{__name__}.{home}"), name)
