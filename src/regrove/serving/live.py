"""What a server answers from: a loaded model beside the generation that named it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol

from regrove.errors import NotFound
from regrove.schema import LogicalType, Schema, decode_rows
from regrove.serving.generation import Generation
from regrove.serving.records import Answering
from regrove.serving.traffic import choose

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
    """A revision of a generation with its model, ready to answer; never changed once made.

    ``models`` holds the model of each arm of the generation, the control's first; ``arm`` says which of them this is.
    """

    def __init__(self, generation: Generation, *models: Model, arm: int = 0) -> None:
        self.generation = generation
        self.revision = revision = generation.arms[arm]
        self.model = model = models[arm]
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
        others = range(1, len(generation.arms)) if arm == 0 else ()
        self.candidates = tuple(Live(generation, *models, arm=other) for other in others)
        """What answers a share of the callers in the control's place."""

    def choose(self, key: str | None, request_id: str, rows: Sequence[Any]) -> Live:
        """The arm that answers this caller: the same for the same key, on every worker.

        The key of a request that carries none is the sticky field of its row, when it has one row; a request of many
        rows is a unit of its own.
        """
        if not self.candidates:
            return self
        arm = choose(self.generation.shares, self.generation.salt, self.caller(key, rows), request_id)
        return self if arm == 0 else self.candidates[arm - 1]

    def caller(self, key: str | None, rows: Sequence[Any]) -> str | None:
        """The key that a request is kept together by: its own, or the sticky field of its only row."""
        if key is None and self.answering.sticky is not None and len(rows) == 1 and isinstance(rows[0], dict):
            value = rows[0].get(self.answering.sticky)
            return None if value is None else str(value)
        return key

    def named(self, revision: int) -> Live:
        """The arm of this revision; NotFound with those that answer now."""
        arms = (self, *self.candidates)
        for arm in arms:
            if arm.revision.number == revision:
                return arm
        raise NotFound(
            f"Revision {revision} does not answer here",
            expected=f"one of {', '.join(str(arm.revision.number) for arm in arms)}",
            received=str(revision),
            mend="leave the header x-regrove-revision out; /readyz says what answers",
        )

    def read(self, rows: Sequence[Any]) -> dict[str, list[Any]]:
        """The fields of ``rows``, each a list over them; InvalidInput names the row and field that cannot be used."""
        return decode_rows(rows, self.model.request)

    def answer(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """The fields of the answers to what `read` made."""
        return self.model.predict(columns)

    def warm(self) -> None:
        """Predict made-up rows on every arm, so that the first caller does not pay for what is loaded late.

        A function of the project may refuse one made-up row with reason; a model that answers none of them is not let
        live, and its error is raised.
        """
        for each in self.candidates:
            each.warm()
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
