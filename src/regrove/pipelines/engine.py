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
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import Corrupt, NotFound, StepFailed, Unavailable
from regrove.execution import Task
from regrove.pipelines.call import Failure, Outcome, Result, pack, unpack
from regrove.pipelines.progress import Listener, Noticed, Printed, StepDone, StepKept, StepRetried, StepStarted
from regrove.pipelines.recipe import Made, Recipe
from regrove.pipelines.records import Finished, Records
from regrove.pipelines.store import Kept

if TYPE_CHECKING:
    from regrove.execution import Executor
    from regrove.pipelines.graph import Step
    from regrove.pipelines.kitchen import Kitchen
    from regrove.storage import Lease, Vault

__all__ = ["LAG_S", "Engine"]

LAG_S: Final = 0.05
"""How long a result may wait to be recorded together with others, while steps go on."""
_RENEW_S: Final = 20.0
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
    began_s: float


class Engine:
    """Brings the steps of one run to their end; made for one run and used once."""

    def __init__(
        self,
        kitchen: Kitchen,
        *,
        vault: Vault,
        executor: Executor,
        records: Records,
        lease: Lease,
        root: Path,
        scratch: Path,
        listener: Listener,
        why: Why,
    ) -> None:
        self._kitchen = kitchen
        self._vault = vault
        self._executor = executor
        self._records = records
        self._lease = lease
        self._root = root
        self._scratch = scratch
        self._say = listener
        self._why = why
        self._made: dict[str, dict[str, Made]] = {}
        self._flying: dict[Future[bytes], _Attempt] = {}
        self._later: list[tuple[float, int, _Attempt]] = []
        self._renewed_s = time.monotonic()

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
                self._records.flush()
            if self._flying or self._later:
                self._collect()
            self._renew()
        self._records.flush()
        return self._made

    def _advance(self, waiting: list[Step], forced: Collection[str]) -> list[Step]:
        """Start or reuse every step whose inputs are made; those that must wait on."""
        left: list[Step] = []
        with self._records.reading():
            for step in waiting:
                if all(each in self._made for each in step.upstream()):
                    self._begin(step, force=step.name in forced)
                else:
                    left.append(step)
        return left

    def _begin(self, step: Step, *, force: bool) -> None:
        recipe = self._kitchen.recipe(step, self._made)
        kept = self._records.find(recipe, forced=force)
        if kept is not None:
            damage = self._damage(kept)
            if not damage:
                self._made[step.name] = {each.output: each for each in kept.outputs}
                self._records.reused(step, recipe, kept)
                self._say(StepKept(step.name, f"run:{kept.run_id}"))
                return
            self._say(Noticed(step.name, damage))
            reasons: tuple[str, ...] = (damage,)
        else:
            reasons = ("it was asked to run again",) if force else self._why(step, recipe)
        self._submit(_Attempt(step, recipe, 1, reasons, time.monotonic()))

    def _damage(self, kept: Kept) -> str:
        """Verify the objects of a kept result; what is wrong with them, or an empty text."""
        for each in kept.outputs:
            try:
                self._vault.fetch(each.object)
            except Corrupt:
                self._vault.delete(each.object)  # or the true bytes could not be put in its place
                return f"its kept result {each.output} was damaged (object {each.object}), so it is made again"
            except NotFound:
                return f"its kept result {each.output} is gone (object {each.object}), so it is made again"
        return ""

    def _submit(self, attempt: _Attempt) -> None:
        step = attempt.step
        scratch = self._scratch / f"{step.name}-{attempt.number}"
        scratch.mkdir(parents=True, exist_ok=True)
        paths = {each: self._vault.fetch(each) for each in self._kitchen.objects(step, self._made)}
        call = self._kitchen.call(step, attempt.recipe, paths, self._made, scratch=scratch, root=self._root)
        self._say(StepStarted(step.name, attempt.number, attempt.reasons))
        future = self._executor.submit(Task(id=step.name, function=_CHILD, payload=pack(call)))
        self._flying[future] = attempt

    def _launch_due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._submit(heapq.heappop(self._later)[2])

    def _collect(self) -> None:
        """Wait until a step is done, a retry is due, or it is time to record or to renew."""
        limits = [_RENEW_S / 2]
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
        outputs = tuple(self._keep(each) for each in outcome.results)
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

    def _keep(self, result: Result) -> Made:
        """Put a result into the vault; its content is its own digest, or that of its bytes."""
        if result.data is not None:
            name = self._vault.add_bytes(result.data)
        else:
            path = Path(result.path)
            name = self._vault.add_file(path)
            path.unlink(missing_ok=True)
        return Made(
            output=result.output,
            kind=result.kind.value,
            content=result.content or name,
            object=name,
            form=result.form,
            about=result.about,
        )

    def _renew(self) -> None:
        if time.monotonic() - self._renewed_s > _RENEW_S:
            self._lease.renew()
            self._renewed_s = time.monotonic()
