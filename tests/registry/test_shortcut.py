"""The short way gives what the long way gives, bit for bit, or is not taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from regrove.registry.shortcut import shorten
from regrove.schema import Column, LogicalType, Schema
from tests.registry import samples

SCHEMA = Schema(
    (
        Column("a", LogicalType.STRING),
        Column("n", LogicalType.INT64),
        Column("b", LogicalType.CATEGORY),
        Column("x", LogicalType.FLOAT64),
        Column("s", LogicalType.FLOAT32),
    )
)
TYPES = {"a": pl.String(), "n": pl.Int64(), "b": pl.Categorical(), "x": pl.Float64(), "s": pl.Float32()}
TRAINING = pl.DataFrame(
    {
        "a": ["p", "q", None, "r", "p", "q"] * 5,
        "n": [1, 2, 3, 4, 5, None] * 5,
        "b": ["u", "v", "u", "v", "w", "u"] * 5,
        "x": [0.1, 0.2, None, 0.4, 0.5, 0.6] * 5,
        "s": [0.1, 0.2, None, 0.4, 0.5, 0.6] * 5,
    },
    schema=TYPES,
)
TARGET = [True, False, True, False, True, True] * 5


def fitted(*parts: Any, remainder: str = "passthrough") -> Any:
    transformer = ColumnTransformer(list(parts), remainder=remainder)
    boosting = HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=1, random_state=0, early_stopping=False)
    return make_pipeline(transformer, boosting).fit(TRAINING, TARGET)


def ordinal(**options: Any) -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **options)


ENCODERS = {
    "plain": lambda: fitted(("t", ordinal(), ["a", "b"])),
    "missing as -2": lambda: fitted(("t", ordinal(encoded_missing_value=-2), ["b", "a"])),
    "two encoders": lambda: fitted(("t", ordinal(), ["b"]), ("u", ordinal(max_categories=2), ["a"])),
    "named numbers": lambda: fitted(("x", "passthrough", ["x", "n"]), ("t", ordinal(), ["a"]), remainder="drop"),
}
ROWS = st.fixed_dictionaries(
    {
        "a": st.sampled_from(["p", "q", "r", "unseen", "", "\x00 a category of nobody", None]),
        "n": st.integers(-(2**63), 2**63 - 1) | st.none(),
        "b": st.sampled_from(["u", "v", "w", "unseen", None]),
        "x": st.floats(allow_infinity=False) | st.none(),
        "s": st.floats(width=32, allow_infinity=False, allow_nan=False) | st.none(),
    }
)


class TestShorten:
    @pytest.mark.parametrize("kind", ENCODERS)
    def test_both_ways_lead_to_the_same_numbers(self, kind: str) -> None:
        """Known, unknown and missing texts; whole numbers of any size; floats of both widths."""
        model = ENCODERS[kind]()
        short = shorten(model, SCHEMA)
        assert short is not None
        last, encode = short

        @settings(max_examples=40, deadline=None)
        @given(rows=st.lists(ROWS, min_size=1, max_size=4))
        def check(rows: list[dict[str, Any]]) -> None:
            frame = pl.DataFrame(rows, schema=TYPES)
            encoded = encode(frame)
            np.testing.assert_array_equal(encoded, model[0].transform(frame))
            np.testing.assert_array_equal(last.predict_proba(encoded), model.predict_proba(frame))

        check()

    def test_what_the_encoder_refuses_goes_the_long_way(self) -> None:
        """So that scikit-learn says no itself."""
        model = fitted(("t", OrdinalEncoder(), ["a", "b"]))
        short = shorten(model, SCHEMA)
        assert short is not None
        frame = TRAINING[:1].with_columns(a=pl.lit("unseen"))
        assert short[1](frame) is None
        assert short[1](TRAINING[:3]) is not None
        with pytest.raises(ValueError, match="unknown categories"):
            model.predict_proba(frame)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: fitted(("t", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["a", "b"])),
            lambda: fitted(("t", ordinal(), ["a", "b"]), ("x", StandardScaler(), ["x"])),
            lambda: fitted(("t", ordinal(), ["a", "b"]), ("x", FunctionTransformer(np.sqrt), ["s"])),
            lambda: fitted(("t", ordinal(), ["a", "b"]), ("u", ordinal(), ["a"])),
            lambda: fitted(("t", ordinal(), ["a", "b", "n"])),
            lambda: fitted(("t", ordinal(), [True, False, True, False, False])),
            lambda: fitted(("t", ordinal(dtype=np.float32), ["a", "b"]), remainder="drop"),
            lambda: make_pipeline(
                ColumnTransformer([("t", ordinal(), ["a", "b"])], remainder="passthrough").set_output(
                    transform="polars"
                ),
                HistGradientBoostingClassifier(max_iter=2),
            ).fit(TRAINING, TARGET),
            lambda: Pipeline([("m", HistGradientBoostingClassifier(max_iter=2))]).fit(TRAINING[["x"]], TARGET),
        ],
    )
    def test_any_other_form_has_no_short_way(self, make: Any) -> None:
        """It is for one form that is common and slow; the rest is left to scikit-learn."""
        assert shorten(make(), SCHEMA) is None

    def test_a_model_that_is_served_takes_it(self) -> None:
        """The form that the tabular template writes."""
        assert shorten(samples.fitted(), samples.FEATURES) is not None
        assert shorten(samples.fitted()[-1], samples.FEATURES) is None
