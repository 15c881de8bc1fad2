"""Does the candidate know what it cannot know? Columns that are the target, rows seen before, values from later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from regrove.errors import InvalidInput, nearest
from regrove.gates.case import Unanswered
from regrove.gates.check import CheckResult, Status, ends
from regrove.gates.config import LeakageConfig, Severity
from regrove.gates.rows import LABEL, REQUEST, TIME, hashes
from regrove.stats.leakage import availability, overlap, single_columns
from regrove.stats.verdict import InvalidStatistic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regrove.gates.case import Case
    from regrove.stats.leakage import ColumnLeak, Overlap

__all__ = ["Leakage"]

_LEAST_ROWS: Final = 30
_MOST_CLASSES: Final = 20
_MOST_ROWS: Final = 50_000
_LISTED: Final = 10


class Leakage:
    """Each column alone on the holdout, held-out rows that were learnt from, and values that came after the event."""

    kind = "leakage"

    def wanted(self, case: Case, /) -> bool:
        """When the gate declares it."""
        return case.gate.leakage is not None

    def ready(self, case: Case, /) -> None:
        """Refuse a field that no request of the candidate carries."""
        asked = case.gate.leakage
        assert asked is not None
        known = case.candidate.signature.request.names
        for name in [*asked.key, *asked.known_at, *asked.known_at.values()]:
            if name not in known:
                raise InvalidInput(
                    f"The leakage names {name!r}, and a request of {case.candidate.version.ref} has no such field",
                    expected=f"one of {', '.join(known)}",
                    received=repr(name),
                    mend=nearest(name, known) or f"remove it from leakage of [gates.{case.candidate.version.name}]",
                )

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """Up to four results."""
        asked = case.gate.leakage
        assert asked is not None
        if case.holdout.height < _LEAST_ROWS:
            reason = f"Fewer than {_LEAST_ROWS} rows were held out: no leak can be looked for."
            return (_result("leakage.columns", asked.severity, "inconclusive", reason),)
        return (*_columns(case, asked), _rows(case, asked), *_times(case, asked))


def _columns(case: Case, asked: LeakageConfig) -> tuple[CheckResult, ...]:
    held = case.holdout
    if held.height > _MOST_ROWS:
        held = held.gather_every(-(-held.height // _MOST_ROWS))
    columns = {
        name.removeprefix(REQUEST): _values(held[name])
        for name in held.columns
        if name.startswith(REQUEST) and not held.schema[name].is_temporal()
    }
    if not columns:
        reason = "A request carries nothing but times: there is no column to look at."
        return (_result("leakage.columns", asked.severity, "skipped", reason),)
    found: dict[str, ColumnLeak] = {}
    try:
        for target in _targets(case, held[LABEL]):
            for each in single_columns(target, columns, full=None, alone=asked.alone):
                if each.column not in found or each.value > found[each.column].value:
                    found[each.column] = each
    except (InvalidStatistic, InvalidInput) as error:
        reason = f"The columns cannot be looked at: {error.happened}."
        return (_result("leakage.columns", asked.severity, "inconclusive", reason),)
    ordered = sorted(found.values(), key=lambda each: (-each.value, each.column))
    alone = _alone(case, asked, ordered, held.height)
    return (alone, *_shares(case, asked, ordered)) if alone.status == "pass" else (alone,)


def _alone(case: Case, asked: LeakageConfig, ordered: Sequence[ColumnLeak], rows: int) -> CheckResult:
    leaks = [each for each in ordered if each.leaks]
    best, what = ordered[0], _what(case)
    reason = (
        f"{', '.join(each.column for each in leaks[:3])} alone tells the target ({what} {best.value:.3f}): it is the "
        "target in disguise, or known only after it."
        if leaks
        else f"No column alone tells the target: the most that one knows is {what} {best.value:.3f} ({best.column})."
    )
    return _result(
        "leakage.columns",
        asked.severity,
        "fail" if leaks else "pass",
        reason,
        value=best.value,
        interval=ends(best.interval) if best.interval else None,
        threshold=asked.alone,
        rows=rows,
        blocks=case.days,
        detail={"columns": [{"column": each.column, what: each.value} for each in ordered[:_LISTED]]},
    )


def _shares(case: Case, asked: LeakageConfig, ordered: Sequence[ColumnLeak]) -> tuple[CheckResult, ...]:
    """A column that knows nearly all that the model knows: a strong honest one does so too, so it decides nothing."""
    metric = "r2" if case.candidate.signature.output.task == "regression" else "roc_auc"
    if case.candidate.signature.output.task == "multiclass":
        return ()
    floor = 0.0 if metric == "r2" else 0.5
    try:
        full = case.question(case.holdout, metric).of_one(case.answered, level=0.9).value
    except (Unanswered, InvalidStatistic, InvalidInput):
        return ()
    limit = max(floor + asked.share * max(0.0, full - floor), floor + 0.2)
    most = [each for each in ordered if each.value >= limit]
    reason = (
        f"{', '.join(each.column for each in most[:3])} alone knows nearly all that the model knows "
        f"({_what(case)} {ordered[0].value:.3f} of {full:.3f}): make sure that it is known when the question is asked."
        if most
        else f"No column alone knows nearly all that the model knows ({_what(case)} {full:.3f})."
    )
    status: Status = "fail" if most else "pass"
    rows = case.holdout.height
    return (_result("leakage.share", "warn", status, reason, value=ordered[0].value, threshold=limit, rows=rows),)


def _rows(case: Case, asked: LeakageConfig) -> CheckResult:
    assert case.candidate.rows is not None
    train, held = case.candidate.rows.train, case.holdout
    fields = [f"{REQUEST}{name}" for name in asked.key] or [name for name in held.columns if name.startswith(REQUEST)]
    columns = fields if asked.key else [*fields, LABEL]
    found = overlap(hashes(train, columns), hashes(held, columns), limit=asked.limit)
    if not asked.key and found.repeated_train > asked.limit * train.height:
        reason = (
            f"Rows are alike by chance ({found.repeated_train:,} of {train.height:,} to train on repeat another), so "
            "it cannot be told whether one was seen before: name the fields of a row with leakage.key."
        )
        return _result("leakage.rows", asked.severity, "skipped", reason, rows=held.height)
    return _result(
        "leakage.rows",
        asked.severity,
        found.verdict.gate.value,
        _overlap_reason(found, asked.limit),
        value=found.verdict.value,
        interval=ends(found.verdict.interval),
        level=0.9,
        threshold=asked.limit,
        rows=held.height,
        blocks=case.days,
        detail={
            "shared": found.shared,
            "repeated_train": found.repeated_train,
            "repeated_holdout": found.repeated_test,
        },
    )


def _overlap_reason(found: Overlap, limit: float) -> str:
    of = f"{found.shared:,} of {found.rows:,} held-out rows stand in the training side too"
    verdict = found.verdict.gate.value
    if verdict == "pass":
        return f"{of}, at most {100 * limit:g}% are allowed."
    if verdict == "fail":
        return f"{of}, more than the {100 * limit:g}% that are allowed: what is asked was learnt by heart."
    return f"{of}; it is open whether these are more than {100 * limit:g}%."


def _times(case: Case, asked: LeakageConfig) -> tuple[CheckResult, ...]:
    if not asked.known_at:
        return ()
    predicted = case.holdout[TIME].dt.cast_time_unit("us").to_numpy()
    for name, field in asked.known_at.items():
        if not case.holdout.schema[f"{REQUEST}{field}"].is_temporal():
            reason = f"{field} holds no times, so it cannot say when {name} was known."
            return (_result("leakage.times", asked.severity, "inconclusive", reason),)
    known = {name: _instants(case.holdout[f"{REQUEST}{field}"]) for name, field in asked.known_at.items()}
    found = availability(predicted, known)
    late = [each for each in found if each.leaks]
    reason = (
        f"{late[0].column} was known only after the event in {late[0].late:,} of {late[0].rows:,} rows, by up to "
        f"{late[0].worst_s:,.0f} s."
        if late
        else f"{', '.join(asked.known_at)}: each value was known by the time of the event."
    )
    return (
        _result(
            "leakage.times",
            asked.severity,
            "fail" if late else "pass",
            reason,
            value=float(max((each.late for each in found), default=0)),
            threshold=0.0,
            rows=case.holdout.height,
            blocks=case.days,
            detail={"fields": [{"field": each.column, "late": each.late, "worst_s": each.worst_s} for each in found]},
        ),
    )


def _targets(case: Case, labels: pl.Series) -> list[Any]:
    """The target as numbers; of several classes one against the others in turn, the most frequent ones."""
    output = case.candidate.signature.output
    if output.task == "regression":
        return [labels.cast(pl.Float64).to_numpy()]
    classes = list(output.classes[1:]) if output.task == "binary" else _frequent(labels)
    return [(labels == name).cast(pl.Float64).to_numpy() for name in classes]


def _frequent(labels: pl.Series) -> list[Any]:
    return list(labels.value_counts(sort=True)[labels.name].head(_MOST_CLASSES))


def _values(column: pl.Series) -> Any:
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).to_numpy()
    if column.dtype == pl.Boolean:
        return np.array(["(none)" if each is None else str(each) for each in column], dtype=object)
    return column.cast(pl.String).to_numpy() if column.dtype != pl.Binary else column.bin.encode("hex").to_numpy()


def _instants(column: pl.Series) -> Any:
    return column.cast(pl.Datetime("us", "UTC") if column.dtype != pl.Date else pl.Datetime("us")).to_numpy()


def _what(case: Case) -> str:
    return "R2" if case.candidate.signature.output.task == "regression" else "AUC"


def _result(name: str, severity: Severity, status: Status, reason: str, **found: Any) -> CheckResult:
    return CheckResult(name=name, kind="leakage", severity=severity, status=status, reason=reason, **found)
