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
    """Loads models by the digest of their manifest; the last one is kept, for a generation that changes only limits."""

    def __init__(self, objects: ObjectStore) -> None:
        self._vault = Vault(objects)
        self._last: tuple[str, LoadedModel] | None = None

    def __call__(self, generation: Generation) -> LoadedModel:
        """The model of a generation.

        Raises what `Predictor.read` raises: objects that are missing or changed, types that nobody vouches for, code
        that cannot be imported, an estimator that does not fit its signature.
        """
        digest = generation.revision.model_digest
        if self._last is None or self._last[0] != digest:
            self._last = (digest, LoadedModel(Predictor.read(digest, self._vault)))
        return self._last[1]
