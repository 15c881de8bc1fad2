"""What checking a table costs beside only decoding it, on one machine in one run.

    python bench/datasets.py [--rows 2000000] [--json]

Writes a Parquet file of 12 columns, then measures in turn, each in a process of its own so that its peak memory is its
own: a plain decode (the minimum of every column), validation under 16 rules, and a whole registration (validation,
canonical digest, Parquet parts in the vault, profile). Prints seconds, the ratio to the decode, and peak memory above
that of an idle process with the same imports.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODES = ("idle", "decode", "validate", "register")


def write(path: Path, rows: int) -> None:
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(7)
    places = [f"N{number}" for number in range(4_000)]
    pl.DataFrame(
        {
            "flight_id": np.arange(rows),
            "hour": draw.integers(0, 24, rows).astype("int8"),
            "distance": draw.integers(0, 6_000, rows).astype("int32"),
            **{f"x{number}": draw.normal(size=rows) for number in range(5)},
            "origin": draw.choice(["EWR", "JFK", "LGA"], rows),
            "tail": draw.choice(places, rows),
            "late": draw.random(rows) < 0.3,
        }
    ).with_columns(at=(pl.col("flight_id") * 1_000_000).cast(pl.Datetime("us", "UTC"))).write_parquet(path)


def declared() -> object:
    from regrove.datasets import DatasetConfig, Expectation

    rules = [
        Expectation(column="hour", between=(0, 23)),
        Expectation(column="distance", between=(0, 6_000)),
        *(Expectation(column=f"x{number}", between=(-10, 10)) for number in range(5)),
        *(Expectation(column=name, not_null=True) for name in ("hour", "distance", "origin")),
        Expectation(column="origin", in_set=("EWR", "JFK", "LGA")),
        Expectation(column="tail", matches="N[0-9]+"),
        Expectation(where="x0 + x1 < 30"),
    ]
    return DatasetConfig(source="*.parquet", key=["flight_id"], event_time="at", expect=rules)


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root

    def dataset(self, _: str) -> object:
        return declared()

    def dataset_names(self) -> list[str]:
        return ["flights"]


def once(mode: str, folder: Path) -> None:
    import polars as pl

    from regrove.clock import SystemClock
    from regrove.datasets import Datasets, intake, registration, sources
    from regrove.ledger import Ledger, acting
    from regrove.storage import Database, LocalObjects, Vault, migrate

    del intake, registration, sources  # imported for the idle process to hold what the others hold
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        database = Database.open(f"sqlite:///{scratch}/regrove.db")
        migrate(database, backups=None)
        objects = LocalObjects(Path(scratch, "objects"))
        clock = SystemClock()
        datasets = Datasets(database, Vault(objects), Ledger(database, objects, clock), clock, Project(folder))
        with acting(actor="person:bench", project="bench"):
            begun = time.perf_counter()
            if mode == "decode":
                pl.scan_parquet(folder / "table.parquet").select(pl.all().min()).collect(engine="streaming")
            elif mode == "validate":
                assert not datasets.validate("flights").errors
            elif mode == "register":
                datasets.register("flights")
            took = time.perf_counter() - begun
    print(json.dumps({"seconds": took, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def measured(mode: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--mode", mode, "--folder", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--mode", choices=(*MODES, "write"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.mode == "write":
        write(given.folder / "table.parquet", given.rows)
        return
    if given.mode:
        once(given.mode, given.folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # In a process of its own: a child's peak memory begins with its parent's.
        command = [sys.executable, __file__, "--mode", "write", "--folder", scratch, "--rows", str(given.rows)]
        subprocess.run(command, check=True)
        size = (folder / "table.parquet").stat().st_size
        runs = {mode: [measured(mode, folder) for _ in range(given.repeat)] for mode in MODES}
    best = {mode: min(each["seconds"] for each in found) for mode, found in runs.items()}
    peak = {mode: max(each["peak_mib"] for each in found) for mode, found in runs.items()}
    found = {
        mode: {
            "seconds": round(best[mode], 3),
            "ratio": round(best[mode] / best["decode"], 2),
            "peak_mib": round(peak[mode] - peak["idle"]),
        }
        for mode in MODES[1:]
    }
    if given.json:
        print(json.dumps({"rows": given.rows, "columns": 12, "rules": 16, "bytes": size, **found}))
        return
    print(f"{given.rows:,} rows x 12 columns, {size / 2**20:.0f} MiB of Parquet, 16 rules; best of {given.repeat}")
    for mode, numbers in found.items():
        took, ratio, memory = numbers["seconds"], numbers["ratio"], numbers["peak_mib"]
        print(f"  {mode:<9} {took:>7.3f} s  {ratio:>6.2f} x decode  {memory:>5} MiB")


if __name__ == "__main__":
    main()
