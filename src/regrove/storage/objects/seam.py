"""What an object store promises, whatever keeps the bytes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["ObjectInfo", "ObjectStore", "check_key", "check_prefix"]

_KEY: Final = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.=+:@,\-]{0,199}(/[A-Za-z0-9_\-][A-Za-z0-9_.=+:@,\-]{0,199})*\Z")
_LONGEST: Final = 900  # S3 allows 1024 bytes, of which a prefix takes some


class ObjectInfo(msgspec.Struct, frozen=True):
    """What is known of an object without reading it: key, size in bytes, microseconds UTC of its writing."""

    key: str
    size: int
    modified_at: int


class ObjectStore(ABC):
    """Bytes under keys, written once.

    Contract (``tests/contracts/objects.py`` holds it): a put creates and never replaces, and of two at the same time
    exactly one creates; an object is there whole or not at all, whenever a process is killed; once a put has returned
    the object has reached the disk (or the service has acknowledged it). Keys are relative paths of plain segments.
    Safe to share between threads and processes. Missing objects raise NotFound, a store that does not answer or has
    no room raises Unavailable.
    """

    @abstractmethod
    def put_bytes(self, key: str, data: bytes) -> bool:
        """Create the object; False when one is there already, which stays as it is."""

    @abstractmethod
    def put_file(self, key: str, path: Path) -> bool:
        """Create the object from a copy of the file; False when one is there already, which stays as it is."""

    @abstractmethod
    def get(self, key: str) -> bytes:
        """The object's bytes."""

    @abstractmethod
    def local(self, key: str) -> Path:
        """A local file that holds the object, to be read and never written; remote stores download it once."""

    @abstractmethod
    def info(self, key: str) -> ObjectInfo | None:
        """Size and time of the object, or None when there is none."""

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The objects whose key begins with ``prefix`` (a folder ends with ``/``), sorted by key."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin with ``prefix``, sorted; where size and time cost more, they are not looked for."""
        for info in self.list(prefix):
            yield info.key

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete the object; nothing happens when there is none."""

    @abstractmethod
    def forget(self, key: str) -> bool:
        """Drop a local copy of a remote object; True when there was one, so that reading again may help."""


def check_key(key: str) -> str:
    """Return ``key`` if it may name an object; otherwise raise InvalidInput.

    >>> check_key("deployments/flights/late-arrival/00000001")
    'deployments/flights/late-arrival/00000001'
    """
    if len(key) > _LONGEST or not _KEY.match(key):
        raise InvalidInput(
            "This cannot be the key of an object",
            expected="segments of letters, digits and _-.=+:@, joined by single slashes, none beginning with '.'",
            received=repr(key[:200]),
        )
    return key


def check_prefix(prefix: str) -> str:
    """Return ``prefix`` if keys may begin with it; otherwise raise InvalidInput."""
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix
