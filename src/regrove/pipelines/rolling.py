"""The steps that show what a model says of rows that it has not learnt from: rolling origins, and the rows of a run.

The holdout is one stretch of time. To know how a recipe usually does, the trainer is fitted again on the rows before
each of some *origins* that stand equally spaced in the last part of the training side, and predicts the stretch from
there to the next one. ``reference-rows`` puts those answers and the model's own on the holdout beside the rows of the
request: what gates compare on and monitors remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from regrove.pipelines.config import Task
from regrove.pipelines.graph import Graph, Need, Origin, Step
from regrove.pipelines.kinds import Kind
from regrove.pipelines.options import StepOptions
from regrove.pipelines.reads import Reads
from regrove.pipelines.recipe import Ingredient, seed_of

if TYPE_CHECKING:
    from regrove.pipelines.config import ModelConfig

__all__ = [
    "REFERENCE",
    "SEEDS",
    "Fit",
    "Recalling",
    "Rolling",
    "Want",
    "chain",
    "extended",
    "names",
    "origin",
    "seeds",
    "told",
]

REFERENCE: Final = "reference-rows"
"""The step whose result is the run's artifact ``reference``. A function cannot be called so: there is a hyphen."""
_PREFIX: Final = "origin-"

SEEDS: Final = "seeds"
"""The given name under which a rolling step gets the seed of each function that it runs."""


class Want(msgspec.Struct, frozen=True):
    """A parameter of such a function and what fills it."""

    parameter: str
    kind: Literal["train", "made", "given", "kept"]
    """``made``: by an earlier function of the same fit; ``kept``: a dataset, or a step that does not see ``train``."""
    source: str
    form: str
    """Of a frame ``lazy`` or ``eager``."""

    @property
    def argument(self) -> str:
        """Under which name the step gets it; two functions may want one frame in both forms."""
        return f"{self.source}:{self.form}" if self.kind == "kept" else self.kind


class Fit(msgspec.Struct, frozen=True):
    """One function between ``train`` and the fitted estimator."""

    function: str
    module: str
    wants: tuple[Want, ...]
    keys: tuple[str, ...]
    """The params that it reads."""


class Rolling(msgspec.Struct, frozen=True):
    """What the step of one origin is told."""

    task: Task
    place: int
    """Which origin: 1 is the earliest."""
    origins: int
    span: str
    embargo: str
    fits: tuple[Fit, ...]
    """In running order; the last one is the trainer."""


class Recalling(msgspec.Struct, frozen=True):
    """What the step `REFERENCE` is told."""

    task: Task
    origins: int


def origin(place: int) -> str:
    """The step of an origin.

    >>> origin(1)
    'origin-1'
    """
    return f"{_PREFIX}{place}"


def names(config: ModelConfig) -> tuple[str, ...]:
    """The steps that are added for a model, in running order."""
    return (*(origin(place) for place in range(1, config.rolling + 1)), REFERENCE)


def extended(graph: Graph, config: ModelConfig) -> Graph:
    """The graph with these steps at its end."""
    steps = dict(graph.steps)
    for name in names(config)[:-1]:
        steps[name] = _origin(name, graph, config)
    made = tuple(Need(name, Origin.STEP, name, name, "eager") for name in names(config)[:-1])
    roles = tuple(Need(role, Origin.STEP, (f := getattr(config, role)), f, "eager") for role in ("request", "target"))
    needs = (
        *roles,
        Need("sides", Origin.STEP, "split", "sides", "eager"),
        Need("holdout", Origin.STEP, "split", "holdout"),
        Need("trainer", Origin.STEP, config.trainer, config.trainer),
        Need("signature", Origin.STEP, "signature", "signature"),
        *made,
    )
    steps[REFERENCE] = Step(REFERENCE, needs, Kind.FRAME)
    return Graph(graph.model, steps)


def told(step: Step, graph: Graph, config: ModelConfig) -> Rolling | Recalling:
    """What a step of this module is told."""
    if step.name == REFERENCE:
        return Recalling(config.task, config.rolling)
    fits = _fits(graph, config)
    place = int(step.name.removeprefix(_PREFIX))
    return Rolling(config.task, place, config.rolling, config.origin_span, config.split.embargo, fits)


def chain(graph: Graph, config: ModelConfig) -> tuple[str, ...]:
    """The functions that stand on ``train``, down to the trainer: those that run again for each origin."""
    behind = graph.ancestors(config.trainer, stop=("split",))
    standing = set(graph.descendants("split"))
    return tuple(name for name in behind if name in standing and name != "split")


def seeds(rolling: Rolling, ingredients: Sequence[Ingredient]) -> dict[str, int]:
    """The seed of each function. Where the trainer stands on ``train`` and datasets alone it is that of the model."""
    known = {each.parameter: each for each in ingredients}
    behind: dict[str, tuple[Ingredient, ...]] = {}
    for fit in rolling.fits:
        found: list[Ingredient] = []
        for want in fit.wants:
            if want.kind == "made":
                found += behind[want.source]
            elif want.kind != "given":
                found.append(known[want.argument])
        behind[fit.function] = tuple(found)
    return {name: seed_of(name, found) for name, found in behind.items()}


def _origin(name: str, graph: Graph, config: ModelConfig) -> Step:
    running = [graph.steps[each] for each in chain(graph, config)]
    needs = {"train": Need("train", Origin.STEP, "split", "train"), SEEDS: Need(SEEDS, Origin.GIVEN, SEEDS)}
    for step, fit in zip(running, _fits(graph, config), strict=True):
        for need, want in zip(step.needs, fit.wants, strict=True):
            if want.kind == "kept":
                needs[want.argument] = msgspec.structs.replace(need, parameter=want.argument)
            elif want.kind == "given" and want.source != "seed":
                needs[want.source] = Need(want.source, Origin.GIVEN, want.source)
    return Step(name, tuple(needs.values()), Kind.FRAME, options=_options(running), reads=_reads(running))


def _fits(graph: Graph, config: ModelConfig) -> tuple[Fit, ...]:
    running = chain(graph, config)
    return tuple(_fit(graph.steps[name], running, config) for name in running)


def _fit(step: Step, running: Sequence[str], config: ModelConfig) -> Fit:
    keys = tuple(sorted(key for key in config.params if step.reads.covers(key)))
    return Fit(step.name, step.module, tuple(_want(need, running) for need in step.needs), keys)


def _want(need: Need, running: Sequence[str]) -> Want:
    if need.origin is Origin.GIVEN:
        return Want(need.parameter, "given", need.name, "")
    if need.origin is Origin.STEP and need.name == "split":
        return Want(need.parameter, "train", need.output, "")
    made = need.origin is Origin.STEP and need.name in running
    return Want(need.parameter, "made" if made else "kept", need.name, need.form)


def _options(running: Sequence[Step]) -> StepOptions:
    options = [step.options for step in running]
    return StepOptions(
        retries=max(each.retries for each in options),
        backoff_s=max(each.backoff_s for each in options),
        variables=tuple(sorted({name for each in options for name in each.variables})),
    )


def _reads(running: Sequence[Step]) -> Reads:
    return Reads(
        tuple(sorted({key for step in running for key in step.reads.needed})),
        tuple(sorted({key for step in running for key in step.reads.optional})),
        any(step.reads.all for step in running),
    )
