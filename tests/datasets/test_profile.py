from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.datasets import Profile, profile_of
from regrove.digest import canonical
from regrove.errors import InvalidInput

NUMBERS = st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=30)


class TestSum:
    @settings(deadline=None)
    @given(st.lists(NUMBERS, min_size=1, max_size=4))
    def test_a_profile_of_parts_is_that_of_the_whole(self, parts):
        """Merging is addition: counts and extremes exactly, moments to rounding."""
        frames = [pl.DataFrame({"x": part}, schema={"x": pl.Float64}) for part in parts]
        total = Profile.total([profile_of(frame) for frame in frames])["x"]
        whole = profile_of(pl.concat(frames))["x"]
        for field in ("rows", "nulls", "minimum", "maximum", "distinct_sketch"):
            assert getattr(total, field) == getattr(whole, field)
        assert (total.mean is None) == (whole.mean is None)
        if whole.mean is not None:
            assert total.mean == pytest.approx(whole.mean, abs=1e-6)
            assert total.m2 == pytest.approx(whole.m2, rel=1e-9, abs=1e-3)

    def test_many_parts_keep_their_quantiles(self):
        """The ranks stay within the promised error after many additions, also where batches are sampled."""
        values = np.random.default_rng(7).normal(size=300_000)
        parts = [values[:200_000], *np.array_split(values[200_000:], 37)]
        total = Profile.total([profile_of(pl.DataFrame({"x": part})) for part in parts])["x"]
        for rank in (0.01, 0.25, 0.5, 0.9, 0.99):
            (found,) = total.quantiles([rank])
            assert abs((values < found).mean() - rank) < 0.02

    def test_profiles_of_different_tables_do_not_add(self):
        """A sum over different columns would mean nothing."""
        with pytest.raises(InvalidInput):
            profile_of(pl.DataFrame({"x": [1]})) + profile_of(pl.DataFrame({"y": [1]}))
        with pytest.raises(InvalidInput):
            profile_of(pl.DataFrame({"x": [1]})) + profile_of(pl.DataFrame({"x": [1.5]}))


class TestColumns:
    FRAME = pl.DataFrame(
        {
            "f": [1.0, float("nan"), float("inf"), None, 3.0],
            "n": [1, 2, 3, None, 2**62],
            "flag": [True, True, False, None, True],
            "s": ["a", "b", "a", None, ""],
            "c": pl.Series(["u", "u", None, None, "v"], dtype=pl.Categorical),
            "at": pl.Series([0, 10**6, None, 0, 0]).cast(pl.Datetime("us", "UTC")),
            "day": pl.Series([0, 2, None, 4, 0]).cast(pl.Date),
            "raw": [b"x", None, b"", b"x", b"y"],
            "none": pl.Series([None] * 5, dtype=pl.Float32),
        }
    )

    def test_what_is_not_finite_is_counted_and_left_out(self):
        """NaN and infinity do not spoil mean and extremes."""
        column = profile_of(self.FRAME)["f"]
        assert (column.nulls, column.non_finite, column.count) == (1, 2, 2)
        assert (column.minimum, column.maximum, column.mean, column.deviation) == (1.0, 3.0, 2.0, pytest.approx(2**0.5))

    def test_whole_numbers_keep_their_extremes_exactly(self):
        """A large id is not rounded to a float."""
        column = profile_of(self.FRAME)["n"]
        assert (column.minimum, column.maximum) == (1, 2**62)

    def test_booleans_times_and_dates_are_numbers(self):
        """Shares of true, microseconds, and days have mean and extremes."""
        profile = profile_of(self.FRAME)
        assert (profile["flag"].mean, profile["flag"].minimum, profile["flag"].maximum) == (0.75, 0, 1)
        assert (profile["at"].maximum, profile["at"].mean) == (10**6, 250_000.0)
        assert (profile["day"].maximum, profile["day"].quantiles([1.0])) == (4, [4.0])

    def test_texts_have_their_most_frequent_values(self):
        """Text columns and categories say which values are frequent and how many there are."""
        profile = profile_of(self.FRAME)
        assert profile["s"].frequent.values[0] == ("a", 2)
        assert profile["c"].frequent.values == (("u", 2), ("v", 1))
        assert (profile["s"].distinct(), profile["raw"].distinct(), profile["none"].distinct()) == (3, 3, 0)

    def test_a_profile_is_canonical_json_and_comes_back(self):
        """A profile is kept as JSON and read years later."""
        profile = profile_of(self.FRAME)
        assert msgspec.json.decode(canonical(profile), type=Profile) == profile

    def test_an_unknown_column_names_the_nearest(self):
        """A typo is met with the column that was meant."""
        with pytest.raises(InvalidInput, match="flag"):
            profile_of(self.FRAME)["flga"]
