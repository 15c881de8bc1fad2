"""What a run records of its steps: results, executions, events, in as few transactions as durability allows."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import msgspec

from regrove.clock import wall
from regrove.pipelines.code import Closure
from regrove.pipelines.events import OutputDigest, ReusedStep, StepBroken, StepExecuted, StepsReused
from regrove.pipelines.given import Point
from regrove.pipelines.graph import Step
from regrove.pipelines.recipe import Made, Recipe
from regrove.pipelines.report import StepReport
from regrove.pipelines.store import Kept, Store
from regrove.tracking import MetricPoint

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.storage import Database, Lease
    from regrove.tracking import Run, Runs

__all__ = ["Finished", "Records"]


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A step that came to an end in this run."""

    step: Step
    recipe: Recipe
    closure: Closure
    seed: int
    outputs: tuple[Made, ...] = ()
    points: tuple[Point, ...] = ()
    reasons: tuple[str, ...] = ()
    attempts: int = 1
    took_us: int = 0
    printed: str = ""
    error: str = ""


class Records:
    """Gathers what became of steps and writes it, each write under the run's lease."""

    def __init__(
        self, run: Run, model: str, *, database: Database, ledger: Ledger, clock: Clock, runs: Runs, lease: Lease
    ) -> None:
        self._run = run
        self._model = model
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._runs = runs
        self._lease = lease
        self._store = Store(database)
        self._done = {each.step: each for each in self._store.steps(run.project, run.id)}
        self._executed: list[tuple[Finished, StepReport]] = []
        self._reused: list[tuple[StepReport, Recipe, Kept]] = []
        self._since_s = 0.0

    @property
    def waiting(self) -> bool:
        """Whether something is not recorded yet."""
        return bool(self._executed or self._reused)

    @property
    def waited_s(self) -> float:
        """How long the oldest of it has waited, in seconds."""
        return time.monotonic() - self._since_s if self.waiting else 0.0

    def reading(self) -> AbstractContextManager[Any]:
        """One snapshot for many look-ups."""
        return self._database.read()

    def find(self, recipe: Recipe, *, forced: bool) -> Kept | None:
        """What is kept for a recipe; of a forced step only what this very run has made, before it was interrupted."""
        kept = self._store.find(self._run.project, recipe.key)
        if forced and (kept is None or kept.run_id != self._run.id):
            return None
        return kept

    def executed(self, finished: Finished) -> None:
        """Note that a step ran; `flush` makes it durable."""
        self._mark()
        self._executed.append((finished, self._report(finished, "executed")))

    def reused(self, step: Step, recipe: Recipe, kept: Kept) -> None:
        """Note that a kept result was used; one that this run made before an interruption is recorded already."""
        if kept.run_id == self._run.id and step.name in self._done:
            return
        self._mark()
        before = Finished(step=step, recipe=recipe, closure=_NONE, seed=0, outputs=kept.outputs, attempts=0)
        report = msgspec.structs.replace(self._report(before, "reused"), made_by=kept.run_id)
        self._reused.append((report, recipe, kept))

    def failed(self, finished: Finished) -> None:
        """Record a step that gave no result, with all that waits."""
        with self._database.transaction():
            self.flush()
            self._lease.check()
            report = self._report(finished, "failed")
            self._store.record(self._run.project, self._run.id, self._model, [(report, finished.recipe)])
            self._ledger.record(
                StepBroken(step=report.step, key=report.key, attempts=report.attempts), subject=report.ref
            )

    def flush(self) -> None:
        """Record all that waits, in one transaction."""
        if not self.waiting:
            return
        project, run = self._run.project, self._run
        with self._database.transaction():
            self._lease.check()
            if self._executed:
                self._store.keep_closures(project, [finished.closure for finished, _ in self._executed])
                kept = [
                    (report, Kept(finished.outputs, finished.points, run.id)) for finished, report in self._executed
                ]
                self._store.keep(project, kept, at=self._clock.now())
            for finished, report in self._executed:
                self._record_executed(finished, report)
            rows = [(report, finished.recipe) for finished, report in self._executed]
            rows += [(report, recipe) for report, recipe, _ in self._reused]
            self._store.record(project, run.id, self._model, rows)
            if self._reused:
                self._record_reused()
            self._log_points()
        self._executed.clear()
        self._reused.clear()

    def steps(self) -> list[StepReport]:
        """What became of the steps of the run so far."""
        return self._store.steps(self._run.project, self._run.id)

    def _mark(self) -> None:
        if not self.waiting:
            self._since_s = time.monotonic()

    def _report(self, finished: Finished, status: Any) -> StepReport:
        return StepReport(
            step=finished.step.name,
            status=status,
            key=finished.recipe.key,
            code_digest=finished.recipe.closure,
            made_by=self._run.id,
            outputs=finished.outputs,
            reasons=finished.reasons,
            attempts=finished.attempts,
            seed=finished.seed,
            recorded_at=wall(),
            took_us=finished.took_us,
            printed=finished.printed,
            error=finished.error,
        )

    def _record_executed(self, finished: Finished, report: StepReport) -> None:
        used = [f"code:{report.code_digest}"]
        used += [f"object:{each.object}" if each.object else each.source for each in finished.recipe.ingredients]
        event = StepExecuted(
            step=report.step,
            key=report.key,
            code=report.code_digest,
            outputs=[OutputDigest(each.output, each.content, each.object) for each in report.outputs],
            attempts=report.attempts,
            took_us=report.took_us,
        )
        made = [f"object:{each.object}" for each in report.outputs]
        self._ledger.record(
            event, subject=report.ref, used=list(dict.fromkeys(used)), generated=list(dict.fromkeys(made))
        )

    def _record_reused(self) -> None:
        steps = [ReusedStep(report.step, report.key, f"run:{kept.run_id}") for report, _, kept in self._reused]
        used = list(dict.fromkeys(report.ref for report, _, _ in self._reused))
        self._ledger.record(StepsReused(steps=steps), subject=self._run.ref, used=used)

    def _log_points(self) -> None:
        """What steps measured belongs to this run too when it only used their results."""
        points = [point for finished, _ in self._executed for point in finished.points]
        points += [point for _, _, kept in self._reused for point in kept.points]
        if points:
            self._runs.log_metrics(self._run.ref, [MetricPoint(each.key, each.value, each.step) for each in points])


_NONE = Closure("", "", ())
