"""Counters that other processes can read."""

from __future__ import annotations

import pytest

from regrove.serving.counters import Counters, Values, read


class TestCounters:
    """One process writes, any reads."""

    def test_what_is_counted_can_be_read_from_the_file(self, tmp_path):
        """At once, without a flush."""
        counters = Counters(tmp_path / "0.0.counters")
        counters.request("/predict", 200)
        counters.add("labels", 3)
        counters.put("generation", 7)
        counters.took(0.003)
        values = read(tmp_path / "0.0.counters")
        assert values.requests("/predict", 200) == 1
        assert values.requests("/predict", 422) == 0
        assert (values.named("labels"), values.named("generation")) == (3, 7)
        assert values.seconds() == 0.003 and sum(values.buckets()) == 1

    def test_a_file_is_never_shared_by_two_writers(self, tmp_path):
        """The second is refused."""
        Counters(tmp_path / "c")
        with pytest.raises(FileExistsError):
            Counters(tmp_path / "c")

    def test_a_file_that_is_just_made_is_no_values(self, tmp_path):
        """A reader waits for the next look."""
        (tmp_path / "c").write_bytes(b"")
        assert read(tmp_path / "c") is None

    def test_a_replaced_worker_keeps_its_totals_and_not_its_state(self):
        """A total never falls; a gauge is that of the process that lives."""
        first, second = Counters(), Counters()
        for counters, generation in ((first, 4), (second, 5)):
            counters.add("predictions", 10)
            counters.put("generation", generation)
        both = Values.succession([first.values(), second.values()])
        assert (both.named("predictions"), both.named("generation")) == (20, 5)
