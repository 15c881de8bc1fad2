"""One check of a candidate: what it is given, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import msgspec

from regrove.gates.config import Severity

if TYPE_CHECKING:
    from regrove.gates.case import Case
    from regrove.stats.verdict import Interval

__all__ = ["Check", "CheckResult", "Costly", "Status", "ends"]

Status = Literal["pass", "fail", "inconclusive", "skipped"]
"""``inconclusive``: the rows do not decide it; ``skipped``: there was nothing to check, or no need to."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found."""

    name: str
    """Unique in its report: ``champion``, ``leakage.rows``."""
    kind: str
    """The module that made it: ``champion``, ``leakage``."""
    severity: Severity = "block"
    status: Status
    value: float | None = None
    """The estimate; None where there is none."""
    interval: tuple[float | None, float | None] | None = None
    """Its ends; None for one that is open."""
    level: float | None = None
    """Of the interval, .9 for one that covers nine times in ten."""
    threshold: float | None = None
    reason: str
    """A sentence for a person."""
    rows: int = 0
    blocks: int = 0
    """Days."""
    detail: dict[str, Any] = {}
    """What else the answer rests on, as plain values."""

    @property
    def blocks_promotion(self) -> bool:
        """Whether it keeps the candidate from being promoted."""
        return self.severity == "block" and self.status in ("fail", "inconclusive")


class Check(Protocol):
    """A kind of check; `regrove.gates.checks` lists those that are made.

    It answers with one result or several, always the same for the same case but for what it measures on the machine,
    and raises only what stops the whole gate: a declaration that cannot be kept, a part that is missing.
    """

    kind: str

    def wanted(self, case: Case, /) -> bool:
        """Whether the gate asks for it."""
        ...

    def ready(self, case: Case, /) -> None:
        """Raise InvalidInput or MissingExtra for what can be told before anything is computed."""
        ...

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """What it finds."""
        ...


@runtime_checkable
class Costly(Check, Protocol):
    """One that takes long: it is finished only where nothing else keeps the candidate from going live."""

    def begun(self, case: Case, /) -> AbstractContextManager[Callable[[], tuple[CheckResult, ...]]]:
        """Begins what may go on while others are made; gives the function that finishes it and says what it found."""
        ...


def ends(interval: Interval) -> tuple[float | None, float | None]:
    """The ends of an interval as JSON has them: None for one that is open."""
    return tuple(each if math.isfinite(each) else None for each in (interval.low, interval.high))  # type: ignore[return-value]  # two ends
