"""Bars by label, with intervals as long as they are."""

from __future__ import annotations

import pytest

from regrove.errors import InvalidInput
from regrove.render import Bars, bars


class TestBars:
    def test_heights_and_intervals(self) -> None:
        """The whiskers reach from the value to its ends."""
        chart = bars(
            "t", ["March", "April"], [Bars(name="a", values=[0.5, None], low=[0.25, None], high=[1, None])], y="loss"
        )
        (bar,) = chart.data
        assert bar["y"] == [0.5, None]
        assert (bar["error_y"]["array"], bar["error_y"]["arrayminus"]) == ([0.5, None], [0.25, None])

    def test_two_labels_that_read_alike_stay_two(self) -> None:
        """And one that looks like a number or a day stays a word."""
        chart = bars("t", ["2013", "2013", "1e5"], [Bars(name="a", values=[1, 2, 3])], y="loss")
        assert chart.data[0]["x"] == [0, 1, 2] and chart.layout["xaxis"]["ticktext"] == ["2013", "2013", "1e5"]

    def test_in_words(self) -> None:
        """The least and the most, with their labels."""
        chart = bars(
            "t", ["March", "April"], [Bars(name="a", values=[0.5, 0.25]), Bars(name="b", values=[None, None])], y="loss"
        )
        assert chart.summary == "loss: a from 0.25 (April) to 0.5 (March); b without values"

    def test_a_series_of_another_length_is_refused(self) -> None:
        """It is named."""
        with pytest.raises(InvalidInput, match="bars 'a'"):
            bars("t", ["March"], [Bars(name="a", values=[1, 2])], y="loss")
