"""What goes into a model and what comes out."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from regrove.errors import InvalidInput
from regrove.schema import Column, LogicalType, Schema

__all__ = ["Label", "Output", "Signature", "Task"]

Task = Literal["binary", "multiclass", "regression"]
"""What kind of question a model answers."""

Label = str | int | bool
"""The name of a class."""

_LABEL_TYPES: Final = {str: LogicalType.STRING, int: LogicalType.INT64, bool: LogicalType.BOOLEAN}


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model answers for a row.

    - ``binary``: ``score``, the probability of the second class;
    - ``multiclass``: ``class``, the most probable one, and ``probability:NAME`` for each class;
    - ``regression``: ``value``.

    >>> Output(task="binary", classes=(False, True)).schema.names
    ('score',)
    """

    task: Task
    classes: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        """Refuse classes that do not fit the task."""
        wanted = {"binary": "2 classes", "multiclass": "at least 2 classes", "regression": "no classes"}[self.task]
        count = len(self.classes)
        fits = {"binary": count == 2, "multiclass": count >= 2, "regression": count == 0}[self.task]
        if not fits or len({type(label) for label in self.classes}) > 1 or len(set(self.classes)) != count:
            raise InvalidInput(
                f"These are not the classes of a {self.task} model",
                expected=f"{wanted}, different and all texts, whole numbers or booleans",
                received=repr(list(self.classes)),
            )

    @property
    def schema(self) -> Schema:
        """The fields of an answer; none is ever null."""
        if self.task == "binary":
            return Schema((Column("score", LogicalType.FLOAT64, nullable=False),))
        if self.task == "regression":
            return Schema((Column("value", LogicalType.FLOAT64, nullable=False),))
        label = Column("class", _LABEL_TYPES[type(self.classes[0])], nullable=False)
        shares = (Column(f"probability:{name}", LogicalType.FLOAT64, nullable=False) for name in self.classes)
        return Schema((label, *shares))


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frames at the three doors of a model: what a request carries, what the estimator sees, what is answered."""

    request: Schema
    features: Schema
    output: Output
