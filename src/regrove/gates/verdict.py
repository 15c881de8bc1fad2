"""From the results of checks to PROMOTE, REJECT or HOLD, and why, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from regrove.gates.check import CheckResult
from regrove.gates.report import Verdict

__all__ = ["decided"]


def decided(candidate: str, champion: str, checks: Sequence[CheckResult]) -> tuple[Verdict, str]:
    """The verdict on ``candidate`` and its reason.

    A failed check of severity ``block`` rejects; an inconclusive one holds; otherwise it is promoted. Failures come
    before open questions, and of several the first is told.

    >>> late = CheckResult(name="latency", kind="latency", status="fail", reason="99 of 100 requests take up to 31 ms.")
    >>> decided("model:m@2", "model:m@1", [late])
    ('REJECT', 'model:m@2 is rejected: 99 of 100 requests take up to 31 ms.')
    """
    failed = [each for each in checks if each.blocks_promotion and each.status == "fail"]
    if failed:
        return "REJECT", f"{candidate} is rejected: {_joined(failed)}"
    undecided = [each for each in checks if each.blocks_promotion]
    if undecided:
        return "HOLD", f"{candidate} is held: {_joined(undecided)}"
    compared = next((each for each in checks if each.name == "champion" and each.status == "pass"), None)
    if compared is not None:
        return "PROMOTE", f"{candidate} may go live: {_lowered(compared.reason)}"
    passed = sum(each.status == "pass" and each.severity == "block" for each in checks)
    alone = "there is no champion to compare it with, and " if not champion else ""
    return "PROMOTE", f"{candidate} may go live: {alone}it passed {passed} of the checks that its gate asks for."


def _joined(checks: Sequence[CheckResult]) -> str:
    first, others = _lowered(checks[0].reason), len(checks) - 1
    if not others:
        return first
    return f"{first} ({others} more: {', '.join(each.name for each in checks[1:])})"


def _lowered(sentence: str) -> str:
    """The sentence as the end of another one; names and acronyms keep their capitals."""
    first = sentence.split(" ", 1)[0]
    return sentence if len(first) > 1 and not first[1:].islower() else sentence[:1].lower() + sentence[1:]
