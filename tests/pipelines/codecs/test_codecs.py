"""Values between steps."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from regrove.errors import Refused
from regrove.pipelines.call import Argument, Call
from regrove.pipelines.codecs import WrongKind, decode, encode
from regrove.pipelines.codefolder import inside
from regrove.pipelines.kinds import Kind

MODULE = """\
import msgspec

class Report(msgspec.Struct):
    rows: int
    shares: dict[str, float]

def report() -> Report: ...
def number() -> float: ...
def whole() -> int: ...
def pair() -> tuple[int, str]: ...
def by_hour() -> dict[int, float]: ...
def names() -> list[str]: ...
def missing() -> "Nowhere": ...
"""


@pytest.fixture
def call(tmp_path):
    """A call of a step in a folder with the module above."""
    root = tmp_path / "code"
    root.mkdir()
    (root / "shapes_of_test.py").write_text(MODULE)
    return Call(step="made", root=str(root), scratch=f"{tmp_path}/", arguments=(), seed=0, kind=Kind.FRAME)


def through(value, kind, call, form=""):
    """A value kept, then read from its bytes and from its file."""
    result = encode(value, kind, "made", call)
    read = []
    if result.data is not None:
        read.append(decode(Argument("x", kind, data=result.data, form=form or result.form), call))
        path = f"{call.scratch}copy"
        with open(path, "wb") as file:
            file.write(result.data)
    else:
        path = result.path
    read.append(decode(Argument("x", kind, (path,), form=form or result.form), call))
    return result, read


class TestFrame:
    """Parquet, named by the table."""

    FRAME = pl.DataFrame(
        {"a": [1, None], "b": ["x", "ÿ"], "c": [datetime(2013, 1, 1, tzinfo=UTC)] * 2, "d": [math.nan, -0.0]}
    )

    @pytest.mark.parametrize("lazy", [True, False])
    def test_it_comes_back_in_the_form_that_is_wanted(self, call, lazy):
        """Lazy or eager, whatever was returned."""
        result, read = through(self.FRAME.lazy() if lazy else self.FRAME, Kind.FRAME, call, form="lazy")
        assert all(isinstance(each, pl.LazyFrame) and each.collect().equals(self.FRAME) for each in read)
        _, read = through(self.FRAME, Kind.FRAME, call, form="eager")
        assert all(each.equals(self.FRAME) for each in read)
        assert result.about["columns"][0] == ["a", "int64", True]

    def test_the_name_is_that_of_the_rows(self, call):
        """How a frame was chunked does not count, a value does."""
        one = encode(self.FRAME, Kind.FRAME, "made", call)
        two = encode(pl.concat([self.FRAME[:1], self.FRAME[1:]], rechunk=False), Kind.FRAME, "made", call)
        other = encode(self.FRAME.with_columns(a=pl.lit(2, pl.Int64)), Kind.FRAME, "made", call)
        assert one.content == two.content != other.content

    def test_a_large_frame_goes_by_file(self, call):
        """The answer of a worker stays small."""
        result, read = through(pl.DataFrame({"a": np.arange(300_000)}), Kind.FRAME, call, form="eager")
        assert result.data is None
        assert read[0].height == 300_000

    @pytest.mark.parametrize("value", [None, [1], pl.Series([1]), pl.DataFrame({"a": [datetime(2013, 1, 1)]})])
    def test_anything_else_is_named(self, call, value):
        """Another type, or a column that cannot be held."""
        with pytest.raises(WrongKind):
            encode(value, Kind.FRAME, "made", call)


class TestArray:
    """NumPy's own file."""

    @pytest.mark.parametrize(
        "value", [np.arange(6).reshape(2, 3), np.zeros(200_000), np.array(["a", "b"]), np.asfortranarray(np.eye(3))]
    )
    def test_it_comes_back(self, call, value):
        """Shape, type and values."""
        _, read = through(value, Kind.ARRAY, call)
        for each in read:
            assert each.dtype == value.dtype
            assert np.array_equal(each, value)

    @pytest.mark.parametrize("value", [[1, 2], np.array([object()]), np.ma.masked_array([1.0], [True])])
    def test_anything_else_is_named(self, call, value):
        """Lists, objects and masks are refused."""
        with pytest.raises(WrongKind):
            encode(value, Kind.ARRAY, "made", call)


class TestStructured:
    """JSON."""

    def kept(self, call, function, value):
        call = msgspec.structs.replace(call, module="shapes_of_test", step=function)
        with inside(call.root):
            if function == "report":
                import shapes_of_test

                value = shapes_of_test.Report(**value)
            return value, through(value, Kind.JSON, call, form=f"shapes_of_test:{function}")[1]

    @pytest.mark.parametrize(
        ("function", "value"),
        [
            ("report", {"rows": 3, "shares": {"a": 0.5}}),
            ("number", 0.1),
            ("whole", 2**60),
            ("pair", (1, "a")),
            ("by_hour", {3: 0.5}),
            ("names", ["a", "ÿ"]),
        ],
    )
    def test_it_comes_back_as_the_annotated_type(self, call, function, value):
        """Structs, numbers, tuples, and dicts whose keys are numbers."""
        value, read = self.kept(call, function, value)
        assert all(each == value and type(each) is type(value) for each in read)

    @pytest.mark.parametrize(
        ("function", "value"),
        [
            ("whole", 1.5),
            ("whole", "1"),
            ("number", math.nan),
            ("pair", [1, "a"]),
            ("names", [1]),
            ("names", object()),
            ("names", 2**80),
            ("missing", 1),
        ],
    )
    def test_what_would_come_back_as_another_is_refused(self, call, function, value):
        """A value that JSON changes is not kept."""
        with pytest.raises(WrongKind):
            self.kept(call, function, value)

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**53), 2**53)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_any_plain_value(self, value):
        """What a built-in step answers comes back."""
        call = Call(step="evaluate", root="", scratch="", arguments=(), seed=0)
        result = encode(value, Kind.JSON, "made", call)
        assert decode(Argument("x", Kind.JSON, data=result.data), call) == value


class TestEstimator:
    """A model format."""

    MODEL = LogisticRegression().fit(pl.DataFrame({"x": [0.0, 1.0]}), [0, 1])

    def test_it_comes_back(self, call):
        """The estimator answers as it did."""
        result, read = through(self.MODEL, Kind.ESTIMATOR, call)
        assert result.form == "skops"
        assert read[0].predict(pl.DataFrame({"x": [0.9]})) == [1]

    @pytest.mark.parametrize("value", [{"a": 1}, "text", None])
    def test_anything_else_is_named(self, call, value):
        """The installed formats are listed."""
        with pytest.raises(WrongKind, match="no model format accepts"):
            encode(value, Kind.ESTIMATOR, "made", call)

    def test_a_type_that_nobody_trusts_is_refused(self, call):
        """And may be trusted by name."""
        from sklearn.preprocessing import FunctionTransformer

        strange = FunctionTransformer(np.loadtxt)
        with pytest.raises(Refused, match="nobody vouched for") as caught:
            encode(strange, Kind.ESTIMATOR, "made", call)
        assert "trusted_types" in caught.value.mend


class TestOpaque:
    """A pickle, for steps that are trusted."""

    def test_it_comes_back(self, call):
        """Any object that can be pickled."""
        _, read = through({1, 2}, Kind.ANY, call)
        assert read == [{1, 2}]

    def test_what_cannot_be_pickled_is_named(self, call):
        """A function without a name cannot."""
        with pytest.raises(WrongKind, match="pickled"):
            encode(lambda: 1, Kind.ANY, "made", call)
