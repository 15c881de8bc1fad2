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
    from regrove.stats.drift.cells import cells_for
    from regrove.stats.drift.design import Design, anderson_design, design_effect
    from regrove.stats.drift.homogeneity import chi_square, homogeneity
    from regrove.stats.drift.independent import anderson_p
    from regrove.stats.drift.leave_one_out import leave_one_out
    from regrove.stats.drift.permutation import BlockNull, block_null
    from regrove.stats.drift.runs import select_runs
    from regrove.stats.drift.selections import Selections, arrangements, select_blocks, strata_numbers
    from regrove.stats.drift.serial import autocorrelation, automatic_length
    from regrove.stats.drift.tail import gamma_tail, rank_p, refined_p

_HOMES = {
    "BlockNull": "permutation",
    "Design": "design",
    "Selections": "selections",
    "anderson_darling": "anderson",
    "anderson_design": "design",
    "anderson_p": "independent",
    "arrangements": "selections",
    "autocorrelation": "serial",
    "automatic_length": "serial",
    "block_null": "permutation",
    "cells_for": "cells",
    "chi_square": "homogeneity",
    "design_effect": "design",
    "gamma_tail": "tail",
    "homogeneity": "homogeneity",
    "leave_one_out": "leave_one_out",
    "rank_p": "tail",
    "refined_p": "tail",
    "select_blocks": "selections",
    "select_runs": "runs",
    "strata_numbers": "selections",
}

__all__ = [
    "BlockNull",
    "Design",
    "Selections",
    "anderson_darling",
    "anderson_design",
    "anderson_p",
    "arrangements",
    "autocorrelation",
    "automatic_length",
    "block_null",
    "cells_for",
    "chi_square",
    "design_effect",
    "gamma_tail",
    "homogeneity",
    "leave_one_out",
    "rank_p",
    "refined_p",
    "select_blocks",
    "select_runs",
    "strata_numbers",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
