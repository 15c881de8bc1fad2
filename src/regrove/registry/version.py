"""Models and their versions, as the registry hands them out."""

from __future__ import annotations

from typing import Any

import msgspec

from regrove.registry.manifest import ModelManifest, ServingCode
from regrove.registry.signature import Output, Signature, Task
from regrove.schema import Schema

__all__ = ["Model", "ModelSpec", "ModelVersion", "Verified"]


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a run hands to `Models.register`. Model file and serving code are in the vault already.

    ``metrics`` and ``run`` are kept beside the version and are no part of its digest.
    """

    name: str
    task: Task
    format: str
    model: str
    """Digest of the model file."""
    request: Schema
    features: Schema
    target: str
    serving: ServingCode
    seed: int
    classes: tuple[str | int | bool, ...] = ()
    params: dict[str, Any] = {}
    inputs: dict[str, str] = {}
    steps: dict[str, str] = {}
    metric: str = ""
    trusted_types: tuple[str, ...] = ()
    run: str = ""
    """The run that trained it, such as ``run:<id>``."""
    metrics: dict[str, float] = {}

    def signature(self) -> Signature:
        """The signature of the version to be."""
        output = Output(task=self.task, classes=self.classes)
        return Signature(request=self.request, features=self.features, output=output)


class ModelVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a model."""

    project: str
    name: str
    ordinal: int
    digest: str
    """Digest of the manifest; it names the content, whatever the ordinal."""
    manifest: ModelManifest
    run: str
    metrics: dict[str, float]
    registered_at: int
    aliases: tuple[str, ...]
    """The aliases that stand at this version now."""

    @property
    def ref(self) -> str:
        """Such as ``model:late-arrival@1``."""
        return f"model:{self.name}@{self.ordinal}"

    @property
    def signature(self) -> Signature:
        """What goes in and what comes out."""
        return self.manifest.signature

    @property
    def task(self) -> Task:
        """What kind of question it answers."""
        return self.manifest.signature.output.task


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model: its name, how many versions there are, and where its aliases stand."""

    project: str
    name: str
    latest: int
    registered_at: int
    """When the first version was registered."""
    aliases: dict[str, int]


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What `Models.verify` looked at and found whole."""

    ref: str
    digest: str
    objects: tuple[str, ...]
    """The digests that were recomputed: manifest, model file, serving code."""
    types: tuple[str, ...]
    """Every type that the model file names."""
