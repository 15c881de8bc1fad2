"""Lines over days: what is drawn is what was given, with gaps where nothing is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.render import Line, Mark, lines

DAYS = [date(2013, 3, 1) + timedelta(days=each) for each in range(6)]


class TestLines:
    def test_values_and_days(self) -> None:
        """In their order; nan is a gap."""
        chart = lines("t", [Line(name="living", days=DAYS[:3], values=[0.5, float("nan"), None])], y="loss")
        assert chart.data[0]["x"] == ["2013-03-01", "2013-03-02", "2013-03-03"]
        assert chart.data[0]["y"] == [0.5, None, None] and chart.data[0]["connectgaps"] is False

    @given(st.lists(st.none() | st.floats(0, 1), min_size=6, max_size=6))
    @settings(deadline=None)
    def test_an_interval_is_shaded_where_it_is_known_and_nowhere_else(self, ends: list[float | None]) -> None:
        """Each stretch without a gap is one closed outline; none bridges a gap."""
        high = [None if each is None else each + 1 for each in ends]
        band, line = lines("t", [Line(name="a", days=DAYS, values=ends, low=ends, high=high)], y="loss").data
        outlines: list[list[str]] = [[]]
        for at in band["x"]:
            outlines = [*outlines, []] if at is None else [*outlines[:-1], [*outlines[-1], at]]
        outlines = [each for each in outlines if each]
        for outline in outlines:
            assert outline == [*outline[: len(outline) // 2], *reversed(outline[: len(outline) // 2])]
        known = [day.isoformat() for day, each in zip(DAYS, ends, strict=True) if each is not None]
        assert [at for outline in outlines for at in outline[: len(outline) // 2]] == known
        gaps = sum(a is not None and b is None for a, b in zip(ends, [*ends[1:], None], strict=True))
        assert len(outlines) == gaps and line["y"].count(None) == ends.count(None)

    def test_marks_that_are_close_stand_in_rows_of_their_own(self) -> None:
        """A label would hide the next one."""
        marks = [Mark(DAYS[1], "promoted"), Mark(DAYS[1], "alert"), Mark(datetime(2013, 3, 6, tzinfo=UTC), "held")]
        chart = lines("t", [Line(name="a", days=DAYS, values=[1] * 6)], y="loss", marks=marks)
        assert chart.data[-1]["text"] == ["promoted", "alert", "held"] and chart.data[-1]["y"] == [0, 1, 0]
        assert [each["x0"] for each in chart.layout["shapes"]] == chart.data[-1]["x"]
        top = chart.layout["yaxis"]["domain"][1]
        assert top == chart.layout["yaxis2"]["domain"][0] < 1

    def test_many_marks_at_once_leave_room_for_the_lines(self) -> None:
        """However much happened on one day."""
        marks = [Mark(DAYS[1], "a label that is long")] * 50
        chart = lines("t", [Line(name="a", days=DAYS, values=[1] * 6)], y="loss", marks=marks)
        assert chart.layout["yaxis"]["domain"][1] > 0.7

    def test_the_numbers_stand_under_it(self) -> None:
        """Every value with its interval."""
        chart = lines("t", [Line(name="a", days=DAYS[:1], values=[0.25], low=[0.2], high=[0.3])], y="loss")
        assert chart.numbers is not None
        assert chart.numbers.text().split("\n")[1].split() == ["a", "2013-03-01", "0.2500", "0.2000", "to", "0.3000"]

    def test_no_series_and_no_days_are_no_error(self) -> None:
        """A page of the first day has charts already."""
        assert lines("t", [], y="loss").summary == "loss over days: no series"
        assert (
            "without values"
            in lines("t", [Line(name="a", days=[], values=[])], y="loss", marks=[Mark(DAYS[0], "m")]).summary
        )

    @pytest.mark.parametrize("given", [{"values": [1]}, {"values": [1, 2], "low": [1]}, {"values": [1, 2], "high": []}])
    def test_what_does_not_belong_together_is_refused(self, given: dict[str, list[float]]) -> None:
        """The series is named."""
        with pytest.raises(InvalidInput, match=r"line 'living'"):
            Line(name="living", days=DAYS[:2], **given)

    def test_what_is_no_day_and_no_number_is_refused(self) -> None:
        """Before a chart shows it at a place of its own choice."""
        with pytest.raises(InvalidInput, match="no day"):
            lines("t", [Line(name="a", days=["2013-03-01"], values=[1])], y="loss")
        with pytest.raises(InvalidInput, match="cannot show"):
            lines("t", [Line(name="a", days=DAYS[:1], values=["many"])], y="loss")
