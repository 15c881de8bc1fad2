"""What the functions over rows accept."""

from __future__ import annotations

import numpy as np
import pytest

from regrove.stats.arrays import binary, codes, finite, same_rows, shares
from regrove.stats.verdict import InvalidStatistic


class TestIntake:
    """Bad arrays are refused by name."""

    @pytest.mark.parametrize("bad", [[1.0, np.nan], [np.inf], [[1.0]], ["x"], 3.0, [None]])
    def test_what_is_no_number_is_refused(self, bad) -> None:
        """Nan, infinity, text, a scalar, a matrix."""
        with pytest.raises(InvalidStatistic, match="loss"):
            finite("loss", bad)

    def test_an_outcome_is_0_or_1(self) -> None:
        """Anything else would be counted wrongly."""
        assert binary("truth", np.array([True, False])).tolist() == [True, False]
        with pytest.raises(ValueError, match="0 and 1"):
            binary("truth", [0, 2])

    def test_a_probability_is_0_to_1(self) -> None:
        """A logit is not one."""
        assert shares("p", [0, 1]).tolist() == [0.0, 1.0]
        with pytest.raises(ValueError, match="probability"):
            shares("p", [1.1])

    def test_absent_groups_are_a_group(self) -> None:
        """None and nan are counted, not lost."""
        assert codes(["b", None, "a"])[0] == ("(none)", "a", "b")
        names, places = codes(np.array([2.0, np.nan, np.nan, 1.0]))
        assert names == ("1.0", "2.0", "(none)")
        assert places.tolist() == [1, 2, 2, 0]

    def test_different_lengths_are_named(self) -> None:
        """The reader sees which array is short."""
        with pytest.raises(InvalidStatistic, match="b 2"):
            same_rows(a=np.zeros(3), b=np.zeros(2))
