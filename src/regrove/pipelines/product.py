"""The end of a run: what was learned, as the registry takes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from regrove.digest import canonical
from regrove.pipelines.kitchen import Kitchen
from regrove.pipelines.prepare import Prepared
from regrove.pipelines.recipe import Made
from regrove.pipelines.trained import Learned, ServingCode, ServingFunction, TrainedModel

if TYPE_CHECKING:
    from regrove.storage import Vault

__all__ = ["Verdict", "trained", "verdict"]

_Made = Mapping[str, Mapping[str, Made]]


class Verdict(msgspec.Struct, frozen=True):
    """What the step ``evaluate`` found; a metric that has no meaning on this holdout is None."""

    metrics: dict[str, float | None]
    classes: list[Any]

    @property
    def values(self) -> dict[str, float]:
        """The metrics as floats, NaN for one without a meaning."""
        return {key: math.nan if value is None else value for key, value in self.metrics.items()}


def verdict(vault: Vault, made: _Made) -> Verdict:
    """The verdict of a run."""
    return vault.read_json(made["evaluate"]["evaluate"].object, Verdict)


def trained(prepared: Prepared, kitchen: Kitchen, vault: Vault, made: _Made, run_ref: str) -> TrainedModel:
    """Everything that the model version is made of; its serving code is packaged and kept on the way."""
    config = prepared.config
    found = verdict(vault, made)
    learned = vault.read_json(made["signature"]["signature"].object, Learned)
    estimator = made[config.trainer][config.trainer]
    trainer = prepared.graph.steps[config.trainer]
    return TrainedModel(
        name=prepared.model,
        task=config.task,
        format=estimator.form,
        model_digest=estimator.object,
        request=learned.request,
        features=learned.features,
        target=config.target,
        classes=tuple(found.classes),
        serving=_serving(prepared, kitchen, vault),
        run_ref=run_ref,
        metric=config.metric,
        metrics={key: value for key, value in found.metrics.items() if value is not None},
        params=config.params,
        seed=kitchen.seed(kitchen.recipe(trainer, made)),
        inputs={name: source.digest for name, source in sorted(kitchen.sources.items())},
        trusted_types=tuple(sorted(config.trusted_types)),
        steps={
            name: prepared.code.closure(name).digest
            for name in sorted({config.features, config.target, config.trainer})
        },
    )


def _serving(prepared: Prepared, kitchen: Kitchen, vault: Vault) -> ServingCode:
    sources = prepared.code.extract(prepared.chain) if prepared.chain else {}
    steps = [prepared.graph.steps[name] for name in prepared.chain]
    return ServingCode(
        request=prepared.config.request,
        chain=tuple(
            ServingFunction(
                step.name, step.module, tuple((need.parameter, need.name, need.form) for need in step.needs)
            )
            for step in steps
        ),
        source_digest=vault.add_bytes(canonical(sources)),
        code_digest=kitchen.chain_digest(),
    )
