"""Do these data come from where the reference came from? Tests on counts, calibrated on whole blocks.

The order of the work: ``compare`` takes the counts of all columns, chooses the tests and the calibration tier, and
returns p-values and effects with intervals; corrections for many columns stand in ``regrove.stats.multiplicity``;
``decide`` turns a column's test and its level into DRIFT, STABLE or INCONCLUSIVE with what is missing. The parts can
be had one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.drift.anderson import anderson_darling
    from regrove.stats.drift.bridge import column_counts
    from regrove.stats.drift.calibration import Calibration, calibrate
    from regrove.stats.drift.cells import cells_for
    from regrove.stats.drift.chisquare import chi_square, homogeneity
    from regrove.stats.drift.choice import Choice, Kind, choose
    from regrove.stats.drift.column import ColumnCounts, Floors
    from regrove.stats.drift.comparison import ColumnTest, Comparison, compare
    from regrove.stats.drift.decision import ColumnVerdict, decide
    from regrove.stats.drift.design import Design, anderson_design, design_effect
    from regrove.stats.drift.distance import js_divergence, stability_index
    from regrove.stats.drift.effects import Effect, debiased
    from regrove.stats.drift.held_out import leave_one_out
    from regrove.stats.drift.independent import anderson_p
    from regrove.stats.drift.permutation import BlockNull, block_null
    from regrove.stats.drift.runs import select_runs
    from regrove.stats.drift.selections import Selections, arrangements, select_blocks, strata_numbers
    from regrove.stats.drift.serial import autocorrelation, automatic_length
    from regrove.stats.drift.shares import clopper_pearson, newcombe, share_exceeds, wilson
    from regrove.stats.drift.tail import gamma_tail, rank_p, refined_p

_HOMES = {
    "BlockNull": "permutation",
    "Calibration": "calibration",
    "Choice": "choice",
    "ColumnCounts": "column",
    "ColumnTest": "comparison",
    "ColumnVerdict": "decision",
    "Comparison": "comparison",
    "Design": "design",
    "Effect": "effects",
    "Floors": "column",
    "Kind": "choice",
    "Selections": "selections",
    "anderson_darling": "anderson",
    "anderson_design": "design",
    "anderson_p": "independent",
    "arrangements": "selections",
    "autocorrelation": "serial",
    "automatic_length": "serial",
    "block_null": "permutation",
    "calibrate": "calibration",
    "cells_for": "cells",
    "chi_square": "chisquare",
    "choose": "choice",
    "clopper_pearson": "shares",
    "column_counts": "bridge",
    "compare": "comparison",
    "debiased": "effects",
    "decide": "decision",
    "design_effect": "design",
    "gamma_tail": "tail",
    "homogeneity": "chisquare",
    "js_divergence": "distance",
    "leave_one_out": "held_out",
    "newcombe": "shares",
    "rank_p": "tail",
    "refined_p": "tail",
    "select_blocks": "selections",
    "select_runs": "runs",
    "share_exceeds": "shares",
    "stability_index": "distance",
    "strata_numbers": "selections",
    "wilson": "shares",
}

__all__ = [
    "BlockNull",
    "Calibration",
    "Choice",
    "ColumnCounts",
    "ColumnTest",
    "ColumnVerdict",
    "Comparison",
    "Design",
    "Effect",
    "Floors",
    "Kind",
    "Selections",
    "anderson_darling",
    "anderson_design",
    "anderson_p",
    "arrangements",
    "autocorrelation",
    "automatic_length",
    "block_null",
    "calibrate",
    "cells_for",
    "chi_square",
    "choose",
    "clopper_pearson",
    "column_counts",
    "compare",
    "debiased",
    "decide",
    "design_effect",
    "gamma_tail",
    "homogeneity",
    "js_divergence",
    "leave_one_out",
    "newcombe",
    "rank_p",
    "refined_p",
    "select_blocks",
    "select_runs",
    "share_exceeds",
    "stability_index",
    "strata_numbers",
    "wilson",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
