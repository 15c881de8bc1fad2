"""Writing a page to disk: whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from regrove.errors import InvalidInput, Unavailable

__all__ = ["write_page"]


def write_page(path: str | os.PathLike[str], html: str) -> Path:
    """Write ``html`` to ``path`` in UTF-8, replacing what was there; the absolute path.

    The text is written aside in the same folder, synced and renamed, so a reader sees the old page or the new one.
    Missing folders are made. Raises InvalidInput when ``path`` is a folder, and Unavailable when the disk is full or
    may not be written.
    """
    target = Path(path).absolute()
    if target.is_dir():
        raise InvalidInput(
            "A page cannot be written over a folder",
            expected="the path of a file",
            received=str(target),
            mend=f"name a file in it: {target / 'report.html'}",
        )
    aside = target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}.aside")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(aside, html.encode("utf-8"))
        os.replace(aside, target)
        _sync(target.parent)
    except OSError as error:
        raise Unavailable(
            "The page could not be written",
            expected=f"room, and permission to write in {target.parent}",
            received=f"{error.strerror or error}",
            mend=f"ls -ld '{target.parent}'; df -h '{target.parent}'",
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
    return target


def _write(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
