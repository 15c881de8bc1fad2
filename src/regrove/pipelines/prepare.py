"""From the declaration in force to a graph that has been checked: everything that is refused before a step runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from regrove.pipelines.code import Codebase
from regrove.pipelines.graph import Graph
from regrove.pipelines.kinds import Names
from regrove.pipelines.review import review_model

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
    revision = declarations.revision
    root, module = declarations.code(), declarations.module
    code = known.get((root, module)) or Codebase.load(root, module)
    found = review_model(
        model,
        {name: declarations.model(name) for name in declarations.model_names()},
        {name: declarations.dataset(name) for name in declarations.dataset_names()},
        code.functions(),
        Names(root),
        params,
        also=also,
    )
    return Prepared(
        model=model,
        config=found.config,
        graph=found.graph,
        code=code,
        root=root,
        module=module,
        chain=found.chain,
        time_columns=found.time_columns,
        revision_ref=revision.ref,
        revision_digest=revision.digest,
    )
