"""Datasets made of a prediction log: matured, labelled, declared columns, each key once, in the order of the key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.datasets import DatasetConfig, DatasetRefused, Datasets
from regrove.datasets.log import cut_at
from regrove.errors import InvalidInput
from regrove.schema import LogicalType

START = datetime(2013, 3, 1, tzinfo=UTC)
COLUMNS = {
    "id": LogicalType.STRING,
    "at": LogicalType.TIMESTAMP,
    "distance": LogicalType.FLOAT64,
    "late": LogicalType.BOOLEAN,
}


class Asked:
    """The labelled predictions of a deployment, in the order in which they were made."""

    def __init__(self, frame):
        self.frame = frame
        self.wanted = []

    def rows(self, deployment, *, fields, label, until):
        self.wanted.append((deployment, dict(fields), label, until))
        return self.frame.lazy().select(*fields, label)


def asked(count, *, ids=None):
    return pl.DataFrame(
        {
            "id": [f"f{each:04}" for each in (ids if ids is not None else range(count))],
            "at": pl.Series([START + timedelta(hours=each) for each in range(count)], dtype=pl.Datetime("us", "UTC")),
            "distance": [float(each) for each in range(count)],
            "secret": ["x"] * count,
            "late": [each % 3 == 0 for each in range(count)],
        },
        schema_overrides={"id": pl.String, "distance": pl.Float64, "secret": pl.String, "late": pl.Boolean},
    )


def declare(house, frame, **more):
    given = {"log": "late", "columns": COLUMNS, "label": "late", "key": ["id"], "event_time": "at"} | more
    house.configs["served"] = DatasetConfig(**given)
    house.logs = Asked(frame)
    house.datasets = Datasets(house.database, house.vault, house.ledger, house.clock, house, house.logs)


@pytest.fixture
def at_day(house, clock):
    """Turns the clock to so many days after the first request."""
    return lambda days: clock.turn_to(int((START + timedelta(days=days)).timestamp() * 1e6))


class TestRegister:
    def test_declared_columns_of_matured_days(self, house, at_day):
        """What happened on days that are not mature is left for a later version, and nothing undeclared is kept."""
        at_day(4.5)
        declare(house, asked(24 * 5), matured="2d")
        version = house.datasets.register("served")
        rows = house.datasets.scan(version.ref).collect()
        assert rows.columns == list(COLUMNS)
        assert rows["at"].max() < START + timedelta(days=2)
        assert rows.height == 48
        fields = {k: v for k, v in COLUMNS.items() if k != "late"}
        assert house.logs.wanted == [("late", fields, "late", house.clock.now())]  # no label of a later time

    def test_each_key_once_as_first_asked(self, house, at_day):
        at_day(9)
        declare(house, asked(6, ids=[3, 1, 3, 2, 1, 0]))
        rows = house.datasets.scan(house.datasets.register("served").ref).collect()
        assert rows["id"].to_list() == ["f0000", "f0001", "f0002", "f0003"]
        assert rows["distance"].to_list() == [5.0, 1.0, 3.0, 0.0]

    def test_the_same_log_is_the_same_version(self, house, at_day):
        """Order of arrival does not matter, nor does an hour that matures nothing."""
        at_day(9)
        declare(house, asked(50))
        first = house.datasets.register("served")
        at_day(9.1)
        declare(house, asked(50).reverse())
        assert house.datasets.register("served") == first

    def test_nothing_has_matured(self, house, at_day):
        """A version of no rows, so that the first training can name the dataset; later rows make the next version."""
        at_day(0.5)
        declare(house, asked(0), matured="5d")
        empty = house.datasets.register("served")
        assert (empty.ordinal, empty.rows) == (1, 0)
        assert house.datasets.scan(empty.ref).collect().schema == {
            "id": pl.String, "at": pl.Datetime("us", "UTC"), "distance": pl.Float64, "late": pl.Boolean
        }  # fmt: skip
        assert house.datasets.verify(empty.ref).ok
        at_day(30)
        declare(house, asked(10), matured="5d")
        assert house.datasets.register("served").ordinal == 2

    def test_rules_hold_for_logged_rows_too(self, house, at_day):
        """Expectations are the same as for files: a broken one refuses, and nothing is recorded."""
        at_day(9)
        declare(house, asked(50))
        house.configs["served"] = _config(expect=[{"column": "distance", "between": [0, 10]}])
        with pytest.raises(DatasetRefused):
            house.datasets.register("served")
        assert house.events() == []
        assert house.datasets.validate("served").refused == 39

    def test_checked_without_reading_the_log(self, house):
        declare(house, asked(1))
        assert house.datasets.check("served") is None
        assert house.logs.wanted == []

    def test_no_logs_here(self, house):
        declare(house, asked(1))
        house.datasets = Datasets(house.database, house.vault, house.ledger, house.clock, house)
        with pytest.raises(InvalidInput, match="late"):
            house.datasets.register("served")


def _config(**more):
    import msgspec

    given = {"log": "late", "columns": {k: v.value for k, v in COLUMNS.items()}, "label": "late", "key": ["id"]}
    return msgspec.convert(given | {"event_time": "at"} | more, DatasetConfig)


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"source": "data/*.parquet"}, "no files"),
        ({"label": None}, "label"),
        ({"key": []}, "key"),
        ({"event_time": None}, "event_time"),
        ({"columns": {}}, "columns"),
        ({"key": ["idd"]}, "idd"),
        ({"matured": "5 days"}, "matured"),
        ({"log": "", "source": "x.csv"}, "log"),
    ],
)
def test_refused(more, match):
    """A declaration that contradicts itself says how."""
    import msgspec

    with pytest.raises((InvalidInput, msgspec.ValidationError, ValueError), match=match):
        _config(**more)


@given(st.integers(0, 10**17), st.integers(0, 400))
@settings(max_examples=50, deadline=None)
def test_the_cut_is_the_begin_of_a_day_that_is_old_enough(now, days):
    config = _config(matured=f"{days}d")
    cut = cut_at(config, now)
    day = 86_400_000_000
    assert cut % day == 0
    assert now - cut >= days * day
    assert now - cut < (days + 1) * day
