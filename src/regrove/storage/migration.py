"""Bringing a database to the schema that this code expects.

The history in ``migrations/versions`` is linear, and its revisions are four digits. Each revision is one transaction
together with the record that it was applied, on both databases, so that a process killed anywhere leaves a database of
some whole revision from which the next call goes on. Two processes that migrate at once take turns.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import inspect, text

from regrove.errors import Refused
from regrove.storage.backup import back_up, newest

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.script import Script, ScriptDirectory
    from sqlalchemy import Connection

    from regrove.storage.database import Database

__all__ = ["Migration", "head", "migrate", "revision"]

_HERE: Final = Path(__file__).parent / "migrations"
_TABLE: Final = "alembic_version"
_ADVISORY: Final = 0x5265_6772_6F76_65  # "Regrove"; whoever migrates on PostgreSQL holds the lock of this number


class Migration(msgspec.Struct, frozen=True):
    """What `migrate` did: the revisions applied, oldest first, and the path of the backup ('' when none was made).

    ``note`` is a sentence for the user when a backup is theirs to make.
    """

    applied: tuple[str, ...] = ()
    backup: str = ""
    note: str = ""


def head() -> str:
    """The newest revision that this code knows."""
    return max(name[:4] for name in os.listdir(_HERE / "versions") if name[:4].isdigit() and name.endswith(".py"))


def revision(database: Database) -> str:
    """The revision of the database, or '' when it is empty or not made yet."""
    if database.file is not None and (not database.file.exists() or database.file.stat().st_size == 0):
        return ""  # without a connection, which would make the file
    with database.read() as connection:
        return _revision(connection)


def migrate(database: Database, *, backups: Path | None, before_first: Callable[[], None] = lambda: None) -> Migration:
    """Apply the revisions that the database lacks.

    A SQLite database that holds anything is first copied into the folder ``backups`` (None: no copy is wanted);
    ``before_first`` is called before an empty one is touched, and may refuse it by raising. Raises Refused, before
    anything changes, for a database newer than this code or one of another program; Unavailable when the backup or the
    change cannot be written.
    """
    at = revision(database)
    if at == head():
        return Migration()
    if not at:
        before_first()
    if database.read_only:
        raise database.unwritable(f"revision {head()}, to which it would have to be brought")
    scripts = _scripts()
    applied: list[str] = []
    backup = ""
    while (step := _step(database, scripts, None if applied else backups)) is not None:
        applied.append(step[0])
        backup = backup or step[1]
    note = ""
    if at and applied and database.dialect == "postgresql":
        note = "The backup of a PostgreSQL database is yours to make: pg_dump before an upgrade."
    return Migration(tuple(applied), backup, note)


def _step(database: Database, scripts: ScriptDirectory, backups: Path | None) -> tuple[str, str] | None:
    """Apply one revision: its number and the path of the backup made before it; None when nothing is left to do."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    with database.transaction() as transaction:
        if database.dialect == "postgresql":
            transaction.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})
        at = _revision(transaction.connection)
        _refuse_newer(scripts, at, database.backups)
        script = _next(scripts, at)
        if script is None:
            return None
        if not at and database.dialect == "sqlite":
            _refuse_foreign(transaction.connection)
        # The lock is held and nothing is written yet, so the copy is exactly what is about to be changed.
        backup = str(back_up(database.file, at, backups)) if at and backups is not None and database.file else ""
        context = MigrationContext.configure(transaction.connection)
        with Operations.context(context):
            script.module.upgrade()
        context.stamp(scripts, script.revision)
    return script.revision, backup


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(_HERE), version_locations=[str(_HERE / "versions")])


def _next(scripts: ScriptDirectory, at: str) -> Script | None:
    history = list(scripts.walk_revisions())[::-1]
    if not at:
        return history[0]
    place = [script.revision for script in history].index(at) + 1
    return history[place] if place < len(history) else None


def _refuse_newer(scripts: ScriptDirectory, at: str, backups: Path | None) -> None:
    known = [script.revision for script in scripts.walk_revisions()]
    if at and at not in known:
        older = newest(backups)
        raise Refused(
            "The database is newer than this Regrove",
            expected=f"revision {known[0]} or an older one",
            received=f"revision {at}",
            mend=f"pip install --upgrade regrove{f'; or go back to the copy made before: {older}' if older else ''}",
        )


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table(_TABLE):
        return ""
    return connection.execute(text(f"SELECT version_num FROM {_TABLE}")).scalar() or ""  # noqa: S608  # a constant


def _refuse_foreign(connection: Connection) -> None:
    tables = [name for name in inspect(connection).get_table_names() if name != _TABLE]
    if tables:
        raise Refused(
            "The database file belongs to another program",
            expected="an empty or new file, or a database of Regrove",
            received=f"tables {', '.join(sorted(tables)[:5])}",
            mend="choose another path for the database",
        )
