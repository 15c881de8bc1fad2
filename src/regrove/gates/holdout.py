"""Whether there are rows to judge by, enough of them, and not judged by too often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.gates.case import LEAST_DAYS
from regrove.gates.check import CheckResult, Status
from regrove.stats.comparison import holdout_use

if TYPE_CHECKING:
    from regrove.gates.case import Case

__all__ = ["Holdout"]

_BUDGET = 20
"""Decisions that one holdout bears: each fits what is chosen to it a little (Dwork et al. 2015, Science 349:636)."""


class Holdout:
    """Made in every gate that needs rows: without a holdout nothing else can be said."""

    kind = "holdout"

    def wanted(self, case: Case, /) -> bool:
        """When any check needs rows."""
        gate = case.gate
        return any((gate.quality, gate.champion, gate.slices, gate.leakage))

    def ready(self, case: Case, /) -> None:
        """Nothing can be refused beforehand."""

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """One result: pass, or inconclusive with what is missing."""
        status, reason = _found(case)
        return (
            CheckResult(
                name="holdout",
                kind=self.kind,
                status=status,
                value=float(case.days),
                threshold=float(LEAST_DAYS),
                reason=reason,
                rows=case.holdout.height,
                blocks=case.days,
                detail={"holdout": case.identity, "decisions_before": case.used, "budget": _BUDGET},
            ),
        )


def _found(case: Case) -> tuple[Status, str]:
    version, rows = case.candidate.version, case.candidate.rows
    if rows is None:
        return "inconclusive", f"No run of {version.ref} left behind the rows that it was judged by: run it again."
    if rows.timeless:
        return "inconclusive", (
            f"The holdout of {version.ref} was drawn at random, so it says nothing of a later time: split by time, or "
            "let a person decide."
        )
    if not case.holdout.height:
        return "inconclusive", f"The run of {version.ref} held out no row."
    if case.days < LEAST_DAYS:
        return "inconclusive", (
            f"The holdout spans {case.days} day{'s' if case.days != 1 else ''}, and fewer than {LEAST_DAYS} decide "
            "nothing: hold out a longer stretch."
        )
    use = holdout_use([case.identity] * case.used, case.identity, budget=_BUDGET)
    if not use.fresh:
        return "inconclusive", (
            f"{use.used} candidates were judged by these same rows, and one holdout bears {_BUDGET}: wait for later "
            "rows."
        )
    return "pass", f"{case.holdout.height:,} rows of {case.days} days were held out, and {use.left} decisions are left."
