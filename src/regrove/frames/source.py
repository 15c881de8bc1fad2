"""The files that a source names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import InvalidInput, NotFound, nearest
from regrove.frames.broken import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SourceFile", "find_files"]

_FORMATS: Final = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}
_MAGIC = "*?["


class SourceFile(msgspec.Struct, frozen=True, order=True):
    """One file of a source as it was when it was found.

    ``name`` is the path as people read it, relative to the project with ``/`` where that is possible; ``stamp`` is what
    the system says of the file (device, inode, size, modified and changed in nanoseconds), equal as long as nobody
    has written to it.
    """

    name: str
    path: str
    format: str
    stamp: tuple[int, int, int, int, int]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stamp[2]

    @property
    def settled_at_ns(self) -> int:
        """When the file was last touched, in nanoseconds since 1970 by the file system's clock."""
        return max(self.stamp[3], self.stamp[4])

    def unchanged(self) -> bool:
        """Whether the file still is what it was when it was found."""
        try:
            return _stamp(Path(self.path)) == self.stamp
        except OSError:
            return False


def find_files(root: Path, source: str) -> tuple[SourceFile, ...]:
    """The Parquet and CSV files that ``source`` (a path or a glob, relative to ``root``) names, sorted by name.

    Hidden files and folders do not count. Raises NotFound when nothing matches, InvalidInput for a folder or a file of
    another format, UnreadableFile for one without a byte.
    """
    paths = _matches(root, source)
    if not paths:
        raise NotFound(
            f"No file matches {source!r}",
            expected=f"at least one file under {root}",
            received="none",
            mend=_near(root, source),
        )
    return tuple(sorted(_found(root, path) for path in paths))


def _matches(root: Path, source: str) -> Sequence[Path]:
    base, pattern = (root, source) if not os.path.isabs(source) else (Path("/"), source.lstrip("/"))
    if not source.strip():
        raise InvalidInput("A source names no file", expected="a path or a glob", received=repr(source))
    if not any(mark in pattern for mark in _MAGIC):
        path = base / pattern
        if path.is_dir():
            raise InvalidInput(
                f"The source {source!r} is a folder",
                expected="a file or a glob",
                received="a folder",
                mend=f'source = "{source.rstrip("/")}/*.parquet"',
            )
        return [path] if path.exists() else []
    hidden = pattern.startswith(".") or "/." in pattern
    matches = (path for path in base.glob(pattern) if path.is_file())
    return [path for path in matches if hidden or not _is_hidden(path.relative_to(base))]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") and part != ".." for part in path.parts)


def _found(root: Path, path: Path) -> SourceFile:
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    lower = path.name.lower()
    kind = next((kind for suffix, kind in _FORMATS.items() if lower.endswith(suffix)), "")
    if not kind:
        raise InvalidInput(
            f"{name} is of a format that Regrove does not read",
            expected=f"a name that ends in {', '.join(_FORMATS)}",
            received=path.suffix or "no suffix",
            mend="narrow the glob, or convert the file",
        )
    stamp = _stamp(path)
    if stamp[2] == 0:
        raise UnreadableFile(f"{name} is empty", expected="a table", received="0 bytes", mend="write the file again")
    return SourceFile(name=name, path=str(path), format=kind, stamp=stamp)


def _stamp(path: Path) -> tuple[int, int, int, int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _near(root: Path, source: str) -> str:
    if os.path.isabs(source):
        return "check the path"
    folder = (root / source).parent
    if any(mark in str(folder) for mark in _MAGIC) or not folder.is_dir():
        return f"make the folder {Path(source).parent.as_posix()} and put the files there"
    names = [path.name for path in folder.iterdir() if path.is_file()]
    return nearest(Path(source).name, names) or f"put the files into {Path(source).parent.as_posix()}"
