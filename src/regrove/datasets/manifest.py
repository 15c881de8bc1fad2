"""What a dataset version consists of."""

from __future__ import annotations

from typing import Final

import msgspec

from regrove import digest
from regrove.schema import Schema

__all__ = ["Manifest", "Part"]

FORMAT: Final = 1


class Part(msgspec.Struct, frozen=True):
    """Rows that follow one another: how many, the digest of their content, and the object that holds them."""

    rows: int
    table_digest: str
    blob_digest: str


class Manifest(msgspec.Struct, frozen=True):
    """The parts of a version in order, their columns, and what identifies and dates a row.

    All parts but the last have the same number of rows, counted over the whole table, so that the parts, and with them
    the digest, do not depend on the files that the rows came from.
    """

    schema: Schema
    key: tuple[str, ...]
    event_time: str
    rows: int
    parts: tuple[Part, ...]
    format: int = FORMAT

    def content_digest(self) -> str:
        """The digest that names the version: of columns, key, event time and rows.

        The bytes of the Parquet objects do not count: another version of the writer gives other bytes for equal rows.
        """
        return digest.of_json(
            {
                "format": self.format,
                "columns": [[column.name, column.type.value] for column in self.schema],
                "key": list(self.key),
                "event_time": self.event_time,
                "parts": [[part.rows, part.table_digest] for part in self.parts],
            }
        )
