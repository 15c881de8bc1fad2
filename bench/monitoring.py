"""One tick of a worker for 100 and for 1,000 monitors whose history is stored as summaries.

One monitor lives through 63 days of a deployment (900 rows a day, 15 columns and the score), and its record is copied
under other names; then each of them closes one more day. A tick reads that day's rows from the log, counts them, judges
them against the model's own 60 days and the 56 before, follows one mature block, and records it all. What a process may
remember from one monitor to the next is forgotten in between, as it is with many of them. Beside it stands a Sunday,
which ends a week too, and what it would cost to count the history anew from the log.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

ROWS, DAYS = 900, 63
NUMBERS, CATEGORIES = 12, 3


def main() -> None:
    """Print the figures."""
    from regrove.ledger import acting

    with tempfile.TemporaryDirectory(prefix="bench-monitoring-") as name, acting(actor="person:bench", project="test"):
        world = _lived(Path(name))
        print(f"{'one monitor, a day from the log to its verdicts, on the way':<66} {world.spent / DAYS:8.3f} s")
        print(f"{'the objects of one monitor after these days':<66} {_bytes(world) / 1e6:8.2f} MB")
        began = time.perf_counter()
        log = world.monitors._rooms.deployments.predictions("late").collect()
        print(f"{f'only reading its {log.height:,} rows':<66} {time.perf_counter() - began:8.3f} s")
        for count, day in ((100, DAYS + 1), (1000, DAYS + 1), (20, DAYS + 7)):
            _ticked(world, count, day)


def _ticked(world: Any, count: int, day: int) -> None:
    """One tick of so many monitors at the end of a day."""
    import sqlalchemy as sa

    from regrove.monitoring import count as counting
    from tests.monitoring.world import DAY, START

    config = world.declared.monitors["late"]
    names = [f"m{number:04d}" for number in range(count)]
    world.declared.monitors.update(dict.fromkeys(names, config))
    with world.database.transaction() as transaction:
        for table in ("monitors", "monitor_references", "monitor_blocks", "monitor_verdicts", "monitor_losses"):
            key = "name" if table == "monitors" else "monitor"
            transaction.execute(sa.text(f"DELETE FROM {table} WHERE \"{key}\" <> 'late'"))
            columns = [each["name"] for each in sa.inspect(transaction.connection).get_columns(table)]
            picked = ", ".join(f'"{each}"' if each != key else ":new" for each in columns)
            listed = ", ".join(f'"{each}"' for each in columns)
            copy = f"INSERT INTO {table} ({listed}) SELECT {picked} FROM {table} WHERE \"{key}\" = 'late'"
            transaction.execute(sa.text(copy), [{"new": name} for name in names])
    world.clock.turn_to(START + day * DAY)
    if day > DAYS + 1:  # the days before, so that one is left for each
        for name in names:
            _until(world, name, day - 1)
    spent = []
    for name in names:
        counting._summaries.clear()
        world.monitors._rooms.store._frozen.clear()
        began = time.perf_counter()
        report = world.monitors.tick(name)
        spent.append(time.perf_counter() - began)
        assert report.closed == 1, report
    what = "a day" if report.verdicts < 5 else "a day and a week"
    line = f"{count:,} monitors, {what} each ({report.verdicts} verdicts)"
    print(f"{line:<66} {sum(spent):8.1f} s, {1000 * sorted(spent)[count // 2]:.0f} ms each", flush=True)


def _until(world: Any, name: str, day: int) -> None:
    """Say that a monitor has dealt with everything before a day: its blocks are those of the one it was copied from."""
    import msgspec

    from tests.monitoring.world import DAY, START

    store = world.monitors._rooms.store
    (progress,) = store.progress("test", name)
    with world.database.transaction():
        store.move(msgspec.structs.replace(progress, closed_until=START + day * DAY))


def _bytes(world: Any) -> int:
    return sum(len(world.vault.read(each)) for each in world.monitors.live_digests())


def _lived(folder: Path) -> Any:
    """A world in which one monitor has lived through the days."""
    from regrove.monitoring import MonitorConfig, PerformanceConfig
    from regrove.storage import Database, migrate
    from tests.monitoring import world as module

    _widen(module)
    database = Database.open(f"sqlite:///{folder / 'regrove.db'}")
    migrate(database, backups=None)
    config = MonitorConfig("late", performance=PerformanceConfig("log_loss", label_delay="5d"))
    world = module.World(folder, database, late=config)
    world.trained(1, _reference(module))
    world.publish(1)
    world.answer(range(DAYS + 8), rows=ROWS, batches=30)
    world.compact()
    world.tick(1)
    began = time.perf_counter()
    world.tick(DAYS)
    world.spent = time.perf_counter() - began
    return world


def _widen(module: Any) -> None:
    """More columns than the tests have."""
    import numpy as np

    from regrove.registry import Signature
    from regrove.schema import Column, LogicalType, Schema

    numbers = [f"x{place}" for place in range(NUMBERS)]
    texts = [f"kind{place}" for place in range(CATEGORIES)]
    module.REQUEST = Schema(
        tuple(Column(name, LogicalType.FLOAT64) for name in numbers)
        + tuple(Column(name, LogicalType.STRING) for name in texts)
    )
    output = module.SIGNATURE.output
    module.SIGNATURE = Signature(request=module.REQUEST, features=module.REQUEST, output=output)
    original = module.day_rows

    def day_rows(day: int, rows: int = 40, **more: Any) -> dict[str, Any]:
        drawn = original(day, rows, **more)
        rng = np.random.default_rng([3, day + 1000])
        wide = {name: rng.normal(rng.normal(0, 0.1), 1.0, rows).tolist() for name in numbers}
        wide |= {name: rng.choice(list("abcdefgh"), rows).tolist() for name in texts}
        return {"at": drawn["at"], "score": drawn["score"], "late": drawn["late"], **wide}

    module.day_rows = day_rows
    module.FIELDS = (*numbers, *texts)


def _reference(module: Any) -> Any:
    import polars as pl

    parts = []
    for day in range(-60, 0):
        drawn = module.day_rows(day, ROWS)
        frame = pl.DataFrame({f"request.{name}": drawn[name] for name in module.FIELDS})
        times = pl.Series("event_time", drawn["at"], dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
        score = pl.Series("output.score", drawn["score"] if day >= -40 else [None] * ROWS, dtype=pl.Float64)
        parts.append(frame.with_columns(times, score, pl.Series("label", drawn["late"])))
    return pl.concat(parts)


if __name__ == "__main__":
    main()
