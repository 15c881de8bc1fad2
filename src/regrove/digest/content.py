"""Digests of bytes, files, JSON and trees."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from blake3 import blake3

from regrove.digest.json import canonical
from regrove.errors import InvalidInput

__all__ = ["PREFIX", "check", "of_bytes", "of_file", "of_json", "of_tree"]

PREFIX: Final = "b3-1:"
"""What every digest of version 1 begins with."""

_JSON_CONTEXT = "regrove 2026 digest 1 json"
_DIGEST = re.compile(r"b3-1:[0-9a-f]{64}\Z")
_THREADED_FROM = 1 << 22  # below 4 MiB one thread is faster than starting several


def check(text: str) -> str:
    """Return ``text`` if it is a digest; otherwise raise InvalidInput."""
    if not _DIGEST.match(text):
        raise InvalidInput("This is not a digest", expected="b3-1: and 64 hex digits", received=repr(text))
    return text


def of_bytes(data: bytes | bytearray | memoryview) -> str:
    """The digest of bytes.

    >>> of_bytes(b"")[:21]
    'b3-1:af1349b9f5f9a1a6'
    """
    threads = blake3.AUTO if len(data) >= _THREADED_FROM else 1
    return PREFIX + blake3(data, max_threads=threads).hexdigest()


def of_file(path: str | os.PathLike[str]) -> str:
    """The digest of a file's bytes, read by memory map."""
    hasher = blake3(max_threads=blake3.AUTO)
    hasher.update_mmap(os.fspath(path))
    return PREFIX + hasher.hexdigest()


def of_json(value: Any) -> str:
    """The digest of a value's canonical JSON; see `canonical` for what is accepted."""
    return PREFIX + blake3(canonical(value), derive_key_context=_JSON_CONTEXT).hexdigest()


def of_tree(root: str | os.PathLike[str], paths: Iterable[str] | None = None) -> str:
    """The digest of a folder: each file's path relative to ``root`` (with ``/``) and its digest, sorted by path.

    With ``paths`` only these files count. Empty folders, modes and times do not count.
    """
    base = Path(root)
    names = paths if paths is not None else (p.relative_to(base).as_posix() for p in base.rglob("*") if p.is_file())
    return of_json([[name, of_file(base / name)] for name in sorted(names)])
