"""Judging declared models and the code that they name before anything acts on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from regrove.errors import InvalidInput, NotFound, nearest
from regrove.pipelines.graph import BUILT_IN, Graph, build
from regrove.pipelines.kinds import Names
from regrove.pipelines.rolling import extended
from regrove.pipelines.rolling import names as rolling
from regrove.pipelines.rules import check, serving_chain, time_columns

if TYPE_CHECKING:
    from regrove.datasets.config import DatasetConfig
    from regrove.pipelines.code import Codebase, FunctionInfo
    from regrove.pipelines.config import ModelConfig
    from regrove.pipelines.request import RunRequest

__all__ = ["Reviewed", "check_step", "review", "review_model"]


class Reviewed(msgspec.Struct, frozen=True):
    """A model's graph that keeps every rule."""

    config: ModelConfig
    """As declared, with the params that were asked for."""
    graph: Graph
    chain: tuple[str, ...]
    """The functions of the serving path."""
    time_columns: tuple[str, ...]


def review(
    models: Mapping[str, ModelConfig],
    datasets: Mapping[str, DatasetConfig],
    code: Codebase,
    root: Path,
    request: RunRequest | None = None,
) -> None:
    """Check the graph of every model, and then the run that is asked for; nothing is imported or run.

    ``root`` is the folder of ``code``. Raises what `review_model` raises, for the first model of which it is true, and
    NotFound or InvalidInput for a request whose model or steps are not there.
    """
    functions, names = code.functions(), Names(root)
    for name in models:
        review_model(name, models, datasets, functions, names)
    if request is not None:
        found = review_model(request.model, models, datasets, functions, names, request.params, also=request.only)
        for step in (request.from_step, request.only):
            check_step(found.graph, step)


def review_model(
    name: str,
    models: Mapping[str, ModelConfig],
    datasets: Mapping[str, DatasetConfig],
    functions: Mapping[str, FunctionInfo],
    names: Names,
    params: Mapping[str, Any] | None = None,
    *,
    also: str = "",
) -> Reviewed:
    """The graph of the model ``name``, checked; ``params`` stand before the declared ones.

    ``also`` names one more function that the graph shall reach. Raises NotFound for a model that is not declared,
    InvalidInput or Refused for whatever would stop a run.
    """
    if name not in models:
        raise NotFound(
            f"There is no model {name!r}",
            expected=f"one of {', '.join(models) or '(none is declared)'}",
            received=repr(name),
            mend=nearest(name, models) or f"add [models.{name}] to regrove.toml",
        )
    config = models[name]
    added = rolling(config)
    if also and also not in functions and also not in (*BUILT_IN, *added):
        known = [*functions, *BUILT_IN, *added]
        raise InvalidInput(
            f"There is no step {also!r}",
            expected=f"one of {', '.join(known)}",
            received=repr(also),
            mend=nearest(also, known) or f"leave it out, or write a function {also}",
        )
    config = msgspec.structs.replace(config, params={**config.params, **(params or {})})
    graph = build(name, config, functions, tuple(datasets), names, also="" if also in added else also)
    check(graph, config, datasets)
    graph = extended(graph, config)
    return Reviewed(config, graph, serving_chain(graph, config), time_columns(graph, config, datasets))


def check_step(graph: Graph, step: str) -> None:
    """Raise InvalidInput, with the nearest name, for a ``step`` that the graph has not; an empty one is none."""
    if step and step not in graph.steps:
        raise InvalidInput(
            f"The pipeline of {graph.model!r} has no step {step!r}",
            expected=f"one of {', '.join(graph.steps)}",
            received=repr(step),
            mend=nearest(step, graph.steps) or f"name one of them: regrove why {graph.model} tells what each does",
        )
