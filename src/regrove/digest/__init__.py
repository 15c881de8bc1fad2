"""Digests: names made from content.

A digest is ``b3-1:`` and 64 hex digits: blake3 (O'Connor et al., 2020) under version 1 of the rules below. The same
content gives the same digest on every machine and in every process; a change of any rule is a new version.

- bytes and files: blake3 of the bytes, so that ``b3sum`` agrees.
- JSON: blake3 of the canonical text (keys sorted, no spaces, UTF-8, no NaN) under its own key context.
- tables: names, logical types, row count, then values column by column in chunks of fixed height, independent of how
  the table was chunked or which file format held it.
- trees: the canonical JSON of relative path, and digest, of each file.
"""

from regrove.digest.content import PREFIX, check, of_bytes, of_file, of_json, of_tree
from regrove.digest.json import canonical
from regrove.digest.table import TableHasher, of_table

__all__ = [
    "PREFIX",
    "TableHasher",
    "canonical",
    "check",
    "of_bytes",
    "of_file",
    "of_json",
    "of_table",
    "of_tree",
]
