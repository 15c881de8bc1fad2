"""Shares of both sides on the same cells."""

from __future__ import annotations

from regrove.render import Cells, histogram


class TestHistogram:
    def test_shares_of_both_sides(self) -> None:
        """Sides of different size are compared by their shares, and the sizes are said."""
        chart = histogram("t", Cells(labels=("a", "b"), reference=(300, 100), window=(1, 3)))
        before, after = chart.data
        assert (before["y"], after["y"]) == ([0.75, 0.25], [0.25, 0.75])
        assert (before["name"], after["name"]) == ("reference, 400 rows", "window, 4 rows")
        assert chart.numbers is not None and chart.numbers.rows[0] == ("a", 300, 1, 0.75, 0.25)

    def test_many_categories_are_put_together(self) -> None:
        """Thirty columns can be read, a thousand cannot."""
        many = tuple(map(str, range(1_000)))
        chart = histogram("t", Cells(labels=many, reference=(1,) * 1_000, window=(2,) * 1_000))
        assert len(chart.data[0]["y"]) == 30 and "971 others" in chart.layout["xaxis"]["ticktext"]
