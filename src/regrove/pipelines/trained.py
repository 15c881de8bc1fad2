"""What a run hands to the registry, and what it needs of other rooms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from regrove.schema import Schema

if TYPE_CHECKING:
    from regrove.datasets.config import DatasetConfig
    from regrove.pipelines.config import ModelConfig

__all__ = [
    "Declarations",
    "Learned",
    "ModelFormat",
    "Models",
    "Revision",
    "ServingCode",
    "ServingFunction",
    "TrainedModel",
]


class Learned(msgspec.Struct, frozen=True):
    """The columns that a request carries, and those that the estimator sees; nullable where a null was seen."""

    request: Schema
    features: Schema


class ServingFunction(msgspec.Struct, frozen=True):
    """One function of the serving path."""

    function: str
    module: str
    """The module of the package that defines it."""
    parameters: tuple[tuple[str, str, str], ...]
    """Of each parameter its name, the function (or the request) whose value fills it, and its form: ``lazy``,
    ``eager``, or empty when it is no frame."""


class ServingCode(msgspec.Struct, frozen=True):
    """The code between ``request`` and ``features``, as it travels with the model."""

    request: str
    """The function whose rows a request carries; it does not run in serving."""
    chain: tuple[ServingFunction, ...]
    """In running order; empty when the request's rows are the features."""
    source_digest: str
    """The object with the canonical JSON of relative path and source of each packaged module."""
    code_digest: str
    """Of the closures of the chain: equal for two models whose serving path means the same."""


class TrainedModel(msgspec.Struct, frozen=True):
    """Everything that a model version is made of. Two runs that made the same model differ in ``run_ref`` alone."""

    name: str
    task: str
    format: str
    model_digest: str
    """The object with the estimator in its format."""
    request: Schema
    features: Schema
    target: str
    """The function that computes what is predicted."""
    classes: tuple[Any, ...]
    """In the order of the probabilities; empty for a regression."""
    serving: ServingCode
    run_ref: str
    metric: str
    metrics: dict[str, float]
    params: dict[str, Any]
    seed: int
    """The seed of the trainer."""
    inputs: dict[str, str]
    """The digest of each dataset version, by the name of the dataset."""
    trusted_types: tuple[str, ...]
    steps: dict[str, str]
    """The code digest (of the closure) of the functions for features, target and trainer, by their names."""


class Models(Protocol):
    """The registry, as far as a run needs it."""

    def register(self, trained: TrainedModel, /) -> str:
        """Register a model version and return its ref; one with the same content is the same version."""
        ...

    def is_whole(self, ref: str, /) -> bool:
        """Whether every object of the version is there; registering it again makes it whole."""
        ...


class Revision(Protocol):
    """An applied declaration."""

    @property
    def ref(self) -> str:
        """``project:flights@2``."""
        ...

    @property
    def digest(self) -> str:
        """Of declaration and source."""
        ...


class Declarations(Protocol):
    """The declaration in force, read from the record."""

    @property
    def root(self) -> Path:
        """The project's folder, for git and the lock file."""
        ...

    @property
    def module(self) -> str:
        """The module of functions."""
        ...

    @property
    def revision(self) -> Revision:
        """The revision in force."""
        ...

    def code(self) -> Path:
        """A folder with the source in force."""
        ...

    def model(self, name: str, /) -> ModelConfig:
        """What is declared of a model."""
        ...

    def model_names(self) -> Sequence[str]:
        """The declared models."""
        ...

    def dataset(self, name: str, /) -> DatasetConfig:
        """What is declared of a dataset."""
        ...

    def dataset_names(self) -> Sequence[str]:
        """The declared datasets."""
        ...


class ModelFormat(Protocol):
    """A plugin of the kind ``model_formats``, as far as a step needs it."""

    name: str

    def accepts(self, value: Any, /) -> bool:
        """Whether it can write ``value``."""
        ...

    def dump(self, model: Any, path: str | os.PathLike[str], /) -> None:
        """Write an estimator: the same bytes for the same estimator."""
        ...

    def audit(self, path: str | os.PathLike[str], /) -> Audit:
        """Which types the file would construct."""
        ...

    def load(self, path: str | os.PathLike[str], /, trusted: Sequence[str] = ()) -> Any:
        """The estimator, if all its types are known or trusted."""
        ...


class Audit(Protocol):
    """Which types a model file names."""

    @property
    def types(self) -> Sequence[str]:
        """All of them."""
        ...

    @property
    def unknown(self) -> Sequence[str]:
        """Those that the format does not vouch for."""
        ...
