"""Is the candidate good enough by itself? A metric on held-out rows, with an interval that knows days."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from regrove.errors import InvalidInput
from regrove.gates.case import LEAST_DAYS, Unanswered
from regrove.gates.check import CheckResult, Status, ends
from regrove.gates.scoring import Measured
from regrove.stats.comparison import needed_units
from regrove.stats.verdict import InvalidStatistic, needs

if TYPE_CHECKING:
    from regrove.gates.case import Case
    from regrove.gates.config import QualityConfig

__all__ = ["Quality"]

_LEVEL: Final = 0.9
"""Each end of the interval errs in one of twenty."""


class Quality:
    """Passes only when the whole interval keeps the limit, fails when the whole of it breaks the limit."""

    kind = "quality"

    def wanted(self, case: Case, /) -> bool:
        """When the gate declares it."""
        return case.gate.quality is not None

    def ready(self, case: Case, /) -> None:
        """Nothing can be refused beforehand: the metric was checked against the task when it was declared."""

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """One result."""
        asked = case.gate.quality
        assert asked is not None
        if case.days < LEAST_DAYS:
            return (_open(asked, f"The {asked.metric} cannot be judged: there are fewer than {LEAST_DAYS} days."),)
        question = case.question(case.holdout, asked.metric)
        if only := question.one_class():
            reason = f"The {asked.metric} cannot be judged: all {case.holdout.height:,} held-out rows are {only}."
            return (_open(asked, reason),)
        try:
            found = question.of_one(case.answered, level=_LEVEL)
        except Unanswered:
            return (_open(asked, f"The {asked.metric} cannot be judged: the candidate does not answer."),)
        except (InvalidStatistic, InvalidInput) as error:
            return (_open(asked, f"The {asked.metric} cannot be judged: {error.happened}."),)
        return (_judged(asked, found),)


def _judged(asked: QualityConfig, found: Measured) -> CheckResult:
    low, high = found.interval.low, found.interval.high
    floor, roof = asked.at_least, asked.at_most
    wrong = (floor is not None and high < floor) or (roof is not None and low > roof)
    right = (floor is None or low >= floor) and (roof is None or high <= roof)
    limit = floor if floor is not None and (roof is None or low < floor) else roof
    assert limit is not None
    limits = (("at least", floor), ("at most", roof))
    asks = " and ".join(f"{word} {value:g}" for word, value in limits if value is not None)
    status: Status = "fail" if wrong else "pass" if right else "inconclusive"
    shown = f"The {asked.metric} is {found.value:.4g} ({low:.4g} to {high:.4g}) on {found.blocks} held-out days"
    end = {"pass": f"as is asked for: {asks}.", "fail": f"and {asks} is asked for."}.get(
        status, f"so it is open whether it is {asks}, as is asked for: {_more(found, limit)}."
    )
    return CheckResult(
        name="quality",
        kind="quality",
        severity=asked.severity,
        status=status,
        value=found.value,
        interval=ends(found.interval),
        level=_LEVEL,
        threshold=limit,
        reason=f"{shown}, {end}",
        rows=found.rows,
        blocks=found.blocks,
        detail={"metric": asked.metric, "at_least": floor, "at_most": roof, "error": found.error},
    )


def _more(found: Measured, limit: float) -> str:
    """How many more days would decide it, if the value is what was seen."""
    wanted = needed_units(abs(found.value - limit), found.error, found.blocks)
    more = needs(wanted if math.isinf(wanted) else max(1.0, wanted - found.blocks), "days")
    return f"it {more}" if more.startswith("needs") else more


def _open(asked: QualityConfig, reason: str) -> CheckResult:
    return CheckResult(
        name="quality",
        kind="quality",
        severity=asked.severity,
        status="inconclusive",
        threshold=asked.at_least if asked.at_least is not None else asked.at_most,
        reason=reason,
        detail={"metric": asked.metric},
    )
