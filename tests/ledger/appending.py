"""Many processes append to one ledger while a cursor reads it; run as a program, so that it forks from a light parent.

    python tests/ledger/appending.py URL PROCESSES APPENDS

Prints the appends a second and exits with 0 only when every process succeeded and the cursor skipped nothing.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import ClassVar

from regrove.clock import SystemClock
from regrove.ledger import Event, Ledger, acting
from regrove.storage import Database


class Counted(Event, frozen=True, kw_only=True):
    """One append of one process."""

    TYPE: ClassVar[str] = "appending.counted"

    process: int
    number: int


class Setup:
    """The database and the ledger in it, made and warmed before the forks, so that children start fast."""

    def __init__(self, url: str) -> None:
        self.database = Database.open(url, busy_timeout=240)
        self.ledger = Ledger(self.database, None, SystemClock())  # type: ignore[arg-type]  # nothing is anchored here
        with acting(actor="service:worker", project="flights"):
            self.record(process=-1, number=0)
        cursor = self.ledger.cursor("follower")
        while cursor.read(5000):  # pass over what earlier runs left
            with self.database.transaction():
                self.start = cursor.advance()
        self.database.close()

    def record(self, *, process: int, number: int) -> None:
        """Record one event in its own transaction."""
        with self.database.transaction():
            self.ledger.record(
                Counted(process=process, number=number),
                subject=f"run:{max(process, 0)}",
                used=["dataset:flights@1"],
                generated=[f"object:{process % 64}-{number}"],
            )

    def append(self, process: int, appends: int, said: int) -> None:
        """Record ``appends`` events, and say so on the pipe ``said`` after each."""
        with acting(actor="service:worker", project="flights"):
            for number in range(appends):
                self.record(process=process, number=number)
                os.write(said, b".")

    def follow(self, total: int, heard: int) -> None:
        """Read with a durable cursor, in small steps, while others append; raise when one is skipped or comes twice."""
        seen, writing = self.start, True
        while seen < self.start + total:
            assert writing, f"all have ended, and nothing comes after position {seen}"
            waiting = 0
            while waiting < 50 and (writing := bool(said := os.read(heard, 50))):
                waiting += len(said)
            cursor = self.ledger.cursor("follower")  # a new one each time: the place is in the database
            with self.database.transaction():
                for entry in cursor.read(100_000 if not writing else 500):
                    seen += 1
                    assert entry.position == seen, f"position {entry.position} came as number {seen}"
                cursor.advance()


def forked(work: Callable[[], None]) -> int:
    """Do ``work`` in a child; returns its process id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def main(url: str, processes: int, appends: int) -> int:
    """Fork the writers and the reader, wait for all, and say how fast it was."""
    setup = Setup(url)
    heard, said = os.pipe()
    began = time.perf_counter()
    children = [forked(lambda p=process: setup.append(p, appends, said)) for process in range(processes)]
    os.close(said)
    children.append(forked(lambda: setup.follow(processes * appends, heard)))
    failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
    print(f"{processes * appends / (time.perf_counter() - began):.0f} appends a second")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
