"""Gates: whether a candidate may go live, told by checks that say how sure they are.

A gate is declared for a model: a metric with its limit, the comparison with the champion by days on rows that neither
has learnt from, slices, leakage, latency. `Gates.run` makes the checks and keeps a report, bound to the digest of the
version: PROMOTE, REJECT, or HOLD where the rows do not decide it. A report moves nothing by itself; rollouts and
promotions cite it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.gates.check import Check, CheckResult, Status
    from regrove.gates.config import (
        ChampionConfig,
        Declarations,
        GateConfig,
        LatencyConfig,
        LeakageConfig,
        QualityConfig,
        SlicesConfig,
    )
    from regrove.gates.junit import junit
    from regrove.gates.page import page
    from regrove.gates.report import GateReport, Verdict
    from regrove.gates.service import Gates
    from regrove.gates.store import Line

__all__ = [
    "ChampionConfig",
    "Check",
    "CheckResult",
    "Declarations",
    "GateConfig",
    "GateReport",
    "Gates",
    "LatencyConfig",
    "LeakageConfig",
    "Line",
    "QualityConfig",
    "SlicesConfig",
    "Status",
    "Verdict",
    "junit",
    "page",
]

_HOME = {
    "Check": "check",
    "CheckResult": "check",
    "GateReport": "report",
    "Gates": "service",
    "Line": "store",
    "Status": "check",
    "Verdict": "report",
    "junit": "junit",
    "page": "page",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME.get(name, 'config')}"), name)
    globals()[name] = value
    return value
