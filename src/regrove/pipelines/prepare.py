"""From the declaration in force to a graph that has been checked: everything that is refused before a step runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from regrove.errors import InvalidInput, NotFound, nearest
from regrove.pipelines.code import Codebase
from regrove.pipelines.graph import Graph, build
from regrove.pipelines.kinds import Names
from regrove.pipelines.rules import check, serving_chain, time_columns

if TYPE_CHECKING:
    from regrove.pipelines.config import ModelConfig
    from regrove.pipelines.trained import Declarations

__all__ = ["Prepared", "prepare"]


class Prepared(msgspec.Struct, frozen=True):
    """A model's graph, checked, with the declaration and the code that it was read from."""

    model: str
    config: ModelConfig
    graph: Graph
    code: Codebase
    root: Path
    """The folder of the applied source."""
    module: str
    chain: tuple[str, ...]
    """The functions of the serving path."""
    time_columns: tuple[str, ...]
    revision_ref: str
    revision_digest: str


def prepare(
    declarations: Declarations,
    model: str,
    *,
    params: Mapping[str, Any] | None = None,
    also: str = "",
    known: Mapping[tuple[Path, str], Codebase],
) -> Prepared:
    """Read and check the graph of ``model``; ``params`` stand before those of the declaration.

    ``known`` holds code that was read already, by folder and module: a folder of applied source never changes.

    Raises NotFound for a model that is not declared, InvalidInput or Refused for whatever would stop a run.
    """
    names = declarations.model_names()
    if model not in names:
        raise NotFound(
            f"There is no model {model!r}",
            expected=f"one of {', '.join(names) or '(none is declared)'}",
            received=repr(model),
            mend=nearest(model, names) or f"add [models.{model}] to regrove.toml",
        )
    config = declarations.model(model)
    config = msgspec.structs.replace(config, params={**config.params, **(params or {})})
    revision = declarations.revision
    root, module = declarations.code(), declarations.module
    code = known.get((root, module)) or Codebase.load(root, module)
    functions = code.functions()
    datasets = {name: declarations.dataset(name) for name in declarations.dataset_names()}
    if also and also not in functions and also not in ("signature", "split", "evaluate"):
        raise InvalidInput(
            f"There is no step {also!r}",
            expected=f"one of {', '.join(functions)}",
            received=repr(also),
            mend=nearest(also, functions),
        )
    graph = build(model, config, functions, tuple(datasets), Names(root), also=also)
    check(graph, config, datasets)
    return Prepared(
        model=model,
        config=config,
        graph=graph,
        code=code,
        root=root,
        module=module,
        chain=serving_chain(graph, config),
        time_columns=time_columns(graph, config, datasets),
        revision_ref=revision.ref,
        revision_digest=revision.digest,
    )
