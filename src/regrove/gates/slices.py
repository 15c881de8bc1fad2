"""Does the candidate hurt anybody? The comparison again on each value of the declared columns.

A slice passes when the candidate is shown not to be worse there by more than the margin; that all must pass needs no
correction. It fails when it is shown to be worse by more, with the chance of any false alarm among all slices held at
.05 (Holm). One that is neither, and whose interval is wider than the margin on either side, could hardly be: it is too
small, is listed, and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import polars as pl

from regrove.errors import InvalidInput, nearest
from regrove.gates.case import LEAST_DAYS, Unanswered
from regrove.gates.champion import NO_WORSE
from regrove.gates.check import CheckResult, Status, ends
from regrove.gates.rows import DAY, REQUEST
from regrove.stats.comparison import bootstrap_p
from regrove.stats.groups import binned
from regrove.stats.multiplicity import holm
from regrove.stats.verdict import InvalidStatistic

if TYPE_CHECKING:
    from regrove.gates.case import Case
    from regrove.gates.config import SlicesConfig
    from regrove.gates.scoring import Judged

__all__ = ["Slices"]

_FAMILY: Final = 0.05
_LEAST_ROWS: Final = 30
_FEW_VALUES: Final = 20
_MOST: Final = 400


class _Slice(msgspec.Struct, kw_only=True):
    """The rows that share a value."""

    name: str
    rows: int
    days: int
    found: Judged | None = None
    p: float | None = None
    """One-sided, for "it is not worse by more than the margin"."""
    why: str = ""
    """Why nothing can be said of it."""
    status: Status = "inconclusive"

    @property
    def plain(self) -> dict[str, Any]:
        """As it stands in the report."""
        found = self.found
        shown = {"slice": self.name, "status": self.status, "rows": self.rows, "days": self.days, "why": self.why}
        if found is None:
            return shown
        numbers = {"champion": found.champion, "candidate": found.candidate, "gain": found.gain.value, "p": self.p}
        return {**shown, **numbers, "interval": list(ends(found.gain.interval))}


class Slices:
    """Non-inferiority on every declared slice that is large enough."""

    kind = "slices"

    def wanted(self, case: Case, /) -> bool:
        """When the gate declares it."""
        return case.gate.slices is not None

    def ready(self, case: Case, /) -> None:
        """Refuse a column that no request of the candidate carries."""
        assert case.gate.slices is not None
        known = case.candidate.signature.request.names
        for name in case.gate.slices.columns:
            if name not in known:
                raise InvalidInput(
                    f"The gate slices by {name!r}, and a request of {case.candidate.version.ref} has no such field",
                    expected=f"one of {', '.join(known)}",
                    received=repr(name),
                    mend=nearest(name, known)
                    or f"remove it from slices of [gates.{case.candidate.version.name}], or let the features function "
                    f"drop it by name, .drop({name!r}), so that a request carries it",
                )

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """One result for the slices that are large enough, and one that lists the others."""
        asked = case.gate.slices
        assert asked is not None
        if case.champion is None:
            return (_alone(asked, "skipped", "There is no champion yet, so no slice can be compared."),)
        if case.champion.version.digest == case.candidate.version.digest:
            return (_alone(asked, "skipped", "It is the champion already."),)
        if not case.holdout.height or case.shared.rows.height < _LEAST_ROWS:
            return (_alone(asked, "inconclusive", "No slice can be compared: there are too few shared rows."),)
        try:
            before, after = case.pair
        except Unanswered as error:
            return (_alone(asked, "inconclusive", f"No slice can be compared: {error}"),)
        cut = [_slice(case, name, mask, before, after, asked.margin) for name, mask in _masks(case, asked)]
        _decide(cut, asked.margin)
        small = [each for each in cut if each.why]
        return (_large(asked, case, [each for each in cut if not each.why]), *_small(asked, small))


def _masks(case: Case, asked: SlicesConfig) -> list[tuple[str, pl.Series]]:
    found: list[tuple[str, pl.Series]] = []
    for column in asked.columns:
        values = case.shared.rows[f"{REQUEST}{column}"]
        if values.dtype.is_float() or (values.dtype.is_numeric() and values.n_unique() > _FEW_VALUES):
            values = pl.Series(column, binned(values.cast(pl.Float64).to_numpy(), bins=5))
        elif values.dtype.is_temporal():
            values = values.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(case.gate.zone).dt.strftime("%A")
        values = values.cast(pl.String).fill_null("(none)")
        frequent = values.value_counts(sort=True)[values.name].head(_MOST).sort()
        found += [(f"{column} = {value}", values == value) for value in frequent]
    return found


def _slice(case: Case, name: str, mask: pl.Series, before: pl.DataFrame, after: pl.DataFrame, margin: float) -> _Slice:
    rows = case.shared.rows.filter(mask)
    made = _Slice(name=name, rows=rows.height, days=rows[DAY].n_unique())
    if made.days < LEAST_DAYS or made.rows < _LEAST_ROWS:
        made.why = f"{made.rows} rows of {made.days} days are too few"
        return made
    question = case.question(rows)
    if only := question.one_class():
        made.why = f"all of its rows are {only}"
        return made
    try:
        found = question.of_two(before.filter(mask), after.filter(mask), level=NO_WORSE)
    except (InvalidStatistic, InvalidInput) as error:
        made.why = error.happened[:1].lower() + error.happened[1:]
        return made
    gain, paired = found.gain, found.paired
    made.found = found
    made.p = bootstrap_p(-gain.value, -paired.drawn[:, 0], -paired.without[:, 0], margin, blocks=gain.blocks)
    return made


def _decide(cut: list[_Slice], margin: float) -> None:
    worse = holm([each.p for each in cut], _FAMILY).rejected
    for each, is_worse in zip(cut, worse, strict=True):
        if each.found is None:
            continue
        interval = each.found.gain.interval
        if is_worse:
            each.status = "fail"
        elif interval.low > -margin:
            each.status = "pass"
        elif interval.width / 2.0 > margin:
            each.why = f"its interval is {interval.width:.3g} wide, so it can hardly show a margin of {margin:.3g}"


def _large(asked: SlicesConfig, case: Case, large: list[_Slice]) -> CheckResult:
    by = {status: [each for each in large if each.status == status] for status in ("fail", "inconclusive", "pass")}
    status: Status = "fail" if by["fail"] else "inconclusive" if by["inconclusive"] else "pass" if large else "skipped"
    worst = min(large, key=lambda each: each.found.gain.interval.low if each.found else 0.0, default=None)
    gain = worst.found.gain if worst is not None and worst.found is not None else None
    return CheckResult(
        name="slices",
        kind="slices",
        severity=asked.severity,
        status=status,
        value=gain.value if gain else None,
        interval=ends(gain.interval) if gain else None,
        level=NO_WORSE,
        threshold=-asked.margin,
        reason=_reason(status, by, len(large), asked.margin, case.metric),
        rows=case.shared.rows.height,
        blocks=case.shared.rows[DAY].n_unique(),
        detail={"metric": case.metric, "margin": asked.margin, "slices": [each.plain for each in large]},
    )


def _reason(status: Status, by: dict[str, list[_Slice]], count: int, margin: float, metric: str) -> str:
    if status == "skipped":
        return f"No slice has rows enough to show a margin of {margin:.3g}."
    if status == "pass":
        return f"On none of {count} slices it is worse by more than {margin:.3g} {metric}."
    named = ", ".join(each.name for each in by[status][:3])
    more = f" and {len(by[status]) - 3} more" if len(by[status]) > 3 else ""
    if status == "fail":
        return f"It is worse by more than {margin:.3g} {metric} where {named}{more}."
    return f"It may be worse by more than {margin:.3g} {metric} where {named}{more}: the rows do not decide it."


def _small(asked: SlicesConfig, small: list[_Slice]) -> tuple[CheckResult, ...]:
    if not small:
        return ()
    named = ", ".join(each.name for each in small[:5]) + (f" and {len(small) - 5} more" if len(small) > 5 else "")
    result = CheckResult(
        name="slices.small",
        kind="slices",
        severity="warn",
        status="inconclusive",
        threshold=-asked.margin,
        reason=f"{len(small)} slice{'s are' if len(small) > 1 else ' is'} too small to tell anything: {named}.",
        rows=sum(each.rows for each in small),
        detail={"slices": [each.plain for each in small]},
    )
    return (result,)


def _alone(asked: SlicesConfig, status: Status, reason: str) -> CheckResult:
    return CheckResult(name="slices", kind="slices", severity=asked.severity, status=status, reason=reason)
