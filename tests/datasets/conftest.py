"""A project with files and declarations, as datasets see it."""

from __future__ import annotations

import os
import time

import polars as pl
import pytest

from regrove.datasets import DatasetConfig, Datasets
from regrove.errors import NotFound


class House:
    """A folder of sources, its declarations, and the service over them."""

    def __init__(self, root, database, vault, ledger, clock):
        self.root = root
        self.configs = {}
        self.database, self.vault, self.ledger, self.clock = database, vault, ledger, clock
        self.datasets = Datasets(database, vault, ledger, clock, self)

    def dataset(self, name):
        if name not in self.configs:
            raise NotFound(f"There is no dataset {name!r}")
        return self.configs[name]

    def dataset_names(self):
        return list(self.configs)

    def declare(self, name="flights", source="data/*.parquet", **config):
        self.configs[name] = DatasetConfig(source=source, **config)

    def put(self, name, table):
        """Write a frame, or text, under a name; its format follows from the name."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(table, str):
            path.write_text(table)
        elif name.endswith(".parquet"):
            table.write_parquet(path)
        else:
            table.write_csv(path)
        return path

    def put_flights(self, name, ids, **columns):
        return self.put(name, flights(ids, **columns))

    def age(self):
        """Make the sources look as if nobody had touched them for a while."""
        for path in self.root.rglob("*"):
            if path.is_file():
                old = time.time_ns() - 10**10
                os.utime(path, ns=(old, old))

    def events(self):
        return [entry.type for entry in self.ledger.read()]


def flights(ids, **columns):
    ids = list(ids)
    frame = pl.DataFrame(
        {
            "flight_id": pl.Series(ids, dtype=pl.Int64),
            "origin": pl.Series((["EWR", "JFK", "LGA"] * (len(ids) // 3 + 1))[: len(ids)], dtype=pl.String),
            "distance": pl.Series([100.0 + (number or 0) % 50 for number in ids], dtype=pl.Float64),
            "departed": pl.Series([(number or 0) * 60_000_000 for number in ids]).cast(pl.Datetime("us", "UTC")),
        }
    )
    return frame.with_columns(**{name: pl.Series(values) for name, values in columns.items()})


@pytest.fixture
def house(tmp_path, database, vault, ledger, clock, acting):
    root = tmp_path / "project"
    root.mkdir()
    return House(root, database, vault, ledger, clock)
