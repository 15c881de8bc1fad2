from __future__ import annotations

import msgspec
import pytest

from regrove.datasets import DatasetConfig
from regrove.schema import LogicalType


def read(**table):
    return msgspec.convert({"source": "data/*.parquet", **table}, DatasetConfig)


class TestDatasetConfig:
    def test_a_whole_declaration_is_read(self):
        """What a reviewer reads in regrove.toml is what the room acts on."""
        config = read(
            key=["id"],
            event_time="at",
            columns={"hour": "int8"},
            expect=[{"column": "origin", "in_set": ["EWR"]}, {"column": "delay", "type": "float64"}],
        )
        assert config.types == {"hour": LogicalType.INT8, "delay": LogicalType.FLOAT64, "at": LogicalType.TIMESTAMP}

    @pytest.mark.parametrize(
        ("table", "place"),
        [
            ({"soruce": "x"}, "soruce"),
            ({"on_failure": "ignore"}, r"\$.on_failure"),
            ({"columns": {"a": "integer"}}, r"\$.columns"),
            ({"expect": [{"column": "a"}]}, r"\$.expect\[0\]"),
            ({"expect": [{"column": "a", "not_null": True, "unique": True}]}, r"(?s)not_null, unique.*\$.expect\[0\]"),
            ({"key": ["a", "a"]}, "twice"),
            ({"source": " "}, "empty"),
            ({"event_time": "at", "columns": {"at": "date"}}, "event_time 'at'"),
            ({"columns": {"a": "int8"}, "expect": [{"column": "a", "type": "int16"}]}, "int8 and int16"),
        ],
    )
    def test_a_mistake_is_told_with_its_place(self, table, place):
        """A declaration that contradicts itself is refused before any file is read."""
        with pytest.raises(msgspec.ValidationError, match=place):
            read(**table)

    def test_equal_declarations_have_one_digest_and_a_changed_one_another(self):
        """What is evidence is named by its content."""
        assert read(key=["id"]).digest() == read(key=["id"], expect=[]).digest()
        assert read(key=["id"]).digest() != read(key=["id"], on_failure="quarantine").digest()
