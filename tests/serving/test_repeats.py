"""Ids that clients chose lately."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from regrove.serving.repeats import DifferentRequest, Repeats, content


class TestRepeats:
    """What a process remembers."""

    def test_an_id_stands_for_the_content_that_came_first(self):
        """Until it is released."""
        repeats = Repeats()
        assert repeats.claim("a", b"1")
        assert not repeats.claim("a", bytes([49]))
        with pytest.raises(DifferentRequest):
            repeats.claim("a", b"2")
        repeats.release("a")
        assert repeats.claim("a", b"2")

    def test_the_oldest_are_forgotten(self):
        """Memory is bounded; an id that is used again is young again."""
        repeats = Repeats(largest=2)
        for name in ("a", "b", "a", "c"):
            repeats.claim(name, b"1")
        with pytest.raises(DifferentRequest):
            repeats.claim("a", b"2")
        assert repeats.claim("b", b"2")


class TestContent:
    """What makes two requests the same."""

    def test_every_value_and_the_key_count(self):
        """Whatever their type."""
        columns = {"at": [datetime(2013, 3, 1, tzinfo=UTC)], "day": [date(2013, 3, 1)], "raw": [b"x"], "wind": [None]}
        assert content("k", columns) == content("k", {name: list(each) for name, each in columns.items()})
        others = [content(None, columns), content("k", {**columns, "wind": [0.0]}), content("k", {})]
        assert len({content("k", columns), *others}) == 4
