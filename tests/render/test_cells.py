"""Counts on the same cells, checked, named and put together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.render import Cells

COUNTS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=30)


class TestCells:
    @given(COUNTS, st.integers(2, 12))
    @settings(deadline=None)
    def test_folding_keeps_every_row_and_the_largest_changes(self, counts: list[tuple[int, int]], most: int) -> None:
        """The cells that are put together changed no more than any that stayed."""
        labels = tuple(f"c{index}" for index in range(len(counts)))
        cells = Cells(labels=labels, reference=tuple(a for a, _ in counts), window=tuple(b for _, b in counts))
        folded = cells.folded(most)
        assert len(folded.labels) == min(most, len(counts)) and folded.rows == cells.rows
        kept = [label for label in folded.labels if label in labels]
        assert kept == sorted(kept, key=labels.index)
        before, after = cells.shares()
        moved = {label: abs(b - a) for label, a, b in zip(labels, before, after, strict=True)}
        gone = set(labels) - set(kept)
        assert not gone or max(moved[each] for each in gone) <= min(moved[each] for each in kept)

    def test_shares_add_up_to_one_and_a_side_without_rows_has_none(self) -> None:
        """An empty window is a fact, not an error."""
        cells = Cells(labels=("a", "b"), reference=(1, 3), window=(0, 0))
        assert cells.shares() == ([0.25, 0.75], [0.0, 0.0]) and cells.rows == (4, 0)

    def test_ordered_cells_are_never_folded(self) -> None:
        """Only those without order are put together."""
        cells = Cells.numeric([1, 2], [1, 1, 1, 5, 1, 1], [1, 1, 1, 0, 1, 1], others=["null", "new", "nan"])
        assert cells.folded(2).labels == ("below 1", "1 to 2", "2 and more", "null", "2 others")

    @pytest.mark.parametrize(
        "given",
        [
            {"labels": (), "reference": (), "window": ()},
            {"labels": ("a",), "reference": (1, 2), "window": (1,)},
            {"labels": ("a",), "reference": (1,), "window": (1,), "ordered": 2},
            {"labels": ("a",), "reference": (-1,), "window": (1,)},
            {"labels": ("a",), "reference": (float("nan"),), "window": (1,)},
            {"labels": ("a", "b"), "reference": (1, 1), "window": (1, 1), "ordered": 2, "edges": (1.0, 2.0)},
        ],
    )
    def test_what_is_no_set_of_cells_is_refused(self, given: dict[str, object]) -> None:
        """Before a picture shows something that is not there."""
        with pytest.raises(InvalidInput):
            Cells(**given)
