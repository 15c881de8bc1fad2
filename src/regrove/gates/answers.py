"""Whether the packaged model answers, through its own serving path, what it answered when it was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from regrove.gates.case import Unanswered
from regrove.gates.check import CheckResult

if TYPE_CHECKING:
    from regrove.gates.case import Case

__all__ = ["Answers"]

_TOLERANCE: Final = 1e-6
_OUTPUT: Final = "output."


class Answers:
    """Made in every gate whose rows were held out."""

    kind = "answers"

    def wanted(self, case: Case, /) -> bool:
        """When there are held-out rows."""
        return case.holdout.height > 0

    def ready(self, case: Case, /) -> None:
        """Nothing can be refused beforehand."""

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """One result: fail when a row is not answered, or otherwise than in training."""
        try:
            answered = case.answered
        except Unanswered as error:
            return (CheckResult(name="answers", kind=self.kind, status="fail", reason=str(error)),)
        gap, column = _gap(case.holdout, answered)
        fine = gap <= _TOLERANCE
        many = f"{answered.height:,} held-out rows"
        reason = (
            f"Served, it answers {many} as in training."
            if fine
            else f"Served, it answers {many} otherwise than in training: {column} differs by up to {gap:.3g}."
        )
        result = CheckResult(
            name="answers",
            kind=self.kind,
            status="pass" if fine else "fail",
            value=gap,
            threshold=_TOLERANCE,
            reason=reason,
            rows=answered.height,
            blocks=case.days,
        )
        return (result,)


def _gap(holdout: pl.DataFrame, answered: pl.DataFrame) -> tuple[float, str]:
    """The largest difference of any number of the answers, and where it is; 1 for another class."""
    gap, where = 0.0, ""
    for name in answered.columns:
        before, after = holdout[f"{_OUTPUT}{name}"], answered[name]
        if after.dtype.is_numeric():
            differing = (before.cast(pl.Float64) - after.cast(pl.Float64)).abs()
            worst = 1.0 if differing.null_count() else float(differing.max() or 0.0)  # type: ignore[arg-type]  # numbers
        else:
            worst = 0.0 if bool((before == after).all(ignore_nulls=False)) else 1.0
        if worst > gap:
            gap, where = worst, name
    return gap, where
