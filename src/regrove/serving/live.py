"""What a server answers from: a loaded model beside the generation that named it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol

from regrove.schema import LogicalType, Schema, decode_rows
from regrove.serving.generation import Generation
from regrove.serving.records import Answering

__all__ = ["Live", "Model", "example"]


class Model(Protocol):
    """A loaded model. Used by one thread at a time or by many: it must not change when it predicts."""

    @property
    def request(self) -> Schema:
        """The fields that a row of a request has."""
        ...

    @property
    def output(self) -> Schema:
        """The fields that an answer has."""
        ...

    @property
    def target(self) -> LogicalType:
        """The type of a label: what an answer turned out to be."""
        ...

    def predict(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """The answer's fields, each as a list over the rows of ``columns``, which `decode_rows` made."""
        ...


class Live:
    """A generation with its model, ready to answer; never changed once made."""

    def __init__(self, generation: Generation, model: Model) -> None:
        self.generation = generation
        self.model = model
        revision = generation.revision
        self.answering = Answering(
            generation=generation.number,
            revision=revision.number,
            model=revision.model,
            model_digest=revision.model_digest,
            sticky=revision.config.sticky,
            request=model.request,
            output=model.output,
            target=model.target,
        )

    def read(self, rows: Sequence[Any]) -> dict[str, list[Any]]:
        """The fields of ``rows``, each a list over them; InvalidInput names the row and field that cannot be used."""
        return decode_rows(rows, self.model.request)

    def answer(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """The fields of the answers to what `read` made."""
        return self.model.predict(columns)

    def warm(self) -> None:
        """Predict made-up rows, so that the first caller does not pay for what is loaded late.

        A function of the project may refuse one made-up row with reason; a model that answers none of them is not let
        live, and its error is raised.
        """
        error: Exception | None = None
        for row in example(self.model.request):
            try:
                self.answer(self.read([row]))
            except Exception as refusal:  # noqa: BLE001  # edge: the project's own functions run here
                error = error or refusal
            else:
                return
        if error is not None:
            raise error


_PLAIN: dict[LogicalType, Any] = {
    LogicalType.BOOLEAN: False,
    LogicalType.STRING: "",
    LogicalType.CATEGORY: "",
    LogicalType.BINARY: "",
    LogicalType.DATE: date(2000, 1, 1).isoformat(),
    LogicalType.TIMESTAMP: datetime(2000, 1, 1, tzinfo=UTC).isoformat(),
}


def example(schema: Schema) -> list[dict[str, Any]]:
    """Made-up rows of a schema, as JSON gives them: zeros and empty texts, then ones, then null wherever it may be.

    >>> from regrove.schema import Column
    >>> example(Schema((Column("hour", LogicalType.INT8),)))
    [{'hour': 0}, {'hour': 1}, {'hour': None}]
    """
    zeros = {column.name: _PLAIN.get(column.type, 0) for column in schema}
    ones = {column.name: _PLAIN.get(column.type, 1) for column in schema}
    nulls = {column.name: None if column.nullable else zeros[column.name] for column in schema}
    return [zeros, ones, nulls]
