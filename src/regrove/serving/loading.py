"""Loading the model that a generation names, from the object store alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regrove.registry import Predictor
from regrove.schema import LogicalType, Schema
from regrove.serving.generation import Generation
from regrove.storage import Vault

if TYPE_CHECKING:
    from regrove.storage import ObjectStore

__all__ = ["LoadedModel", "Loader"]

_LABELS = {bool: LogicalType.BOOLEAN, int: LogicalType.INT64, str: LogicalType.STRING}


class LoadedModel:
    """A predictor of the registry as a server asks it."""

    def __init__(self, predictor: Predictor) -> None:
        self.request: Schema = predictor.request
        self.output: Schema = predictor.output
        classes = predictor.signature.output.classes
        self.target: LogicalType = _LABELS[type(classes[0])] if classes else LogicalType.FLOAT64
        self._predictor = predictor

    def predict(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """The answer's fields for the columns of a request."""
        return self._predictor.predict(columns)


class Loader:
    """Loads models by the digest of their manifest; those of the last generation are kept, for one that shares them."""

    def __init__(self, objects: ObjectStore) -> None:
        self._vault = Vault(objects)
        self._kept: dict[str, LoadedModel] = {}

    def __call__(self, generation: Generation) -> tuple[LoadedModel, ...]:
        """The models of a generation's arms, the control's first.

        Raises what `Predictor.read` raises: objects that are missing or changed, types that nobody vouches for, code
        that cannot be imported, an estimator that does not fit its signature.
        """
        digests = [revision.model_digest for revision in generation.arms]
        loaded = {each: self._kept[each] for each in digests if each in self._kept}
        for each in digests:
            if each not in loaded:
                loaded[each] = LoadedModel(Predictor.read(each, self._vault))
        self._kept = loaded
        return tuple(loaded[each] for each in digests)
