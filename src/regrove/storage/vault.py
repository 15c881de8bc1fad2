"""The vault: bytes under their own digest, checked whenever they come out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from regrove import digest
from regrove.errors import Conflict, Corrupt, InvalidInput, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from regrove.storage.objects.seam import ObjectStore

__all__ = ["Vault"]

T = TypeVar("T")
_Stamp = tuple[int, int, int, int]


class Vault:
    """Content-addressed objects over an object store, under ``objects/b3-1/ab/<hex>``.

    Adding the same content twice keeps one object. What comes out is what its digest says, or Corrupt is raised with
    the file, both digests and what mends it. Safe to share between threads and processes.

    >>> import tempfile; from pathlib import Path; from regrove.storage import LocalObjects
    >>> vault = Vault(LocalObjects(Path(tempfile.mkdtemp())))
    >>> vault.read(vault.add_bytes(b"rows"))
    b'rows'
    """

    PREFIX: Final = "objects/b3-1/"
    """What the key of every object of a vault begins with."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects
        self._verified: dict[str, _Stamp] = {}

    @staticmethod
    def key(of: str) -> str:
        """The key of the object with the digest ``of``; InvalidInput when it is no digest."""
        bare = digest.check(of).removeprefix(digest.PREFIX)
        return f"{Vault.PREFIX}{bare[:2]}/{bare}"

    def add_bytes(self, data: bytes) -> str:
        """Keep ``data`` and return its digest."""
        name = digest.of_bytes(data)
        self.objects.put_bytes(self.key(name), data)
        return name

    def add_file(self, path: Path) -> str:
        """Keep a copy of the file's bytes and return their digest; Conflict when it changes meanwhile."""
        try:
            before = _stamp(path)
            name = digest.of_file(path)
        except FileNotFoundError:
            raise NotFound("The file is not there", received=str(path)) from None
        except (IsADirectoryError, PermissionError) as error:
            raise InvalidInput("The file cannot be read", received=f"{error.strerror}: {path}") from None
        if self.objects.put_file(self.key(name), path) and _stamp(path) != before:
            self.objects.delete(self.key(name))  # created by this call, perhaps under a digest not its own
            raise Conflict("The file changed while it was being kept", received=str(path), mend="try again later")
        return name

    def add_json(self, value: Any) -> str:
        """Keep the canonical JSON of ``value`` and return the digest of those bytes."""
        return self.add_bytes(digest.canonical(value))

    def fetch(self, of: str) -> Path:
        """A local file with the content ``of``, to be read and never written.

        Its bytes are digested once for each (device, inode, size, time of change) that this vault has seen.
        """
        key = self.key(of)
        path = self._local(key, of)
        if not self._holds(path, of) and self.objects.forget(key):
            path = self._local(key, of)  # the local copy was bad; perhaps the object itself is not
        if not self._holds(path, of):
            raise self._corrupt(str(path), of, digest.of_file(path))
        return path

    def read(self, of: str) -> bytes:
        """The bytes of the content ``of``, checked."""
        try:
            data = self.objects.get(self.key(of))
        except NotFound:
            raise self._missing(of) from None
        if (found := digest.of_bytes(data)) != of:
            raise self._corrupt(f"{self.key(of)} in {self.objects!r}", of, found)
        return data

    def read_json(self, of: str, type: type[T]) -> T:  # noqa: A002  # the name that msgspec gives it too
        """The JSON of the content ``of`` as a ``type``; Corrupt when its form is another."""
        try:
            return msgspec.json.decode(self.read(of), type=type)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"The object is not the JSON of a {type.__name__}", received=f"{of}: {error}") from error

    def has(self, of: str) -> bool:
        """Whether the content ``of`` is kept here; its bytes are not checked."""
        return self.objects.info(self.key(of)) is not None

    def delete(self, of: str) -> None:
        """Delete the content ``of``; nothing happens when it is not kept here."""
        self._verified.pop(of, None)
        self.objects.delete(self.key(of))

    def _local(self, key: str, of: str) -> Path:
        try:
            return self.objects.local(key)
        except NotFound:
            raise self._missing(of) from None

    def _holds(self, path: Path, of: str) -> bool:
        stamp = _stamp(path)
        if self._verified.get(of) == stamp:
            return True
        if digest.of_file(path) != of:
            return False
        self._verified[of] = stamp
        return True

    def _missing(self, of: str) -> NotFound:
        return NotFound("An object is missing", expected=f"{self.key(of)} in {self.objects!r}", mend=_LOST)

    def _corrupt(self, place: str, of: str, found: str) -> Corrupt:
        return Corrupt(
            f"The bytes of an object have changed: {place}",
            expected=of,
            received=found,
            mend=_DAMAGED,
        )


_DAMAGED = "restore the damaged file from a copy; or delete it and run again what made it (regrove trace names it)"
_LOST = "restore it from a copy; or run again what made it (regrove trace names it), which writes what is missing"


def _stamp(path: Path) -> _Stamp:
    stat = os.stat(path)
    return (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
