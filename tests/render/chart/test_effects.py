"""The map of effects: colours begin where an effect begins to matter."""

from __future__ import annotations

from datetime import date

import pytest

from regrove.errors import InvalidInput
from regrove.render import effects

DAYS = [date(2013, 3, 1), date(2013, 3, 2)]


class TestEffects:
    def test_values_drifts_and_words(self) -> None:
        """One row a column, one field a day; what drifted is underlined in its own row."""
        chart = effects("t", ["hour", "temp"], DAYS, [[0.01, None], [0.06, 0.2]], floor=0.05, drifted=[[0, 0], [0, 1]])
        field, signs = chart.data
        assert field["z"] == [[0.01, None], [0.06, 0.2]] and field["x"] == ["2013-03-01", "2013-03-02"]
        assert signs["x"] == ["2013-03-02"] and 1 <= signs["y"][0] < 1.5
        assert chart.summary.startswith(
            "2 columns on 2 days: 2 of 3 effects reach the floor 0.05; the largest is 0.2, temp"
        )

    def test_the_scale_is_that_of_the_floor(self) -> None:
        """So that two maps with one floor can be compared, and a strong effect elsewhere hides none."""
        field = effects("t", ["a"], DAYS, [[0.001, 5.0]], floor=0.05).data[0]
        assert (field["zmin"], field["zmax"]) == (0, 0.2)
        assert field["colorscale"][1][0] * field["zmax"] == pytest.approx(0.05)

    def test_nothing_known(self) -> None:
        """No effect is no error."""
        assert effects("t", [], [], [], floor=0.05).summary == "No effects are known"

    @pytest.mark.parametrize("floor", [0, -1, float("nan")])
    def test_a_floor_that_is_none_is_refused(self, floor: float) -> None:
        """Everything would matter."""
        with pytest.raises(InvalidInput, match="above 0"):
            effects("t", ["a"], DAYS, [[1, 2]], floor=floor)

    @pytest.mark.parametrize(
        "given",
        [
            {"values": [[1, 2], [1, 2]]},
            {"values": [[1]]},
            {"values": [[1, 2]], "drifted": []},
            {"values": [[1, 2]], "drifted": [[True]]},
        ],
    )
    def test_what_does_not_fit_is_refused(self, given: dict[str, list[list[float]]]) -> None:
        """Columns, days, values and verdicts belong together."""
        with pytest.raises(InvalidInput, match="belong together"):
            effects("t", ["hour"], DAYS, floor=0.05, **given)
