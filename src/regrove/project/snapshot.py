"""A snapshot of a project's source: every module of the project that its declared module reaches.

Data files, notebooks and tests are no part of it. It is one object, the canonical JSON of relative path and text, and
is laid out again as a folder when steps run: from the record, never from the work tree.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from regrove.digest import canonical, of_bytes
from regrove.errors import Corrupt
from regrove.storage import Vault

__all__ = ["Snapshot", "lay_out", "write"]


class Snapshot(msgspec.Struct, frozen=True):
    """Relative path (with ``/``) and text of each module."""

    files: dict[str, str]

    @property
    def digest(self) -> str:
        """The digest under which the vault holds it."""
        return of_bytes(canonical(self.files))


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write the modules below ``folder``; Corrupt when one would stand outside it."""
    for name, text in files.items():
        target = (folder / name).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise Corrupt("A snapshot names a file outside its folder", received=name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def lay_out(vault: Vault, digest: str, cache: Path) -> Path:
    """The folder with the files of the snapshot ``digest``; made once, written aside and renamed.

    A folder whose files differ from the record (somebody edited the cache) is laid out again.
    """
    folder = cache / digest.removeprefix("b3-1:")[:32]
    files = vault.read_json(digest, dict[str, str])
    if _holds(folder, files):
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=cache, prefix=".aside-"))
    write(files, aside)
    if folder.exists():
        stale = Path(tempfile.mkdtemp(dir=cache, prefix=".stale-"))
        os.rename(folder, stale / "code")
        shutil.rmtree(stale, ignore_errors=True)
    try:
        os.rename(aside, folder)
    except OSError:
        # Another process laid the same content out meanwhile: its folder is as good as ours.
        shutil.rmtree(aside, ignore_errors=True)
        if not _holds(folder, files):
            raise
    return folder


def _holds(folder: Path, files: dict[str, str]) -> bool:
    try:
        return all((folder / name).read_text(encoding="utf-8") == text for name, text in files.items())
    except OSError:
        return False
