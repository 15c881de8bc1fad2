"""Verdicts: a lane each judge, a dot each judgement."""

from __future__ import annotations

from datetime import date

from regrove.render import Dot, timeline

DOTS = [
    Dot(at=date(2013, 3, 8), lane="train", word="STABLE"),
    Dot(at=date(2013, 3, 1), lane="previous", word="DRIFT", reason="moved"),
    Dot(at=date(2013, 3, 15), lane="train", word="DRIFT"),
]


class TestTimeline:
    def test_each_word_is_a_series_with_colour_and_shape(self) -> None:
        """Colour never stands alone."""
        stable, drift = timeline("t", DOTS).data
        assert (stable["name"], stable["y"]) == ("STABLE", [0]) and (drift["name"], drift["y"]) == ("DRIFT", [1, 0])
        assert stable["marker"]["symbol"] != drift["marker"]["symbol"]
        assert drift["hovertext"][0] == "<b>2013-03-01 DRIFT</b><br>moved"

    def test_in_words(self) -> None:
        """How many of each, and when."""
        assert timeline("t", DOTS).summary == "3 verdicts from 2013-03-01 to 2013-03-15: 2 DRIFT, 1 STABLE"
        assert timeline("t", []).summary == "No verdicts"
