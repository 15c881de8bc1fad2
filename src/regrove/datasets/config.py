"""What ``regrove.toml`` says of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

import msgspec

from regrove import digest
from regrove.datasets.expectations import Expectation, Misdeclared
from regrove.schema import LogicalType

__all__ = ["DatasetConfig", "Declarations"]


class DatasetConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a dataset comes from and what is expected of it.

    ``source`` is a path or glob of Parquet or CSV files, relative to the project. ``key`` names the columns that
    identify a row: never null, unique. ``event_time`` names the timestamp at which a row happened: never null.
    ``columns`` gives the types of columns: checked where the file is Parquet, parsed where it is CSV; ``nulls`` are
    texts in CSV that stand for an absent value beside the empty field.

    >>> DatasetConfig(source="data/*.parquet", key=["id"]).on_failure
    'refuse'
    """

    source: str
    key: list[str] = msgspec.field(default_factory=list)
    event_time: str | None = None
    on_failure: Literal["refuse", "quarantine"] = "refuse"
    columns: dict[str, LogicalType] = msgspec.field(default_factory=dict)
    nulls: list[str] = msgspec.field(default_factory=list)
    expect: list[Expectation] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if not self.source.strip():
            raise Misdeclared(
                "source is empty",
                expected="a path or a glob of Parquet or CSV files",
                received=repr(self.source),
                mend='source = "data/*.parquet"',
            )
        if len(set(self.key)) != len(self.key):
            raise Misdeclared(
                "key names a column twice",
                expected="each column once",
                received=", ".join(self.key),
                mend=f"key = {msgspec.json.encode(list(dict.fromkeys(self.key))).decode()}",
            )
        self._check_types()

    def _check_types(self) -> None:
        kinds = dict(self.columns)
        for rule in self.expect:
            if rule.type is not None and kinds.setdefault(rule.column, rule.type) is not rule.type:
                raise _two_types(f"column {rule.column!r}", kinds[rule.column], rule.type)
        if self.event_time and kinds.get(self.event_time, LogicalType.TIMESTAMP) is not LogicalType.TIMESTAMP:
            raise _two_types(f"event_time {self.event_time!r}", LogicalType.TIMESTAMP, kinds[self.event_time])

    @property
    def types(self) -> dict[str, LogicalType]:
        """The declared types: ``columns``, ``type`` expectations of severity error, and the event time."""
        kinds = {rule.column: rule.type for rule in self.expect if rule.type and rule.severity == "error"}
        if self.event_time:
            kinds[self.event_time] = LogicalType.TIMESTAMP
        return kinds | self.columns

    def digest(self) -> str:
        """The digest of the declaration."""
        return digest.of_json(self)


def _two_types(what: str, one: LogicalType, other: LogicalType) -> Misdeclared:
    return Misdeclared(
        f"{what} would be of two types",
        expected=f"one type, such as {one}",
        received=f"{one} and {other}",
        mend="correct its type in columns, or the expectation",
    )


class Declarations(Protocol):
    """The applied declarations of the project, as far as datasets need them."""

    @property
    def root(self) -> Path:
        """The project's folder, which sources are relative to."""
        ...

    def dataset(self, name: str) -> DatasetConfig:
        """The declaration of a dataset; NotFound when there is none of this name."""
        ...

    def dataset_names(self) -> list[str]:
        """The declared datasets."""
        ...
