"""What a worker costs while nothing happens, and what its playbooks cost when something does.

An idle tick must cost next to nothing, for it is made every two seconds as long as a workspace lives: with 100
playbooks declared it reads how far the ledger has come, and writes nothing. Beside it stands the time from an alert to
the end of its loop, with actions that take no time, so that what is left is the record of it.
"""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAYBOOKS = 100
EVENTS = 20_000
TICKS = 200


def main() -> None:
    """Print the figures."""
    from regrove.ledger import acting

    logging.getLogger("regrove.playbooks").setLevel(logging.ERROR)  # the notices are timed and not read
    with (
        tempfile.TemporaryDirectory(prefix="regrove-bench-") as folder,
        acting(actor="service:worker", project="bench"),
    ):
        for kind, config in _KINDS.items():
            _idle(Path(folder) / kind.replace(" ", "-"), kind, config)
        _alerts(Path(folder) / "alerts")


_KINDS: dict[str, dict[str, Any]] = {
    "on events": {"on": "model.registered", "when": "model.ordinal > 1", "do": ["retrain", "gate", "rollout"]},
    "on schedules": {"on": "schedule", "every": "30d", "do": ["retrain"], "model": "late"},
}


def _idle(folder: Path, kind: str, config: dict[str, Any]) -> None:
    from sqlalchemy import event

    world = _world(folder, {f"p{number}": config for number in range(PLAYBOOKS)})
    world.playbooks.tick()
    counts = {"read": 0, "write": 0}

    def count(*_: Any) -> None:
        counts["read"] += 1

    event.listen(world.database._engine, "before_cursor_execute", count)
    event.listen(world.database._engine, "commit", lambda _: counts.update(write=counts["write"] + 1))
    took = _times(TICKS, world.playbooks.tick)
    head = f"playbooks.tick, idle, {PLAYBOOKS} playbooks {kind}, {EVENTS:,} events in the ledger"
    print(f"{head:<96} {took * 1e3:>8.2f} ms, {counts['read'] / TICKS:.0f} statements, {counts['write']} writes")
    worker = _worker(world)
    worker.tick(world.clock.now())
    took = _times(50, lambda: worker.tick(world.clock.now()))
    print(f"{f'worker.tick, idle, the same with {len(_NAMES)} deployments':<96} {took * 1e3:>8.2f} ms")
    world.database.close()


def _alerts(folder: Path) -> None:
    from tests.playbooks.facts import fire

    config = {"on": "alert.fired", "when": "alert.kind == 'performance'", "do": ["retrain", "gate", "notify"]}
    config["limits"] = {"budget": "100000 per 1d", "concurrent": 1}
    world = _world(folder, {"p": config})
    world.playbooks.tick()

    def live() -> None:
        fire(world.ledger, world.database)
        while world.playbooks.tick():
            pass

    took = _times(30, live)
    print(f"{'from an alert to the end of its loop: retrain, gate, notify':<96} {took * 1e3:>8.2f} ms")
    world.database.close()


_NAMES = [f"d{number}" for number in range(10)]


def _world(folder: Path, playbooks: dict[str, dict[str, Any]]) -> Any:
    from regrove.clock import HandClock
    from regrove.ledger import Ledger
    from regrove.playbooks.events import PlaybookReset
    from regrove.storage import Database, LocalObjects, migrate
    from tests.conftest import START
    from tests.worker.world import World

    folder.mkdir()
    database = Database.open(f"sqlite:///{folder}/regrove.db")
    migrate(database, backups=None)
    ledger = Ledger(database, LocalObjects(folder / "objects"), HandClock(START))
    with database.transaction():
        for number in range(EVENTS):
            ledger.record(PlaybookReset(playbook="p", reason=str(number)), subject="playbook:p")
    world = World(database, ledger, HandClock(START))
    world.names = _NAMES
    world.declared.playbooks = playbooks
    world.declared.number += 1
    return world


def _worker(world: Any) -> Any:
    from regrove.worker import Worker

    return Worker(world)


def _times(count: int, work: Callable[[], object]) -> float:
    """The median of so many runs, in seconds."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


if __name__ == "__main__":
    main()
