"""Columns and schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from regrove.errors import InvalidInput, nearest
from regrove.schema.logical import LogicalType

__all__ = ["Column", "Schema"]


class Column(msgspec.Struct, frozen=True):
    """A named column of one logical type; ``nullable`` says whether a value may be absent."""

    name: str
    type: LogicalType
    nullable: bool = True


class Schema(msgspec.Struct, frozen=True):
    """The columns of a table, in order; names are unique.

    >>> schema = Schema((Column("origin", LogicalType.STRING), Column("hour", LogicalType.INT8)))
    >>> schema.names
    ('origin', 'hour')
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        """Refuse a name that stands twice."""
        seen: set[str] = set()
        for column in self.columns:
            if column.name in seen:
                raise InvalidInput("A column stands twice in a schema", received=repr(column.name))
            seen.add(column.name)

    def __iter__(self) -> Iterator[Column]:
        """The columns in order."""
        return iter(self.columns)

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        """Whether a column has this name."""
        return any(column.name == name for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        """The column called ``name``; InvalidInput with the nearest name when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise InvalidInput(
            f"There is no column {name!r}",
            expected=f"one of {', '.join(self.names)}",
            received=repr(name),
            mend=nearest(name, self.names),
        )

    def select(self, names: Iterable[str]) -> Schema:
        """The schema of these columns only, in the given order."""
        return Schema(tuple(self[name] for name in names))
