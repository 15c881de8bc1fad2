"""What the crash tests of storage do in a process that is killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def upgrade(url: str, backups: str) -> list[str]:
    """Bring the database to the newest revision."""
    from regrove.storage import Database, migrate

    database = Database.open(url)
    try:
        return list(migrate(database, backups=Path(backups)).applied)
    finally:
        database.close()


def keep(folder: str) -> list[str]:
    """Objects first, rows after: three facts, each an object and a row that names it."""
    from sqlalchemy import text

    from regrove.storage import Database, LocalObjects, Vault

    root = Path(folder)
    database = Database.open(f"sqlite:///{root / 'regrove.db'}")
    vault = Vault(LocalObjects(root / "objects"))
    names: list[Any] = []
    for n in range(3):
        name = vault.add_bytes(f"content {n}".encode())
        with database.transaction() as transaction:
            transaction.execute(text("CREATE TABLE IF NOT EXISTS kept (n INTEGER PRIMARY KEY, name TEXT)"))
            transaction.execute(text("INSERT OR IGNORE INTO kept VALUES (:n, :name)"), {"n": n, "name": name})
        names.append(name)
    database.close()
    return names


def turn_clock(url: str, at: int) -> None:
    """Turn the clock of a replayed project."""
    from regrove.storage import Database, StoredClock

    StoredClock(Database.open(url), "flights").turn_to(at)
