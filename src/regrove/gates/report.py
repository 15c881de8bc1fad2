"""The report of a gate: evidence that is bound to the bytes of the version that it speaks of."""

from __future__ import annotations

from typing import Literal

import msgspec

from regrove.gates.check import CheckResult

__all__ = ["FORMAT", "GateReport", "Verdict"]

FORMAT = 1
"""Of the object."""

Verdict = Literal["PROMOTE", "REJECT", "HOLD"]
"""``HOLD``: the rows do not decide it; a person may, or the next rows."""


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate said of a candidate."""

    id: str
    project: str
    model: str
    """The candidate, such as ``model:late-arrival@4``."""
    model_digest: str
    champion: str
    """What it was compared with; empty when there was nothing."""
    champion_digest: str
    verdict: Verdict
    reason: str
    """One sentence for whoever decides."""
    checks: tuple[CheckResult, ...]
    declaration: str
    """The applied declaration that asked for these checks, such as ``project:flights@3``."""
    run: str
    """The run that made the candidate."""
    holdout: str
    """The digest of the rows that it was judged by; empty when there were none."""
    basis: str
    """The digest of all that the report rests on: the same basis is the same report."""
    judged_at: int
    format: int = FORMAT
    object: str = ""
    """The digest of the report in the object store; empty inside that object."""

    @property
    def ref(self) -> str:
        """Such as ``gate:<id>``."""
        return f"gate:{self.id}"

    def check(self, name: str) -> CheckResult | None:
        """The result of a check, or None when it was not made."""
        return next((each for each in self.checks if each.name == name), None)
