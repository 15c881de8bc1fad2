"""What would happen if a pipeline ran now, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from regrove.pipelines.difference import differences
from regrove.pipelines.graph import Origin, Step
from regrove.pipelines.report import Explanation, PlannedStep

if TYPE_CHECKING:
    from regrove.pipelines.kitchen import Kitchen
    from regrove.pipelines.recipe import Made, Recipe
    from regrove.pipelines.store import Store
    from regrove.storage import Database

__all__ = ["Outlook"]

State = Literal["reuse", "execute", "open"]


class Outlook:
    """Compares what a model's steps would stand on now with what they stood on; it only reads."""

    def __init__(self, project: str, model: str, kitchen: Kitchen, store: Store, database: Database) -> None:
        self._project = project
        self._model = model
        self._kitchen = kitchen
        self._store = store
        self._database = database

    def plan(self) -> list[PlannedStep]:
        """Each step and what the next run would do with it."""
        return [
            PlannedStep(
                step=step.name,
                place=step.place,
                needs=tuple(need.name if need.origin is Origin.STEP else need.parameter for need in step.needs),
                state=state,
                reasons=reasons,
            )
            for step, state, reasons in self._states()
        ]

    def explain(self) -> list[Explanation]:
        """Each step, what the next run would do with it, and why the last execution happened."""
        found: list[Explanation] = []
        for step, state, reasons in self._states():
            last = self._store.last_executed(self._project, self._model, step.name)
            closure = self._kitchen.closure(step)
            found.append(
                Explanation(
                    step=step.name,
                    place=step.place,
                    state=state,
                    reasons=reasons,
                    last_run=f"run:{last[0].made_by}" if last else "",
                    last_reasons=last[0].reasons if last else (),
                    widened=tuple(f"{each.where}: {each.reason}; all of {each.to} counts" for each in closure.widened),
                )
            )
        return found

    def reasons(self, step: Step, recipe: Recipe) -> tuple[str, ...]:
        """Why a step without a kept result must run: what changed since it ran for this model the last time."""
        last = self._store.last_executed(self._project, self._model, step.name)
        if last is None:
            return ("it has not run for this model yet",)
        _, before = last
        closure = self._store.closure(self._project, before.closure)
        found = differences(before, recipe, closure, self._kitchen.closure(step))
        return found or ("its kept result is no longer there",)

    def _states(self) -> list[tuple[Step, State, tuple[str, ...]]]:
        made: dict[str, dict[str, Made]] = {}
        with self._database.read():
            return [(step, *self._state(step, made)) for step in self._kitchen.graph.steps.values()]

    def _state(self, step: Step, made: dict[str, dict[str, Made]]) -> tuple[State, tuple[str, ...]]:
        missing = [
            need.name for need in step.needs if need.origin is Origin.DATASET and need.name not in self._kitchen.sources
        ]
        if missing:
            return "execute", tuple(f"the dataset {name} has no version yet" for name in missing)
        before = [name for name in dict.fromkeys(step.upstream()) if name not in made]
        if before:
            return "open", (f"it stands on {', '.join(before)}, which will run",)
        recipe = self._kitchen.recipe(step, made)
        kept = self._store.find(self._project, recipe.key)
        if kept is None:
            return "execute", self.reasons(step, recipe)
        made[step.name] = {each.output: each for each in kept.outputs}
        return "reuse", (f"run:{kept.run_id} made it from the same code, inputs and params",)
