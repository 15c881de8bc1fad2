"""A report as JUnit XML, which pages of continuous integration show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.clock import iso
from regrove.digest import canonical
from regrove.render import Case, Suite
from regrove.render import junit as written

if TYPE_CHECKING:
    from regrove.gates.check import CheckResult
    from regrove.gates.report import GateReport

__all__ = ["junit"]


def junit(report: GateReport) -> str:
    """The XML: a case a check, and one for the verdict, which fails unless it is PROMOTE.

    A check of severity ``warn`` that did not pass is told as skipped, with its reason: it decides nothing.
    """
    verdict = Case(
        name="verdict",
        group=f"gate.{report.model}",
        status="pass" if report.verdict == "PROMOTE" else "fail",
        message=f"{report.verdict}: {report.reason}",
    )
    suite = Suite(
        name=f"gate {report.model}",
        cases=(*(_case(report, each) for each in report.checks), verdict),
        at=report.judged_at,
        properties={
            "gate": report.ref,
            "verdict": report.verdict,
            "model_digest": report.model_digest,
            "champion": report.champion,
            "declaration": report.declaration,
            "judged_at": iso(report.judged_at),
        },
    )
    return written([suite], name="regrove gate")


def _case(report: GateReport, check: CheckResult) -> Case:
    fine = check.status == "pass"
    status = "pass" if fine else "fail" if check.blocks_promotion else "skipped"
    return Case(
        name=check.name,
        group=f"gate.{report.model}",
        status=status,  # type: ignore[arg-type]  # one of the three above
        message=f"{check.status}: {check.reason}",
        detail="" if fine else canonical(check.detail).decode(),
    )
