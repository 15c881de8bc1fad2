"""Running the steps of a graph: what is kept is verified and used, the rest is executed, each result recorded.

Objects are written before the rows that name them. A result that was made is recorded within `LAG_S` or before the
next wait, whichever comes first, in one transaction with its event and under the lease of the run. Steps that need each
other run in order, others at the same time.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import msgspec

from regrove.errors import StepFailed, Unavailable
from regrove.execution import Task
from regrove.pipelines.call import Failure, Outcome, pack, unpack
from regrove.pipelines.pantry import Pantry
from regrove.pipelines.progress import Listener, Noticed, Printed, StepDone, StepKept, StepRetried, StepStarted
from regrove.pipelines.recipe import Made, Recipe
from regrove.pipelines.records import Finished, Records

if TYPE_CHECKING:
    from regrove.execution import Executor
    from regrove.pipelines.graph import Step
    from regrove.pipelines.kitchen import Kitchen
    from regrove.storage import Vault

__all__ = ["LAG_S", "Engine"]

LAG_S: Final = 0.05
"""How long a result may wait to be recorded together with others, while steps go on."""
_CHILD: Final = "regrove.pipelines.child:run"
_LONGEST_WAIT_S: Final = 60.0

Why = Callable[["Step", Recipe], tuple[str, ...]]
"""Gives the reasons for executing a step."""


class _Attempt(msgspec.Struct):
    """A step that is being executed."""

    step: Step
    recipe: Recipe
    number: int
    reasons: tuple[str, ...]


class Engine:
    """Brings the steps of one run to their end; made for one run and used once."""

    def __init__(
        self,
        kitchen: Kitchen,
        *,
        vault: Vault,
        executor: Executor,
        records: Records,
        root: Path,
        scratch: str,
        listener: Listener,
        why: Why,
    ) -> None:
        self._kitchen = kitchen
        self._pantry = Pantry(vault)
        self._executor = executor
        self._records = records
        self._root = root
        self._scratch = scratch
        self._say = listener
        self._why = why
        self._made: dict[str, dict[str, Made]] = {}
        self._flying: dict[Future[bytes], _Attempt] = {}
        self._later: list[tuple[float, int, _Attempt]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pantry.close()

    def run(self, wanted: Collection[str], forced: Collection[str]) -> dict[str, dict[str, Made]]:
        """Make what the steps ``wanted`` give, using kept results but for those ``forced``; what each step made.

        Raises StepFailed for a step that gave no result, and LeaseLost when another process took the run over.
        """
        steps = self._kitchen.graph.steps
        waiting = [steps[name] for name in steps if name in wanted]
        while waiting or self._flying or self._later:
            waiting = self._advance(waiting, forced)
            self._launch_due()
            if not self._flying or self._records.waited_s > LAG_S:
                self._flush()
            if self._flying or self._later:
                self._collect()
        self._flush()
        return self._made

    def _flush(self) -> None:
        """Record what waits, once its objects have reached the disk."""
        self._pantry.settle()
        self._records.flush()

    def _advance(self, waiting: list[Step], forced: Collection[str]) -> list[Step]:
        """Start or reuse every step whose inputs are made; those that must wait on."""
        left: list[Step] = []
        started: list[_Attempt] = []
        with self._records.reading():
            for step in waiting:
                if all(each in self._made for each in step.upstream()):
                    started += self._begin(step, force=step.name in forced)
                else:
                    left.append(step)
            for attempt in started:  # looked up while the steps run already
                if not attempt.reasons:
                    attempt.reasons = self._why(attempt.step, attempt.recipe)
                self._say(StepStarted(attempt.step.name, attempt.number, attempt.reasons))
        return left

    def _begin(self, step: Step, *, force: bool) -> list[_Attempt]:
        """Reuse what is kept of a step, or start it."""
        recipe = self._kitchen.recipe(step, self._made)
        kept = self._records.find(recipe, forced=force)
        reasons = ("it was asked to run again",) if force else ()
        if kept is not None:
            damage = self._pantry.damage(kept.outputs)
            if not damage:
                self._made[step.name] = {each.output: each for each in kept.outputs}
                self._records.reused(step, recipe, kept)
                self._say(StepKept(step.name, f"run:{kept.run_id}"))
                return []
            self._say(Noticed(step.name, damage))
            reasons = (damage,)
        attempt = _Attempt(step, recipe, 1, reasons)
        self._submit(attempt)
        return [attempt]

    def _submit(self, attempt: _Attempt) -> None:
        step = attempt.step
        held = {each: self._pantry.take(each) for each in self._kitchen.objects(step, self._made)}
        scratch = f"{self._scratch}/{step.name}-{attempt.number}-"
        call = self._kitchen.call(step, attempt.recipe, held, self._made, scratch=scratch, root=self._root)
        future = self._executor.submit(Task(id=step.name, function=_CHILD, payload=pack(call)))
        self._flying[future] = attempt

    def _launch_due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            attempt = heapq.heappop(self._later)[2]
            self._submit(attempt)
            self._say(StepStarted(attempt.step.name, attempt.number, attempt.reasons))

    def _collect(self) -> None:
        """Wait until a step is done, a retry is due, or it is time to record."""
        limits = [_LONGEST_WAIT_S]
        if self._later:
            limits.append(self._later[0][0] - time.monotonic())
        if self._records.waiting:
            limits.append(LAG_S)
        timeout = max(0.0, min(limits))
        if not self._flying:
            time.sleep(timeout)
            return
        done, _ = wait(self._flying, timeout=timeout, return_when=FIRST_COMPLETED)
        for future in done:
            self._settle(self._flying.pop(future), future)

    def _settle(self, attempt: _Attempt, future: Future[bytes]) -> None:
        try:
            outcome: Outcome = unpack(future.result(), Outcome)
        except Unavailable as error:  # the worker died: killed, or out of memory
            happened = f"The step {attempt.step.name} ended without an answer: {error.happened}"
            outcome = Outcome(failure=Failure(happened, error.expected, error.received, error.mend, again=True))
        if outcome.printed:
            self._say(Printed(attempt.step.name, outcome.printed))
        if outcome.failure is not None:
            self._fail(attempt, outcome, outcome.failure)
            return
        outputs = tuple(self._pantry.put(each) for each in outcome.results)
        self._made[attempt.step.name] = {each.output: each for each in outputs}
        self._records.executed(
            Finished(
                step=attempt.step,
                recipe=attempt.recipe,
                closure=self._kitchen.closure(attempt.step),
                seed=self._kitchen.seed(attempt.recipe),
                outputs=outputs,
                points=outcome.points,
                reasons=attempt.reasons,
                attempts=attempt.number,
                took_us=outcome.took_us,
                printed=outcome.printed,
            )
        )
        rows = outputs[0].about.get("rows") if outputs else None
        self._say(StepDone(attempt.step.name, outcome.took_us, rows))

    def _fail(self, attempt: _Attempt, outcome: Outcome, failure: Failure) -> None:
        options = attempt.step.options
        if failure.again and attempt.number <= options.retries:
            pause = min(options.backoff_s * 2 ** (attempt.number - 1), _LONGEST_WAIT_S)
            self._say(StepRetried(attempt.step.name, attempt.number, pause, failure.happened))
            again = msgspec.structs.replace(attempt, number=attempt.number + 1)
            heapq.heappush(self._later, (time.monotonic() + pause, id(again), again))
            return
        for future in self._flying:
            future.cancel()
        self._pantry.settle()
        tries = f" ({attempt.number} attempts)" if attempt.number > 1 else ""
        error = StepFailed(
            failure.happened + tries, expected=failure.expected, received=failure.received, mend=failure.mend
        )
        self._records.failed(
            Finished(
                step=attempt.step,
                recipe=attempt.recipe,
                closure=self._kitchen.closure(attempt.step),
                seed=self._kitchen.seed(attempt.recipe),
                reasons=attempt.reasons,
                attempts=attempt.number,
                took_us=outcome.took_us,
                printed=outcome.printed,
                error=str(error),
            )
        )
        raise error
