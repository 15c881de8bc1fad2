"""May I look at every event and stop when I have seen enough? Tests whose error rate survives looking.

Canaries: ``begin``, ``count`` and ``judge`` (a grid e-process, whose share may change), ``judge_all`` for several
guards, ``sample_ratio`` for the split, ``plan_acceptance`` and ``look`` for promotion at planned looks. Streams of
blocks: ``calibrate_cusum`` and ``watch`` raise a suspicion, ``ceiling``, ``detector`` and ``detect`` confirm it,
``open_bets`` and ``bet`` say where the mean is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.sequential.acceptance import Acceptance, AcceptancePlan, look, plan_acceptance
    from regrove.stats.sequential.beta import beta_binomial
    from regrove.stats.sequential.betting import Betting, bet, betting_sequence, open_bets
    from regrove.stats.sequential.blocks import ceiling
    from regrove.stats.sequential.combination import combine, combine_independent
    from regrove.stats.sequential.grid import Grid, begin, count, observe, observe_counts
    from regrove.stats.sequential.growth import Detector, detect, detector
    from regrove.stats.sequential.guard import GuardsVerdict, GuardVerdict, judge, judge_all, ratio_interval
    from regrove.stats.sequential.mismatch import SampleRatio, sample_ratio
    from regrove.stats.sequential.mixture import asymptotic_difference, asymptotic_radius, best_rho, mixture_boundary
    from regrove.stats.sequential.spending import boundaries, crossing, drift_for_power, spent
    from regrove.stats.sequential.suspicion import Cusum, CusumPlan, calibrate_cusum, watch
    from regrove.stats.sequential.units import measured_design, unit_design

_HOMES = {
    "Acceptance": "acceptance",
    "AcceptancePlan": "acceptance",
    "Betting": "betting",
    "Cusum": "suspicion",
    "CusumPlan": "suspicion",
    "Detector": "growth",
    "Grid": "grid",
    "GuardVerdict": "guard",
    "GuardsVerdict": "guard",
    "SampleRatio": "mismatch",
    "asymptotic_difference": "mixture",
    "asymptotic_radius": "mixture",
    "begin": "grid",
    "best_rho": "mixture",
    "bet": "betting",
    "beta_binomial": "beta",
    "betting_sequence": "betting",
    "boundaries": "spending",
    "calibrate_cusum": "suspicion",
    "ceiling": "blocks",
    "combine": "combination",
    "combine_independent": "combination",
    "count": "grid",
    "crossing": "spending",
    "detect": "growth",
    "detector": "growth",
    "drift_for_power": "spending",
    "judge": "guard",
    "judge_all": "guard",
    "look": "acceptance",
    "measured_design": "units",
    "mixture_boundary": "mixture",
    "observe": "grid",
    "observe_counts": "grid",
    "open_bets": "betting",
    "plan_acceptance": "acceptance",
    "ratio_interval": "guard",
    "sample_ratio": "mismatch",
    "spent": "spending",
    "unit_design": "units",
    "watch": "suspicion",
}

__all__ = [
    "Acceptance",
    "AcceptancePlan",
    "Betting",
    "Cusum",
    "CusumPlan",
    "Detector",
    "Grid",
    "GuardVerdict",
    "GuardsVerdict",
    "SampleRatio",
    "asymptotic_difference",
    "asymptotic_radius",
    "begin",
    "best_rho",
    "bet",
    "beta_binomial",
    "betting_sequence",
    "boundaries",
    "calibrate_cusum",
    "ceiling",
    "combine",
    "combine_independent",
    "count",
    "crossing",
    "detect",
    "detector",
    "drift_for_power",
    "judge",
    "judge_all",
    "look",
    "measured_design",
    "mixture_boundary",
    "observe",
    "observe_counts",
    "open_bets",
    "plan_acceptance",
    "ratio_interval",
    "sample_ratio",
    "spent",
    "unit_design",
    "watch",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
