"""Objects in a local folder.

An object is written aside in ``.aside/``, synced, linked to its place (a link never replaces, so of two writers one
creates) and its folder synced. A process killed on the way leaves at most a file aside, which `sweep` removes later.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, BinaryIO, Final

from regrove import refs
from regrove.errors import InvalidInput, NotFound, Unavailable
from regrove.storage.objects.seam import ObjectInfo, ObjectStore, check_key, check_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LocalObjects"]

_ASIDE: Final = ".aside"
_COPY: Final = 1 << 20
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS})


class LocalObjects(ObjectStore):
    """An object store in the folder ``root``, which is made with the first object."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._known: set[str] = set()

    def __repr__(self) -> str:
        return f"LocalObjects({str(self.root)!r})"

    def put_bytes(self, key: str, data: bytes) -> bool:
        """Create the object; False when one is there already."""
        with self._creating(key) as target:
            return not target.exists() and self._write(target, lambda file: file.write(data))

    def put_file(self, key: str, path: Path) -> bool:
        """Create the object from a copy of the file; False when one is there already."""
        with self._creating(key) as target:
            if target.exists():
                return False
            with _source(path) as source:
                return self._write(target, lambda file: shutil.copyfileobj(source, file, _COPY))

    def get(self, key: str) -> bytes:
        """The object's bytes."""
        return self.local(key).read_bytes()

    def local(self, key: str) -> Path:
        """The object's own file."""
        path = self.root / check_key(key)
        if not path.is_file():
            raise NotFound("The object is not there", received=f"{key} in {self.root}")
        return path

    def info(self, key: str) -> ObjectInfo | None:
        """Size and time of the object, or None when there is none."""
        return _info(self.root / check_key(key), key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The objects whose key begins with ``prefix``, sorted by key."""
        for key in self.keys(prefix):
            if (info := _info(self.root / key, key)) is not None:
                yield info

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin with ``prefix``, sorted; no file is looked at."""
        folder, _, _ = check_prefix(prefix).rpartition("/")
        yield from _walk(str(self.root / folder), f"{folder}/" if folder else "", prefix)

    def delete(self, key: str) -> None:
        """Delete the object; nothing happens when there is none."""
        path = self.root / check_key(key)
        with suppress(FileNotFoundError):
            path.unlink()
            _sync(path.parent)

    def forget(self, key: str) -> bool:
        """Nothing to drop: the object's file is the object."""
        check_key(key)
        return False

    def sweep(self, *, older_s: float = 86_400.0) -> int:
        """Remove what killed writers left aside more than ``older_s`` seconds ago; how many files that were.

        What this process may not remove stays.
        """
        removed = 0
        with suppress(FileNotFoundError, PermissionError):
            for entry in os.scandir(self.root / _ASIDE):
                with suppress(OSError):  # another process sweeps too; and a folder that can only be read is no fault
                    if entry.stat().st_mtime < time.time() - older_s:
                        os.unlink(entry.path)
                        removed += 1
        return removed

    @contextmanager
    def _creating(self, key: str) -> Iterator[Path]:
        try:
            yield self.root / check_key(key)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise Unavailable(
                    "The object could not be written",
                    expected="room on the disk and in the file size limit",
                    received=f"{error.strerror} ({key} in {self.root})",
                    mend="free some space and run the same command again; no half object was left",
                ) from error
            raise Unavailable(
                "The object could not be written",
                expected=f"permission to write in {self.root}",
                received=f"{error.strerror} ({key})",
                mend=f"ls -ld {quote(str(self.root))} shows whose it is; "
                f"chmod -R u+wX {quote(str(self.root))} if it is yours",
            ) from error

    def _write(self, target: Path, fill: Callable[[BinaryIO], object]) -> bool:
        aside = self.root / _ASIDE / refs.new_id()
        self._make(aside.parent)
        try:
            with open(aside, "xb") as file:
                fill(file)
                file.flush()
                os.fchmod(file.fileno(), 0o444)  # written once, so a slip of the hand is stopped too
                os.fsync(file.fileno())
            self._make(target.parent)
            created = _link(aside, target)
        finally:
            aside.unlink(missing_ok=True)
        _sync(target.parent)  # also when another writer created it, who may not have come so far yet
        return created

    def _make(self, folder: Path) -> None:
        """Make a folder so that it survives a loss of power: its entry is synced once by each process that uses it."""
        if str(folder) in self._known and folder.is_dir():
            return
        if folder == self.root:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            self._make(folder.parent)
            with suppress(FileExistsError):
                folder.mkdir()
        _sync(folder.parent)  # also when it was there: another process may have made it a moment ago
        self._known.add(str(folder))


def _link(aside: Path, target: Path) -> bool:
    try:
        os.link(aside, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():  # no hard links here: the last writer of the same key wins, with the same bytes in a vault
            return False
        os.replace(aside, target)
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _source(path: Path) -> Iterator[BinaryIO]:
    try:
        file = open(path, "rb")  # noqa: SIM115  # closed below; opening alone is guarded
    except FileNotFoundError:
        raise NotFound("The file is not there", received=str(path)) from None
    except (IsADirectoryError, PermissionError) as error:
        raise InvalidInput("The file cannot be read", received=f"{error.strerror}: {path}") from None
    with file:
        yield file


def _info(path: Path, key: str) -> ObjectInfo | None:
    try:
        stat = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if path.is_dir():
        return None
    return ObjectInfo(key, stat.st_size, stat.st_mtime_ns // 1_000)


def _walk(folder: str, within: str, prefix: str) -> Iterator[str]:
    """The keys under ``folder``, whose own key is ``within``, in order."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name + "/" * entry.is_dir() for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        key = within + name
        if name.startswith(".") or not (key.startswith(prefix) or prefix.startswith(key)):
            continue
        if name.endswith("/"):
            yield from _walk(f"{folder}/{name}", key, prefix)
        else:
            yield key
