"""Is the candidate better than the champion, on rows that neither has learnt from?

Both answer the same held-out rows through their own packaged serving path. The gain has a bootstrap interval by days
(`regrove.stats.comparison.paired_bootstrap`), and `regrove.stats.comparison.judge` turns it into a decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.clock import iso
from regrove.errors import InvalidInput
from regrove.gates.case import LEAST_DAYS, Unanswered
from regrove.gates.check import CheckResult, Status, ends
from regrove.gates.rows import DAY, LABEL
from regrove.stats.comparison import Metric, judge, margin_for
from regrove.stats.verdict import Decision, InvalidStatistic, needs

if TYPE_CHECKING:
    from regrove.gates.case import Case
    from regrove.gates.config import ChampionConfig
    from regrove.gates.scoring import Judged
    from regrove.stats.comparison import Gain, Promotion

__all__ = ["BETTER", "NO_WORSE", "Champion", "Compared", "benefit_of", "compared"]

BETTER: Final = 0.99
"""Of the interval that must lie above 0 for a candidate to count as better. Days are drawn, seeds are not: two fits of
one recipe differ by more than their days show, and at .95 more than one of twenty such pairs is called better."""
NO_WORSE: Final = 0.9
"""Of the interval that must lie above the margin: each end errs in one of twenty."""
_STATUS: Final[dict[Decision, Status]] = {
    Decision.PROMOTE: "pass",
    Decision.REJECT: "fail",
    Decision.HOLD: "inconclusive",
}
_STATS: Final = {
    "roc_auc": Metric.AUC,
    "accuracy": Metric.ACCURACY,
    "log_loss": Metric.LOG_LOSS,
    "brier": Metric.BRIER,
    "rmse": Metric.RMSE,
    "mae": Metric.MAE,
}


class Champion:
    """Superior, non-inferior, or superior unless fresher: as the gate declares."""

    kind = "champion"

    def wanted(self, case: Case, /) -> bool:
        """When the gate declares it."""
        return case.gate.champion is not None

    def ready(self, case: Case, /) -> None:
        """Nothing can be refused beforehand: the metric was checked against the task when it was declared."""

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """One result."""
        asked = case.gate.champion
        assert asked is not None
        if case.champion is None:
            return (_result(asked, "skipped", "There is no champion yet, so there is nothing to compare with."),)
        ref = case.champion.version.ref
        if case.champion.version.digest == case.candidate.version.digest:
            return (_result(asked, "inconclusive", f"It is the champion already: {ref}."),)
        if why := _undecided(case):
            left_out = case.shared.left_out if case.holdout.height else 0
            return (_result(asked, "inconclusive", why, left_out=left_out),)
        question = case.question(case.shared.rows)
        try:
            found = question.of_two(*case.pair, level=BETTER)
            margin = asked.margin if asked.margin is not None else _margin(case, found)
            decided = compared(found, asked, margin, fresh=_is_fresher(case))
        except Unanswered as error:
            return (_result(asked, "inconclusive", f"The two cannot be compared: {error}"),)
        except (InvalidStatistic, InvalidInput) as error:
            return (_result(asked, "inconclusive", f"The two cannot be compared: {error.happened}."),)
        return (_judged(case, asked, found, decided, margin),)


class Compared(msgspec.Struct, frozen=True):
    """The decision on a gain, and the interval that it rests on."""

    decision: Decision
    better: bool
    """Whether the candidate is shown to be better, and not only to be no worse."""
    promotion: Promotion

    @property
    def gain(self) -> Gain:
        """The gain with that interval."""
        return self.promotion.gain


def compared(found: Judged, asked: ChampionConfig, margin: float, *, fresh: bool) -> Compared:
    """The decision on a gain under a rule; ``fresh`` says whether the candidate has learnt from later rows.

    Better is judged by the interval at `BETTER`; where the rule allows for it, no worse than the margin by that at
    `NO_WORSE`.
    """
    strict = judge(found.paired.gain(level=BETTER))
    benefit = benefit_of(asked.rule, fresh=fresh)
    if strict.decision is Decision.PROMOTE or not benefit:
        return Compared(strict.decision, strict.superior, strict)
    loose = judge(found.paired.gain(level=NO_WORSE), margin=margin, benefit=benefit)
    return Compared(loose.decision, better=False, promotion=loose)


def benefit_of(rule: str, *, fresh: bool) -> str:
    """What makes up for a loss within the margin, in a word; empty when nothing does.

    >>> benefit_of("superior-or-fresh", fresh=False)
    ''
    """
    return {"non-inferior": "wanted as long as it is not worse", "superior-or-fresh": "fresher" if fresh else ""}.get(
        rule, ""
    )


def _undecided(case: Case) -> str:
    """Why nothing can be compared, as a sentence; empty when it can."""
    if not case.holdout.height:
        return "The two cannot be compared: there are no held-out rows."
    shared = case.shared
    if not shared.rows.height:
        return f"The two cannot be compared. {shared.why}"
    days = shared.rows[DAY].n_unique()
    if days < LEAST_DAYS:
        left = f" {shared.why}" if shared.why else ""
        return f"The two cannot be compared: {days} day{'s' if days != 1 else ''} are too few.{left}"
    if only := case.question(shared.rows).one_class():
        return f"The two cannot be compared: all {shared.rows.height:,} rows are {only}, so nothing tells them apart."
    return ""


def _is_fresher(case: Case) -> bool:
    """Whether the candidate has learnt from later rows than the champion."""
    assert case.champion is not None
    ours = case.candidate.rows.learnt_until if case.candidate.rows else None
    theirs = case.champion.rows.learnt_until if case.champion.rows else None
    return ours is not None and theirs is not None and ours > theirs


def _margin(case: Case, found: Judged) -> float:
    """A tenth of what the champion gains over the trivial answer; 0 for a metric that has no such rule."""
    metric = _STATS.get(case.metric, Metric.LOSS)
    assert case.candidate.rows is not None
    trivial = case.question(case.shared.rows).trivial(case.candidate.rows.train[LABEL])
    if trivial is None:
        return 0.0
    if metric is Metric.LOSS:  # R2, of which the trivial answer has about 0
        return max(0.0, found.champion - trivial) * 0.1
    return margin_for(metric, found.champion, trivial)


def _judged(case: Case, asked: ChampionConfig, found: Judged, decided: Compared, margin: float) -> CheckResult:
    gain, ref = decided.gain, case.champion.version.ref if case.champion else ""
    shown = (
        f"{case.metric} {found.candidate:.4g} instead of {found.champion:.4g}, a gain of {gain.value:.3g} "
        f"({gain.interval.low:.3g} to {gain.interval.high:.3g}) on {gain.blocks} days that neither learnt from"
    )
    status = _STATUS[decided.decision]
    left = f" {case.shared.why}" if case.shared.why else ""
    return _result(
        asked,
        status,
        _sentence(decided, ref, shown, margin) + left,
        value=gain.value,
        interval=ends(gain.interval),
        level=gain.interval.level,
        threshold=-margin if decided.promotion.benefit else 0.0,
        rows=gain.rows,
        blocks=gain.blocks,
        left_out=case.shared.left_out,
        detail=_detail(case, found, decided, margin),
    )


def _sentence(decided: Compared, ref: str, shown: str, margin: float) -> str:
    promotion = decided.promotion
    if decided.decision is Decision.REJECT:
        beyond = f" by more than the margin {margin:.3g}" if promotion.benefit and margin else ""
        return f"It is worse than {ref}{beyond}: {shown}."
    if decided.decision is Decision.PROMOTE:
        if decided.better:
            return f"It is better than {ref}: {shown}."
        fresh = ", and has learnt from later rows" if promotion.benefit == "fresher" else ""
        return f"It is not worse than {ref} by more than the margin {margin:.3g}{fresh}: {shown}."
    more = needs(promotion.more, "days")
    what = f"not worse than {ref} by more than the margin {margin:.3g}" if promotion.benefit else f"better than {ref}"
    return f"It is open whether it is {what}: {shown}; {'it ' if more.startswith('needs') else ''}{more}."


def _detail(case: Case, found: Judged, decided: Compared, margin: float) -> dict[str, Any]:
    before, after = case.pair
    question, days = case.question(case.shared.rows), case.shared.rows[DAY].unique().sort()
    assert case.champion is not None
    untils = [each.rows.learnt_until if each.rows else None for each in (case.champion, case.candidate)]
    return {
        "metric": case.metric,
        "champion": found.champion,
        "candidate": found.candidate,
        "margin": margin,
        "benefit": decided.promotion.benefit,
        "better": decided.better,
        "decision": decided.decision.value,
        "said": decided.promotion.reason,
        "error": found.gain.error,
        "p": found.gain.p,
        "draws": found.gain.draws,
        "seed": found.gain.seed,
        "tier": found.gain.tier.value,
        "champion_learnt_until": iso(untils[0]) if untils[0] is not None else "",
        "candidate_learnt_until": iso(untils[1]) if untils[1] is not None else "",
        "days": [each.isoformat() for each in days],
        "daily": {"champion": question.of_days(before), "candidate": question.of_days(after)},
    }


def _result(
    asked: ChampionConfig,
    status: Status,
    reason: str,
    *,
    left_out: int = 0,
    detail: dict[str, Any] | None = None,
    **found: Any,
) -> CheckResult:
    return CheckResult(
        name="champion",
        kind="champion",
        severity=asked.severity,
        status=status,
        reason=reason,
        detail={"rule": asked.rule, "left_out": left_out, **(detail or {})},
        **found,
    )
