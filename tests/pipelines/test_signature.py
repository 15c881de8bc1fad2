"""Learning what a request carries."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from regrove.pipelines.signature import DependentRows, learn
from regrove.schema import LogicalType

REQUEST = pl.DataFrame(
    {
        "id": list(range(200)),
        "distance": [float(each) for each in range(200)],
        "carrier": ["AA" if each % 3 else None for each in range(200)],
        "when": [datetime(2013, 1, 1, each % 24, tzinfo=UTC) for each in range(200)],
        "minutes": [each * 2.0 for each in range(200)],
    }
)


def path(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.col("distance").log1p(), pl.col("carrier").fill_null("none"), pl.col("when").dt.hour())


class TestLearn:
    """The columns that are read."""

    def test_columns_that_nothing_reads_are_left_out(self):
        """What is known only later, and ids, need not be carried."""
        found = learn(REQUEST, path(REQUEST), path)
        assert found.request.names == ("distance", "carrier", "when")
        assert found.features.names == ("distance", "carrier", "when")

    def test_types_and_nulls_are_those_seen(self):
        """A column without a null asks for a value."""
        found = learn(REQUEST, path(REQUEST), path)
        assert [(c.name, c.type, c.nullable) for c in found.request] == [
            ("distance", LogicalType.FLOAT64, False),
            ("carrier", LogicalType.STRING, True),
            ("when", LogicalType.TIMESTAMP, False),
        ]

    def test_without_functions_between_the_request_is_carried_whole(self):
        """Features that are the request read all of it."""
        found = learn(REQUEST, REQUEST, lambda rows: rows)
        assert found.request.names == found.features.names == tuple(REQUEST.columns)

    def test_a_column_that_is_looked_for_is_not_needed_when_it_changes_nothing(self):
        """A path that works as well without a column does not ask for it."""

        def careful(rows: pl.DataFrame) -> pl.DataFrame:
            return rows.select("distance") if "minutes" in rows.columns else rows.select("distance")

        assert learn(REQUEST, careful(REQUEST), careful).request.names == ("distance",)


class TestDependentRows:
    """Features that look at other rows."""

    @pytest.mark.parametrize(
        "expression",
        [
            pl.col("distance") / pl.col("distance").mean(),
            pl.col("distance").rank(),
            pl.col("distance").shift(1),
            pl.col("distance").reverse(),
        ],
    )
    def test_they_are_refused(self, expression):
        """A mean over all rows is another number in serving."""

        def greedy(rows: pl.DataFrame) -> pl.DataFrame:
            return rows.select(expression.alias("x"))

        with pytest.raises(DependentRows, match="alone"):
            learn(REQUEST, greedy(REQUEST), greedy)

    def test_a_dropped_row_is_refused(self):
        """A request gets an answer for each of its rows."""

        def dropping(rows: pl.DataFrame) -> pl.DataFrame:
            return rows.filter(pl.col("distance") > 3).select("distance")

        with pytest.raises(DependentRows):
            learn(REQUEST, REQUEST.select("distance"), dropping)
