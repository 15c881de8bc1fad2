"""The checks that a gate can make, in the order in which they stand in a report.

A new kind is a module with a class that follows `regrove.gates.check.Check`, its table in `GateConfig`, and its place
in this list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.gates.answers import Answers
from regrove.gates.champion import Champion
from regrove.gates.holdout import Holdout
from regrove.gates.latency import Latency
from regrove.gates.leakage import Leakage
from regrove.gates.quality import Quality
from regrove.gates.slices import Slices

if TYPE_CHECKING:
    from regrove.gates.check import Check
    from regrove.storage import Vault

__all__ = ["checks_of"]


def checks_of(vault: Vault) -> tuple[Check, ...]:
    """One of each kind; ``vault`` holds the objects of the candidate."""
    return (Holdout(), Answers(), Quality(), Champion(), Slices(), Leakage(), Latency(vault))
