"""From a step and what was made before it to its recipe, and to the call that a worker gets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from regrove.digest import of_json
from regrove.pipelines.builtin import Evaluating, Learning, Splitting
from regrove.pipelines.call import Argument, Call, Link
from regrove.pipelines.code import Closure, Codebase
from regrove.pipelines.config import ModelConfig
from regrove.pipelines.graph import Graph, Need, Origin, Step
from regrove.pipelines.kinds import Kind
from regrove.pipelines.recipe import Ingredient, Made, Recipe, seed_of, variables_of
from regrove.pipelines.rolling import REFERENCE, SEEDS, Rolling, chain, names, seeds, told

__all__ = ["Kitchen", "Source"]

_BUILT_IN_VERSIONS: Final = {"split": 2}
"""Of the built-in steps whose way of working has changed; the others are of version 1."""


class Source(msgspec.Struct, frozen=True):
    """A dataset version as steps read it."""

    ref: str
    digest: str
    objects: tuple[str, ...]
    """The Parquet objects of its parts, in order."""
    columns: tuple[tuple[str, str], ...]
    """Name and logical type."""


class Kitchen:
    """Knows of one run what steps stand on: code, params, dataset versions.

    It only reads: the same inputs give the same recipes, in any process.
    """

    def __init__(
        self,
        graph: Graph,
        config: ModelConfig,
        code: Codebase,
        sources: Mapping[str, Source],
        *,
        chain: tuple[str, ...],
        time_columns: tuple[str, ...],
    ) -> None:
        self.graph = graph
        self.config = config
        self.sources = sources
        self._code = code
        self._chain = chain
        self._time_columns = time_columns
        self._closures: dict[str, Closure] = {}

    def closure(self, step: Step) -> Closure:
        """What the code of a step can reach; that of ``signature`` is the code of the whole serving path."""
        known = self._closures.get(step.name)
        if known is None:
            known = self._code.closure(step.name) if step.module else self._built_in_closure(step)
            self._closures[step.name] = known
        return known

    def chain_digest(self) -> str:
        """The digest of the code of the serving path."""
        return of_json([self._code.closure(name).digest for name in self._chain])

    def recipe(self, step: Step, made: Mapping[str, Mapping[str, Made]]) -> Recipe:
        """The recipe of a step whose inputs are ``made``; datasets come from the sources."""
        closure = self.closure(step)
        return Recipe(
            step=step.name,
            closure=closure.digest,
            kind=step.kind.value,
            ingredients=tuple(self._ingredient(need, made) for need in step.needs if need.origin is not Origin.GIVEN),
            params=self._params(step),
            settings=msgspec.to_builtins(self._settings(step)),
            distributions=closure.distributions,
            variables=variables_of(step.options.variables),
        )

    def call(
        self,
        step: Step,
        recipe: Recipe,
        held: Mapping[str, Path | bytes],
        made: Mapping[str, Mapping[str, Made]],
        *,
        scratch: str,
        root: Path,
    ) -> Call:
        """The call of a step; ``held`` gives the checked local file, or the bytes, of each object it reads."""
        return Call(
            step=step.name,
            root=str(root),
            scratch=scratch,
            arguments=tuple(self._argument(need, held, made, recipe) for need in step.needs),
            seed=self.seed(recipe),
            kind=step.kind,
            module=step.module,
            trusted_types=tuple(self.config.trusted_types),
            settings=recipe.settings,
        )

    def seed(self, recipe: Recipe) -> int:
        """The seed of the step with this recipe."""
        return seed_of(recipe.step, recipe.ingredients)

    def objects(self, step: Step, made: Mapping[str, Mapping[str, Made]]) -> list[str]:
        """The objects that a step reads."""
        found: list[str] = []
        for need in step.needs:
            if need.origin is Origin.DATASET:
                found += self.sources[need.name].objects
            elif need.origin is Origin.STEP:
                found.append(made[need.name][need.output].object)
        return found

    def _built_in_closure(self, step: Step) -> Closure:
        base = of_json(["regrove", step.name, _BUILT_IN_VERSIONS.get(step.name, 1)])
        if step.name == "split":
            return Closure(step.name, base, ())
        behind: tuple[str, ...] = (self.config.trainer,)
        if step.name == "signature":
            behind = self._chain
        elif step.name not in ("evaluate", REFERENCE):  # an origin
            behind = chain(self.graph, self.config)
        closures = [self._code.closure(name) for name in behind]
        distributions = dict(pair for each in closures for pair in each.distributions)
        if step.name in ("evaluate", REFERENCE):  # judged through the library's code, not the project's
            return Closure(step.name, base, (), tuple(sorted(distributions.items())))
        parts = tuple(sorted({part for each in closures for part in each.parts}))
        digest = of_json([base, [each.digest for each in closures]])
        return Closure(step.name, digest, parts, tuple(sorted(distributions.items())))

    def _ingredient(self, need: Need, made: Mapping[str, Mapping[str, Made]]) -> Ingredient:
        if need.origin is Origin.DATASET:
            source = self.sources[need.name]
            return Ingredient(need.parameter, source.ref, source.digest)
        name = need.name if need.output == need.name else f"{need.name}.{need.output}"
        value = made[need.name][need.output]
        return Ingredient(need.parameter, name, value.content, value.object)

    def _params(self, step: Step) -> dict[str, Any]:
        if not any(need.name == "params" and need.origin is Origin.GIVEN for need in step.needs):
            return {}
        return {key: value for key, value in self.config.params.items() if step.reads.covers(key)}

    def _settings(self, step: Step) -> Any:
        if step.module:
            return None
        if step.name == "split":
            return Splitting(self.config.split, self._time_columns)
        if step.name == "evaluate":
            return Evaluating(self.config.task)
        if step.name in names(self.config):
            return told(step, self.graph, self.config)
        return Learning(self.config.request, tuple(self._link(self.graph.steps[name]) for name in self._chain))

    def _link(self, step: Step) -> Link:
        needs = tuple((need.parameter, need.name, need.form) for need in step.needs)
        return Link(step.name, step.module, needs)

    def _argument(
        self,
        need: Need,
        held: Mapping[str, Path | bytes],
        made: Mapping[str, Mapping[str, Made]],
        recipe: Recipe,
    ) -> Argument:
        if need.origin is Origin.GIVEN:
            return Argument(need.parameter, form=need.name, value=self._given(need.name, recipe))
        if need.origin is Origin.DATASET:
            source = self.sources[need.name]
            files = tuple(str(held[each]) for each in source.objects)
            return Argument(need.parameter, Kind.FRAME, files, form=need.form, schema=list(source.columns))
        output = made[need.name][need.output]
        value = held[output.object]
        kind, form = Kind(output.kind), self._form(need, output)
        if isinstance(value, bytes):
            return Argument(need.parameter, kind, data=value, form=form)
        return Argument(need.parameter, kind, (str(value),), form=form)

    def _given(self, name: str, recipe: Recipe) -> Any:
        if name == SEEDS:
            return seeds(msgspec.convert(recipe.settings, Rolling), recipe.ingredients)
        return {"params": recipe.params, "seed": self.seed(recipe), "run": None}[name]

    def _form(self, need: Need, output: Made) -> str:
        kind = Kind(output.kind)
        if kind is Kind.FRAME:
            return need.form
        if kind is Kind.SIDE:
            return need.output
        if kind is Kind.ESTIMATOR:
            return output.form
        producer = self.graph.steps[need.name]
        return f"{producer.module}:{producer.name}" if kind is Kind.JSON and producer.module else ""
