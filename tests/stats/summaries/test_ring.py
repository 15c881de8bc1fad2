"""The ring of latest rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.stats.summaries import Ring
from regrove.stats.verdict import InvalidStatistic


class TestRing:
    """Append, take, and know what was lost."""

    @given(capacity=st.integers(1, 8), steps=st.lists(st.one_of(st.integers(0, 99), st.none()), max_size=60))
    def test_it_is_a_list_of_which_the_oldest_fall_off(self, capacity: int, steps: list[int | None]) -> None:
        """None takes; every other step appends."""
        ring: Ring[int] = Ring(capacity)
        waiting: list[int] = []
        lost = 0
        for step in steps:
            if step is None:
                assert ring.take() == waiting
                waiting = []
            else:
                ring.append(step)
                waiting.append(step)
                lost += max(0, len(waiting) - capacity)
                waiting = waiting[-capacity:]
            assert (len(ring), ring.lost) == (len(waiting), lost)

    def test_no_capacity_is_refused(self) -> None:
        """A ring holds at least one row."""
        with pytest.raises(InvalidStatistic):
            Ring(0)
