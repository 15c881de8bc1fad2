"""What a run, a plan and an explanation come to."""

from __future__ import annotations

from typing import Literal

import msgspec

from regrove.pipelines.recipe import Made
from regrove.tracking import Run

__all__ = ["Explanation", "PlannedStep", "RunReport", "StepReport"]


class StepReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one step in one run."""

    step: str
    status: Literal["executed", "reused", "failed"]
    key: str
    code_digest: str
    made_by: str
    """The run that made the result: this one, or an earlier one."""
    outputs: tuple[Made, ...]
    reasons: tuple[str, ...]
    """Why it was executed, as sentences; empty for one that was reused."""
    attempts: int
    seed: int
    recorded_at: int
    took_us: int
    printed: str = ""
    error: str = ""

    @property
    def ref(self) -> str:
        """The step as a ref."""
        return f"step:{self.made_by}/{self.step}"


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run came to."""

    run: Run
    resumed: bool
    steps: tuple[StepReport, ...]
    datasets: dict[str, str]
    """The version of each dataset, by name."""
    metrics: dict[str, float]
    model_ref: str = ""
    """The model version; empty when only some steps were asked for."""
    model_is_new: bool = False
    """False when an earlier run made the same model: nothing was registered."""

    @property
    def executed(self) -> tuple[str, ...]:
        """The steps that ran."""
        return tuple(each.step for each in self.steps if each.status == "executed")

    @property
    def reused(self) -> tuple[str, ...]:
        """The steps whose kept results were used."""
        return tuple(each.step for each in self.steps if each.status == "reused")


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What the next run would do with a step."""

    step: str
    place: str
    """``pipeline.py:12``, or ``built in``."""
    needs: tuple[str, ...]
    state: Literal["reuse", "execute", "open"]
    """``open``: a step before it will run; only then is it known whether its result differs."""
    reasons: tuple[str, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step will run or not, and why it ran the last time."""

    step: str
    place: str
    state: Literal["reuse", "execute", "open"]
    reasons: tuple[str, ...]
    """Why the next run would execute it; for one that is reused, which run made the result."""
    last_run: str = ""
    """The run that executed it last; empty when none did."""
    last_reasons: tuple[str, ...] = ()
    """Why that run executed it."""
    widened: tuple[str, ...] = ()
    """Places where the source does not say what is reached, so that more than needed counts as its code."""
