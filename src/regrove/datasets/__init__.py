"""Datasets: declared tables, checked against what is expected of them, kept as immutable versions.

`Datasets` registers the files of a declared source as a version named by its content, and gives versions back as
frames. A version carries the report of its validation and a profile; refused rows are kept beside it in quarantine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.datasets.config import DatasetConfig, Declarations
    from regrove.datasets.events import DatasetRegistered, DatasetRestored, DatasetValidated
    from regrove.datasets.expectations import Expectation
    from regrove.datasets.profile import ColumnProfile, Profile
    from regrove.datasets.profiling import profile_of
    from regrove.datasets.report import DatasetRefused, Example, RuleResult, SourceRecord, ValidationReport
    from regrove.datasets.service import Datasets
    from regrove.datasets.verification import Fault, Verification
    from regrove.datasets.version import DatasetSummary, DatasetVersion

__all__ = [
    "ColumnProfile",
    "DatasetConfig",
    "DatasetRefused",
    "DatasetRegistered",
    "DatasetRestored",
    "DatasetSummary",
    "DatasetValidated",
    "DatasetVersion",
    "Datasets",
    "Declarations",
    "Example",
    "Expectation",
    "Fault",
    "Profile",
    "RuleResult",
    "SourceRecord",
    "ValidationReport",
    "Verification",
    "profile_of",
]

_HOMES = {
    "ColumnProfile": "profile",
    "DatasetConfig": "config",
    "DatasetRefused": "report",
    "DatasetRegistered": "events",
    "DatasetSummary": "version",
    "DatasetRestored": "events",
    "DatasetValidated": "events",
    "DatasetVersion": "version",
    "Datasets": "service",
    "Declarations": "config",
    "Example": "report",
    "Expectation": "expectations",
    "Fault": "verification",
    "Profile": "profile",
    "RuleResult": "report",
    "SourceRecord": "report",
    "ValidationReport": "report",
    "Verification": "verification",
    "profile_of": "profiling",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use, so that the door itself stays light."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
