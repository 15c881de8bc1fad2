"""What ``regrove.toml`` says of a dataset."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec

from regrove import digest
from regrove.datasets.expectations import Expectation, Misdeclared
from regrove.errors import nearest
from regrove.refs import check_name
from regrove.schema import LogicalType

__all__ = ["DatasetConfig", "Declarations"]

_DURATION = re.compile(r"(\d{1,6})([dhms])\Z")
_UNIT: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


class DatasetConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a dataset comes from and what is expected of it.

    ``source`` is a path or glob of Parquet or CSV files, relative to the project. ``key`` names the columns that
    identify a row: never null, unique. ``event_time`` names the timestamp at which a row happened: never null.
    ``columns`` gives the types of columns: checked where the file is Parquet, parsed where it is CSV; ``nulls`` are
    texts in CSV that stand for an absent value beside the empty field.

    In place of ``source``, ``log`` names a deployment: the rows are what it was asked, with the ``label`` that came
    later, as soon as their event is ``matured`` (``5d``) ago; ``columns``, ``key`` and ``event_time`` must be given.

    >>> DatasetConfig(source="data/*.parquet", key=["id"]).on_failure
    'refuse'
    """

    source: str = ""
    log: str = ""
    label: str | None = None
    matured: str = "0s"
    key: list[str] = msgspec.field(default_factory=list)
    event_time: str | None = None
    on_failure: Literal["refuse", "quarantine"] = "refuse"
    columns: dict[str, LogicalType] = msgspec.field(default_factory=dict)
    nulls: list[str] = msgspec.field(default_factory=list)
    expect: list[Expectation] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.log:
            self._check_log()
        elif not self.source.strip():
            raise Misdeclared(
                "source is missing or empty",
                expected="a path or a glob of Parquet or CSV files",
                received=repr(self.source),
                mend='source = "data/*.parquet"',
            )
        elif self.label is not None or self.matured != "0s":
            raise Misdeclared(
                "label and matured belong to a log of predictions",
                expected='log = "DEPLOYMENT" in place of source',
                received=f"source = {self.source!r}",
                mend="remove label and matured",
            )
        if len(set(self.key)) != len(self.key):
            raise Misdeclared(
                "key names a column twice",
                expected="each column once",
                received=", ".join(self.key),
                mend=f"key = {msgspec.json.encode(list(dict.fromkeys(self.key))).decode()}",
            )
        self._check_types()

    def _check_log(self) -> None:
        check_name(self.log, what="deployment")
        if self.source or self.nulls:
            raise Misdeclared(
                "A log of predictions has no files",
                expected="log alone",
                received="source or nulls",
                mend="remove them",
            )
        wanted = {"columns": self.columns, "key": self.key, "event_time": self.event_time, "label": self.label}
        if missing := [name for name, given in wanted.items() if not given]:
            raise Misdeclared(
                f"A log of predictions lacks {', '.join(missing)}",
                expected='columns = { id = "string", at = "timestamp", late = "boolean" }, key, event_time and label',
                received=f"log = {self.log!r}",
                mend="declare which fields of a request, and which label, are to be learned from",
            )
        for name in (*self.key, self.event_time, self.label):
            if name not in self.columns:
                raise Misdeclared(
                    f"The column {name!r} of a log is not among its columns",
                    expected=f"one of {', '.join(self.columns)}",
                    received=repr(name),
                    mend=nearest(str(name), self.columns) or f"add {name} to columns",
                )
        if not _DURATION.match(self.matured):
            raise Misdeclared(
                "matured is no duration",
                expected="a whole number and d, h, m or s: 5d",
                received=repr(self.matured),
                mend='matured = "5d"',
            )

    @property
    def matured_micros(self) -> int:
        """How long ago an event of a log must be, in microseconds."""
        number, unit = _DURATION.match(self.matured).groups()  # type: ignore[union-attr]  # checked when it was made
        return int(number) * _UNIT[unit] * 1_000_000

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
