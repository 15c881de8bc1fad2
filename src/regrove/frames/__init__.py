"""Tables in files: finding them, reading them in batches, writing Parquet, and taking foreign frames in.

Inside Regrove a table is a Polars frame. This room is where files become frames and frames become files, and where a
pandas or Arrow table that a user hands in is turned into one; nothing else reads or writes a table's bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.frames.broken import UnreadableFile
    from regrove.frames.interchange import accept
    from regrove.frames.parquet import PART_ROWS, decode_parquet, encode_parquet, scan_parquet, write_parquet
    from regrove.frames.reader import BROKEN, Reader
    from regrove.frames.source import SourceFile, find_files
    from regrove.frames.stream import batches, rechunked

__all__ = [
    "BROKEN",
    "PART_ROWS",
    "Reader",
    "SourceFile",
    "UnreadableFile",
    "accept",
    "batches",
    "decode_parquet",
    "encode_parquet",
    "find_files",
    "rechunked",
    "scan_parquet",
    "write_parquet",
]

_HOMES = {
    "BROKEN": "reader",
    "PART_ROWS": "parquet",
    "Reader": "reader",
    "SourceFile": "source",
    "UnreadableFile": "broken",
    "accept": "interchange",
    "batches": "stream",
    "decode_parquet": "parquet",
    "encode_parquet": "parquet",
    "find_files": "source",
    "rechunked": "stream",
    "scan_parquet": "parquet",
    "write_parquet": "parquet",
}


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
