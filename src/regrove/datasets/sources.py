"""The files of a dataset, opened as one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from regrove import digest
from regrove.datasets.config import DatasetConfig
from regrove.datasets.rules import compile_rules
from regrove.errors import Conflict, InvalidInput, nearest
from regrove.frames import Reader, SourceFile, UnreadableFile, find_files
from regrove.frames.csv import infer_types
from regrove.schema import Column, LogicalType, Schema

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Sources", "check_sources", "fingerprint", "open_sources"]


@dataclass(frozen=True)
class Sources:
    """Readers of the files, in order of their names, and the one schema that all of them have."""

    readers: tuple[Reader, ...]
    schema: Schema
    may_be_empty: bool = False
    """Whether a table of no rows is one; a file of none is a mistake."""

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files in order."""
        return tuple(reader.file for reader in self.readers)

    def check_unchanged(self) -> None:
        """Raise Conflict, naming the file, when one was written to since it was found."""
        for file in self.files:
            if not file.unchanged():
                raise Conflict(
                    f"{file.name} changed while it was read",
                    expected="files that stand still",
                    mend="wait until it is written, and write it aside and rename it next time",
                )


def fingerprint(config: DatasetConfig, files: tuple[SourceFile, ...]) -> str:
    """What must be equal for a registration to be known already: the declaration and what the system says of files."""
    return digest.of_json([config.digest(), [[file.path, *file.stamp] for file in files]])


def open_sources(root: Path, config: DatasetConfig) -> Sources:
    """Open what ``config.source`` names.

    Raises NotFound, UnreadableFile or InvalidInput, naming the file, when there is no file, when one is empty or
    damaged, has other columns than the first, or lacks what the declaration names.
    """
    files = find_files(root, config.source)
    types: dict[str, LogicalType] = dict(config.types)
    text = [file for file in files if file.format == "csv"]
    if text:
        types |= infer_types(text, config.types, config.nulls)
    readers = tuple(Reader(file, types=types, nulls=config.nulls) for file in files)
    schemas = [reader.schema() for reader in readers]
    for file, schema in zip(files[1:], schemas[1:], strict=True):
        _check_same(schemas[0], files[0].name, schema, file.name)
    _check_declared(config, schemas[0], files[0].name)
    keyed = tuple(Column(each.name, each.type, nullable=each.name not in config.key) for each in schemas[0])
    return Sources(readers, Schema(keyed))


def check_sources(root: Path, config: DatasetConfig) -> Sources:
    """Open what ``config.source`` names and fit its rules to the columns; not one row is checked.

    Raises what `open_sources` raises, and InvalidInput for a rule that no row of these columns could be held to.
    """
    sources = open_sources(root, config)
    compile_rules(config, sources.schema)
    return sources


def _check_same(first: Schema, first_name: str, other: Schema, name: str) -> None:
    for column in first:
        if column.name not in other:
            raise UnreadableFile(
                f"{name} lacks the column {column.name!r}",
                expected=f"the columns of {first_name}",
                received=", ".join(other.names),
                mend=nearest(column.name, [each for each in other.names if each not in first]),
            )
        if other[column.name].type is not column.type:
            raise UnreadableFile(
                f"{name}: column {column.name!r} has another type than in {first_name}",
                expected=column.type.value,
                received=other[column.name].type.value,
                mend="write the files with one schema",
            )
    extra = [each for each in other.names if each not in first]
    if extra:
        raise UnreadableFile(
            f"{name} has a column that {first_name} does not have",
            expected=", ".join(first.names),
            received=", ".join(extra),
            mend="write the files with one schema",
        )


def _check_declared(config: DatasetConfig, schema: Schema, name: str) -> None:
    wanted = {**dict.fromkeys(config.key, "key"), **dict.fromkeys(config.types, "columns")}
    if config.event_time:
        wanted[config.event_time] = "event_time"
    for column, place in wanted.items():
        if column not in schema:
            raise UnreadableFile(
                f"{name} lacks the column {column!r} that {place} names",
                expected=column,
                received=", ".join(schema.names),
                mend=nearest(column, schema.names) or f"correct {place} in regrove.toml",
            )
    for column in config.key:
        if schema[column].type.is_float or schema[column].type is LogicalType.BINARY:
            raise InvalidInput(
                f"The key column {column!r} cannot identify a row",
                expected="whole numbers, text, dates, timestamps or booleans",
                received=schema[column].type.value,
            )
