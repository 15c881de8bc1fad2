"""What the crash tests run and kill; it loads little, because each run imports it anew."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from regrove.clock import HandClock
from regrove.ledger import Ledger, acting
from regrove.ledger.tables import cursors, edges, events, head
from regrove.storage import Database, LocalObjects
from tests.ledger.facts import Noted

LETTERS = "abcdef"

done = sa.Table("test_done", sa.MetaData(), sa.Column("letter", sa.Text, primary_key=True))
"""The changes whose events are recorded, and those that the reader made because of them."""


def opened(folder: str) -> tuple[Database, Ledger]:
    """The workspace in ``folder``, made when it is not there."""
    database = Database.open(f"sqlite:///{folder}/regrove.db")
    with database.transaction() as transaction:
        for table in (events, edges, head, cursors):
            table.create(transaction.connection, checkfirst=True)
        done.create(transaction.connection, checkfirst=True)
    return database, Ledger(database, LocalObjects(Path(folder) / "objects"), HandClock())


def act(folder: str) -> dict[str, object]:
    """Change something letter by letter with two events each, anchor, erase, react by a cursor; go on from a kill."""
    database, ledger = opened(folder)
    with acting(actor="service:worker", project="flights"):
        for letter in LETTERS:
            with database.transaction() as transaction:
                if transaction.insert_new(done, {"letter": letter}):
                    for end in "12":
                        ledger.record(Noted(text=letter + end), subject=f"run:{letter}", used=["dataset:flights@1"])
            if letter in "bd":
                ledger.anchor()
        if ledger.get(3).payload is not None:
            ledger.erase(3, "reason")
        react(database, ledger)
        ledger.anchor()
    return state(folder)


def react(database: Database, ledger: Ledger) -> None:
    """Answer each first event of a letter with a change of its own, in the transaction in which the cursor moves."""
    cursor = ledger.cursor("reactions")
    while entries := cursor.read(2, types=["test.noted"]):
        with database.transaction() as transaction:
            for entry in entries:
                if entry.event is not None and entry.event.text.endswith("1"):
                    transaction.execute(sa.insert(done), {"letter": f"re {entry.event.text}"})
            cursor.advance()


def state(folder: str) -> dict[str, object]:
    """What is there, and whether it holds."""
    database, ledger = opened(folder)
    found = ledger.verify()
    with database.read() as connection:
        letters = sorted(connection.execute(sa.select(done.c.letter)).scalars())
    return {
        "ok": found.ok,
        "faults": [str(fault) for fault in found.faults],
        "events": [[entry.type, entry.subject[:5], entry.payload is None] for entry in ledger.read()],
        "letters": letters,
        "proven_to": found.proven_to,
        "cursor": ledger.cursor("reactions").position,
    }
