"""Many processes append to one ledger at the same time, and none waits for another for ever."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from regrove.ledger import acting
from tests.ledger.facts import Noted, note

PROCESSES, APPENDS = 64, 200
PROGRAM = Path(__file__).with_name("appending.py")


@pytest.mark.timeout(600)
def test_many_processes(any_database, objects, clock):
    """64 processes append 200 events each: none fails, no position is missing, the chain is one, and a cursor that
    reads meanwhile skips nothing."""
    from regrove.ledger import Ledger

    url = any_database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, str(PROGRAM), url, str(PROCESSES), str(APPENDS)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    ledger = Ledger(any_database, objects, clock)
    total = 1 + PROCESSES * APPENDS  # the program warms up with one
    found = ledger.verify()
    assert (found.ok, found.events, found.unbroken_to, found.head) == (True, total, total, ledger.head())
    assert ledger.cursor("follower").position == total
    numbers: dict[int, list[int]] = {process: [] for process in range(-1, PROCESSES)}
    after = 0
    while page := ledger.read(after):
        for entry in page:
            counted = json.loads(entry.payload)  # the program's class of event is not imported here, so it stays raw
            numbers[counted["process"]].append(counted["number"])
        after = page[-1].position
    assert numbers == {process: list(range(APPENDS if process >= 0 else 1)) for process in numbers}


def test_lock_order(any_database, objects, clock):
    """Two transactions that record, and lock one row, in opposite order do not wait for each other for ever.

    Were the head locked when an event is recorded, one would hold the head and wait for the row, the other hold the
    row and wait for the head.
    """
    from regrove.ledger import Ledger
    from regrove.ledger.tables import cursors

    ledger = Ledger(any_database, objects, clock)
    with any_database.transaction() as transaction:
        transaction.insert_new(cursors, {"project": "", "name": "row", "position": 0, "moved_at": 0})
    both, failures = threading.Barrier(2), []

    def touch(transaction) -> None:
        transaction.execute(cursors.update().values(moved_at=cursors.c.moved_at + 1))

    def work(name: str) -> None:
        try:
            with acting(actor="person:test", project="test"):
                for _ in range(30):
                    both.wait()
                    with any_database.transaction() as transaction:
                        if name == "row first":
                            touch(transaction)
                        ledger.record(Noted(text=name), subject="run:a")
                        if name == "row last":
                            touch(transaction)
        except BaseException as error:
            failures.append(error)
            both.abort()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("row first", "row last")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert ledger.head().position == 60
    assert ledger.verify().ok


@pytest.mark.usefixtures("acting")
def test_concurrent_erasure(any_database, objects, clock):
    """Of two that erase the same payload at the same time one does it, and the other changes nothing."""
    from regrove.errors import Conflict, Refused
    from regrove.ledger import Ledger

    ledger = Ledger(any_database, objects, clock)
    note(ledger, any_database)
    both, outcomes = threading.Barrier(2), []

    def erase() -> None:
        with acting(actor="person:test", project="test"):
            both.wait()
            try:
                ledger.erase(1, "reason")
                outcomes.append("erased")
            except (Conflict, Refused):
                outcomes.append("refused")

    threads = [threading.Thread(target=erase) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["erased", "refused"]
    assert ledger.head().position == 2
    assert ledger.verify().ok
