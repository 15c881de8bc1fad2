"""A month of a deployment, made once, and what the tests of catching up and of crashes do with copies of it."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

DAYS = 14
CONFIG = {
    "deployment": "late",
    "windows": ["1d", "7d"],
    "lateness": "3h",
    "repeat": "2d",
    "drift": {"references": ["train", "previous"], "page": ["train"], "pages_per_quarter": 8},
    "performance": {"metric": "brier", "label_delay": "1d"},
    "schedule": {"every": "5d"},
}


def opened(folder: str, now: int) -> Any:
    """The world over a folder, whose database has its schema already."""
    import msgspec

    from regrove.monitoring import MonitorConfig
    from regrove.storage import Database
    from tests.monitoring.world import World

    root = Path(folder)
    database = Database.open(f"sqlite:///{root / 'regrove.db'}")
    return World(root, database, now=now, late=msgspec.convert(CONFIG, MonitorConfig))


def acting() -> Any:
    from regrove.ledger import acting

    return acting(actor="person:test", project="test")


def prepare(folder: str) -> None:
    """Two weeks: inputs move for two days, then labels turn around; on the eleventh day another model takes over, which
    was made of other data."""
    from regrove.serving.records import Labelled
    from tests.monitoring.world import DAY, START, reference_frame

    world = opened(folder, START)
    with acting():
        world.held = []
        world.trained(1, reference_frame(range(-30, 0), out_of_sample=25))
        world.trained(2, reference_frame(range(-30, 0), out_of_sample=25, seed=5))
        world.publish(1)
        world.answer(range(2))
        world.answer(range(2, 4), shift=3.0)
        world.answer(range(4, 6))
        world.answer(range(6), rows=8, salt=3, delay=3 * DAY)  # labels that come after the block was judged
        world.held += [_corrected(each) for each in world.held if isinstance(each[1], Labelled)][:12]
        world.answer(range(6, 11), wrong=1.0, delay=DAY // 2)
        world.clock.turn_to(START + round(10.6 * DAY))
        world.publish(2)
        world.answer(range(11, DAYS), seed=5, salt=1)
    Path(folder, "held").write_bytes(pickle.dumps(sorted(world.held, key=lambda each: each[0])))
    world.database.close()


def _corrected(sent: Any) -> Any:
    """The labels of a request once more, the other way round, three days later: their block was judged by then."""
    from regrove.serving.records import Label, Labelled
    from tests.monitoring.world import DAY

    at, told, _ = sent
    again = [Label(each.request_id, each.row, not each.value, at + 3 * DAY) for each in told.labels]
    return at + 3 * DAY, Labelled(received_at=at + 3 * DAY, labels=again), None


def deliver(folder: str, until: int) -> None:
    """Write into the log what came by an instant and is not there yet."""
    path = Path(folder, "held")
    held = pickle.loads(path.read_bytes())
    world = opened(folder, until)
    world.send([each for each in held if each[0] <= until])
    path.write_bytes(pickle.dumps([each for each in held if each[0] > until]))
    world.database.close()


def tick(folder: str, at: int) -> None:
    """Tick at an instant, when the log holds what came by then and nothing else."""
    deliver(folder, at)
    world = opened(folder, at)
    with acting():
        world.monitors.tick("late")
    world.database.close()


def state(folder: str, at: int) -> dict[str, Any]:
    """What is on record, for comparing: rows, events and their times, and that every object is there."""
    world = opened(folder, at)
    with acting():
        found = world.state()
        live = world.monitors.live_digests()
    assert world.ledger.verify().ok
    for each in live:
        world.vault.read(each)
    world.database.close()
    return found


def resolve(folder: str, at: int) -> None:
    """End the open alerts by hand."""
    world = opened(folder, at)
    with acting():
        for alert in world.monitors.alerts(state="open"):
            world.monitors.resolve(alert.ref, "known")
    world.database.close()


def fingerprint(folder: str, at: int) -> str:
    """The state as one short text, for a process that cannot hand over more than JSON."""
    return hashlib.blake2b(repr(state(folder, at)).encode()).hexdigest()
