from __future__ import annotations

from regrove.datasets.manifest import Manifest, Part
from regrove.schema import Column, LogicalType, Schema


def manifest(**changed):
    fields = {
        "schema": Schema((Column("id", LogicalType.INT64), Column("x", LogicalType.FLOAT64))),
        "key": ("id",),
        "event_time": "",
        "rows": 3,
        "parts": (Part(3, "b3-1:" + "0" * 64, "b3-1:" + "1" * 64),),
    }
    return Manifest(**(fields | changed))


class TestContentDigest:
    def test_it_is_fixed_for_ever(self):
        """A digest that evidence cites today must be found again in years."""
        assert manifest().content_digest() == FIXED

    def test_the_bytes_of_the_objects_do_not_count(self):
        """Another version of the writer may write equal rows otherwise."""
        other = (Part(3, "b3-1:" + "0" * 64, "b3-1:" + "2" * 64),)
        assert manifest(parts=other).content_digest() == manifest().content_digest()

    def test_everything_that_means_something_counts(self):
        """Columns, key, event time and rows are the content."""
        changes = [
            {"schema": Schema((Column("id", LogicalType.INT64), Column("y", LogicalType.FLOAT64)))},
            {"schema": Schema((Column("id", LogicalType.INT64), Column("x", LogicalType.FLOAT32)))},
            {"key": ("id", "x")},
            {"event_time": "x"},
            {"parts": (Part(3, "b3-1:" + "3" * 64, "b3-1:" + "1" * 64),)},
        ]
        assert len({manifest(**change).content_digest() for change in [{}, *changes]}) == 6


FIXED = "b3-1:789c3f9d71b6e574f9508911d094772e90dc1978a0b54d38af7ca7c3ce647d17"
