from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.datasets import DatasetConfig, Expectation
from regrove.datasets.rules import compile_rules
from regrove.datasets.sources import open_sources
from regrove.datasets.uniqueness import KeyHashes
from regrove.datasets.validation import Validation

ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", None])), min_size=1, max_size=30)


class TestDuplicates:
    @settings(deadline=None)
    @given(files=st.lists(ROWS, min_size=1, max_size=3))
    def test_exactly_the_later_of_equal_rows_are_found_over_all_files(self, files, tmp_path_factory):
        """As a dictionary would find them; absent values equal nothing."""
        root = tmp_path_factory.mktemp("files")
        for number, rows in enumerate(files):
            frame = pl.DataFrame(rows, schema={"x": pl.Int64, "s": pl.String}, orient="row")
            frame.write_parquet(root / f"{number}.parquet")
        config = DatasetConfig(source="*.parquet", expect=[Expectation(unique=("x", "s"))])
        sources = open_sources(root, config)
        validation = Validation(sources, compile_rules(config, sources.schema), quarantine=True)
        list(validation.accepted())
        found = validation.settle().tolist()
        seen, expected = set(), []
        for position, row in enumerate(row for rows in files for row in rows):
            if None not in row and row in seen:
                expected.append(position)
            seen.add(row)
        assert found == expected

    @pytest.mark.parametrize("dtype", [pl.Int8, pl.String, pl.Categorical, pl.Date, pl.Boolean])
    def test_a_column_of_any_type_can_be_unique(self, dtype):
        """Equal values of two batches have equal hashes, also as categories."""
        config = DatasetConfig(source="x", expect=[Expectation(column="x", unique=True)])
        base = pl.Series("x", [0, 1, 1])
        series = base.cast(pl.String).cast(dtype) if dtype in (pl.String, pl.Categorical) else base.cast(dtype)
        from regrove.schema import schema_of

        (rule,) = compile_rules(config, schema_of(series.to_frame())).unique
        hashes = KeyHashes(rule)
        hashes.update(series[:2].to_frame(), None)
        hashes.update(series[2:].to_frame(), None)
        assert hashes.candidates().tolist() == [1, 2]

    @pytest.mark.parametrize("ids", [[1, 2, 2, 3], [1, 3, 2, 3], [-1, 0, 5, -1]])
    def test_numbers_that_do_not_only_rise_are_compared(self, house, ids):
        """Only strictly rising numbers are taken for unique without a look."""
        house.put_flights("data/a.parquet", ids[:2])
        house.put_flights("data/b.parquet", ids[2:])
        house.declare(key=["flight_id"])
        assert house.datasets.validate("flights").refused == 1

    def test_different_rows_with_equal_hashes_are_no_duplicates(self, house, monkeypatch):
        """A collision costs a look, never a wrong verdict."""
        house.put_flights("data/a.parquet", reversed(range(20)))
        house.declare(key=["flight_id"])
        monkeypatch.setattr(
            pl.DataFrame, "hash_rows", lambda frame, **_: pl.Series([7] * frame.height, dtype=pl.UInt64)
        )
        assert house.datasets.register("flights").rows == 20
