"""From what a run trained to what the registry keeps.

The two rooms are neighbours and do not know each other; here the words of one are put into the words of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from regrove.execution import Task as Work
from regrove.pipelines.trained import ServingCode as PackagedCode
from regrove.pipelines.trained import TrainedModel
from regrove.registry import Models, ModelSpec
from regrove.registry.check import CHECK, pack
from regrove.registry.manifest import Link, ModelManifest, Parameter, ServingCode
from regrove.registry.signature import Task

if TYPE_CHECKING:
    from regrove.execution import Executor
    from regrove.storage import Vault

__all__ = ["ModelSink"]


class ModelSink:
    """Registers trained models, as `regrove.pipelines` asks for it.

    Whether a model could be served is asked of ``executor``, whose process has just trained it.
    """

    def __init__(self, models: Models, vault: Vault, executor: Executor) -> None:
        self._models = models
        self._vault = vault
        self._executor = executor

    def register(self, trained: TrainedModel, /) -> str:
        """Register a version and return its ref; one with the same content is the same version."""
        spec = ModelSpec(
            name=trained.name,
            task=cast("Task", trained.task),  # checked by the declaration
            format=trained.format,
            model=trained.model_digest,
            request=trained.request,
            features=trained.features,
            target=trained.target,
            serving=_serving(trained.serving),
            seed=trained.seed,
            classes=trained.classes,
            params=trained.params,
            inputs=trained.inputs,
            steps=trained.steps,
            trusted_types=trained.trusted_types,
            run=trained.run_ref,
            metric=trained.metric,
            metrics=trained.metrics,
        )
        return self._models.register(spec, check=self._check).ref

    def is_whole(self, ref: str, /) -> bool:
        """Whether every object of the version is there."""
        return self._models.is_whole(ref)

    def _check(self, manifest: ModelManifest) -> None:
        work = Work(id=f"the check of {manifest.name}", function=CHECK, payload=pack(manifest, self._vault))
        self._executor.submit(work).result()


def _serving(code: PackagedCode) -> ServingCode:
    chain = tuple(
        Link(
            function=each.function,
            module=each.module,
            parameters=msgspec.convert(
                [{"name": name, "source": source, "form": form} for name, source, form in each.parameters],
                tuple[Parameter, ...],
            ),
        )
        for each in code.chain
    )
    return ServingCode(
        request=code.request,
        chain=chain,
        object=code.source_digest if chain else "",
        code=code.code_digest if chain else "",
    )
