"""Backups of a SQLite database: made before a migration, and named when the database is lost."""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from shlex import quote
from typing import Final

from regrove import clock
from regrove.errors import Unavailable

__all__ = ["back_up", "newest", "restoring"]

_NAME: Final = re.compile(r"regrove-[0-9]{4}-(?P<micros>[0-9]+)\.db")


def back_up(file: Path, at: str, folder: Path) -> Path:
    """Copy the SQLite ``file``, which is at the revision ``at`` and locked for writing, into ``folder``; the copy.

    Written aside, checked, synced, renamed, and the folder synced. Raises Unavailable when that cannot be done.
    """
    final = folder / f"regrove-{at}-{clock.wall()}.db"
    aside = folder / ".regrove.db.part"  # one name: whoever holds the lock may overwrite what a killed one left
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        source = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
        target = sqlite3.connect(aside)
        try:
            source.backup(target)
            answer = target.execute("PRAGMA quick_check").fetchone()[0]
        finally:
            target.close()
            source.close()
        if answer != "ok":
            raise Unavailable("The database is damaged, so it was not migrated", received=str(answer))
        _sync(aside)
        os.replace(aside, final)
        _sync(folder)
    except (sqlite3.Error, OSError) as error:
        raise Unavailable(
            "The backup before the migration could not be written; the database was not touched",
            received=f"{error} ({final})",
            mend="free some space, or choose another folder for backups",
        ) from error
    return final


def newest(folder: Path | None) -> Path | None:
    """The newest backup in ``folder``; None when there is none."""
    try:
        names = os.listdir(folder) if folder is not None else []
    except OSError:
        return None
    found = {int(match["micros"]): name for name in names if (match := _NAME.fullmatch(name))}
    return folder / found[max(found)] if folder is not None and found else None


def restoring(file: Path | None, folder: Path | None) -> str:
    """How the database at ``file`` (None: on a server) comes back: from the newest backup, which it names, or else.

    >>> restoring(None, None)
    'restore the dump of the database that you made'
    """
    if file is None:
        return "restore the dump of the database that you made"
    place, log = quote(str(file)), f"{quote(f'{file}-wal')} {quote(f'{file}-shm')}"
    backup = newest(folder)
    if backup is not None:
        copy = f"cp {quote(str(backup))} {place} && rm -f {log}"
        return f"end every process of the workspace, keep a copy of what is there, then: {copy}; later events are lost"
    where = f"there is no backup in {folder}" if folder is not None else "no folder of backups is known"
    own = f"{where}: put a copy of your own in the place of {place} and remove {log}"
    there = file.is_file() and file.stat().st_size > 0
    return f"{own}; without one, sqlite3 {place} .recover shows what can still be read" if there else own


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
