from __future__ import annotations

import polars as pl
import pytest

from regrove.errors import InvalidInput
from regrove.frames import accept


class Arrow:
    """A table of another library, as far as the Arrow stream protocol shows it."""

    def __init__(self, frame):
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self._frame.__arrow_c_stream__(requested_schema)


class TestAccept:
    def test_polars_frames_are_taken_as_they_are(self):
        """Eager and lazy frames of Polars need no conversion."""
        frame = pl.DataFrame({"x": [1]})
        assert accept(frame).collect().equals(frame)
        assert accept(frame.lazy()).collect().equals(frame)

    def test_an_arrow_stream_is_taken(self):
        """Any library that speaks the Arrow protocol is understood."""
        frame = pl.DataFrame({"x": [1, None], "s": ["a", "b"]})
        assert accept(Arrow(frame)).collect().equals(frame)

    @pytest.mark.parametrize("value", [[1, 2], {"x": [1]}, None, 3])
    def test_other_values_are_refused_by_their_type(self, value):
        """A list or a dict is no table; the error says what was received."""
        with pytest.raises(InvalidInput, match="no label table"):
            accept(value, what="label table")

    def test_a_column_without_a_place_is_refused(self):
        """The types of a frame are checked at the door."""
        with pytest.raises(InvalidInput, match="'x'"):
            accept(pl.DataFrame({"x": [[1]]}))

    def test_a_pandas_frame_is_taken(self):
        """A pandas frame comes in with its types and its absent values."""
        pd = pytest.importorskip("pandas")
        table = pd.DataFrame(
            {
                "n": [1, 2],
                "f": [1.5, float("nan")],
                "s": ["a", None],
                "t": pd.to_datetime(["2013-01-01T05:00:00-05:00", None], utc=True),
            }
        )
        found = accept(table).collect()
        assert found["n"].to_list() == [1, 2]
        assert found["s"].to_list() == ["a", None]
        assert found["t"].dtype == pl.Datetime("us", "UTC")
        assert found["t"].null_count() == 1
