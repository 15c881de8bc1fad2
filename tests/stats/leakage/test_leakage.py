"""Six looks for leakage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from regrove.stats.gate import Gate
from regrove.stats.leakage import (
    availability,
    identity_columns,
    linear_pairs,
    overlap,
    row_hashes,
    single_columns,
    split_gap,
)
from regrove.stats.verdict import InvalidStatistic


class TestSingleColumns:
    """A column that alone is the target."""

    def test_the_target_in_disguise_is_found(self) -> None:
        """As a category, as a number with a jump, and as a spike in the middle."""
        rng = np.random.default_rng(0)
        y = rng.integers(0, 2, 600)
        spike = np.where(y == 1, 0.0, rng.normal(size=600))
        found = {
            each.column: each
            for each in single_columns(
                y,
                {
                    "status": np.where(y == 1, "out", "in"),
                    "size": y * 5.0 + rng.random(600),
                    "spike": spike,
                    "fair": y + rng.normal(size=600),
                    "names": [f"id{i}" for i in range(600)],
                },
            )
        }
        assert {each for each, leak in found.items() if leak.leaks} == {"size", "status", "spike"}
        assert found["names"].value == pytest.approx(0.5, abs=0.01)

    def test_a_number_scored_by_size_has_scikit_learns_auc(self) -> None:
        """Whichever way it points."""
        rng = np.random.default_rng(1)
        y = rng.integers(0, 2, 500)
        x = rng.normal(size=500) - y
        [found] = single_columns(y, {"x": x})
        assert found.value >= 1 - roc_auc_score(y, x) - 1e-12
        assert found.interval.covers(found.value)

    def test_a_numeric_target_has_r2(self) -> None:
        """Against scipy's correlation for a line, and for a curve the ranges."""
        rng = np.random.default_rng(2)
        x = rng.normal(size=2000)
        line = single_columns(x + 0.01 * rng.normal(size=2000), {"x": x})[0]
        assert line.leaks
        assert line.value == pytest.approx(1.0, abs=1e-3)
        curve = single_columns(x**2, {"x": x})[0]
        assert curve.value > 0.7 > stats.pearsonr(x, x**2).statistic ** 2

    def test_the_models_score_lowers_the_limit(self) -> None:
        """A column with nearly all of a modest model's AUC."""
        rng = np.random.default_rng(3)
        y = rng.integers(0, 2, 2000)
        x = y * 1.5 + rng.normal(size=2000)
        assert not single_columns(y, {"x": x})[0].leaks
        assert single_columns(y, {"x": x}, full=0.86)[0].leaks

    def test_degenerate_columns_have_answers(self) -> None:
        """Constant, all null, all nan; one class; huge numbers."""
        y = [0, 1] * 20
        found = single_columns(
            y, {"one": ["a"] * 40, "null": [None] * 40, "nan": [np.nan] * 40, "huge": [1e300, -1e300] * 20}
        )
        values = {each.column: each.value for each in found}
        assert values["one"] == values["null"] == values["nan"] == 0.5
        assert values["huge"] == 1.0
        assert single_columns([1] * 40, {"x": list(range(40))})[0].value == 0.5
        assert single_columns([2.5] * 40, {"x": list(range(40))})[0].value == 0.0

    def test_bad_input_is_refused(self) -> None:
        """Too few rows, other lengths, matrices."""
        for target, columns in (([1], {"x": [1]}), ([0, 1] * 9, {"x": [1]}), ([0, 1] * 2, {"x": [[1]] * 4})):
            with pytest.raises(InvalidStatistic):
                single_columns(target, columns)


class TestLinearPairs:
    """A total that is predicted from its parts."""

    def test_r2_is_scikit_learns(self) -> None:
        """Of least squares on both columns."""
        from sklearn.linear_model import LinearRegression

        rng = np.random.default_rng(5)
        x = rng.normal(size=(200, 2)) * [1.0, 1000.0]
        y = x[:, 0] - x[:, 1] / 1000 + 0.1 * rng.normal(size=200)
        [found] = linear_pairs(y, {"a": x[:, 0], "b": x[:, 1]})
        assert found.value == pytest.approx(LinearRegression().fit(x, y).score(x, y), abs=1e-9)
        assert found.alone == pytest.approx(
            max(stats.pearsonr(x[:, 0], y).statistic ** 2, stats.pearsonr(x[:, 1], y).statistic ** 2), abs=1e-9
        )

    def test_a_column_that_leaks_alone_makes_no_pairs(self) -> None:
        """It is named by the other look; copies of a column add nothing."""
        rng = np.random.default_rng(6)
        y, noise = rng.normal(size=100), rng.normal(size=100)
        assert linear_pairs(y, {"y": y, "noise": noise}) == ()
        assert linear_pairs(y, {"one": noise, "same": noise * 2}) == ()

    def test_degenerate_columns_are_left_out(self) -> None:
        """Constants, texts, nan, huge numbers, few rows, a constant target."""
        rng = np.random.default_rng(7)
        a, b = rng.normal(size=100), rng.normal(size=100)
        columns = {"one": np.ones(100), "t": ["x"] * 100, "nan": np.full(100, np.nan), "a": a * 1e300, "b": b}
        assert [each.columns for each in linear_pairs(a + b, columns)] == [("a", "b")]
        assert linear_pairs(np.ones(100), columns) == ()
        assert linear_pairs((a + b)[:9], {"a": a[:9], "b": b[:9]}) == ()
        with pytest.raises(InvalidStatistic):
            linear_pairs([np.nan], {"a": [1.0]})
        with pytest.raises(InvalidStatistic):
            linear_pairs([1.0], {"a": [1.0]}, alone=2.0)
        with pytest.raises(InvalidStatistic):
            linear_pairs([1.0], {"a": [1.0, 2.0]})


class TestRowHashes:
    """Equal rows, equal numbers."""

    @settings(max_examples=60)
    @given(rows=st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(["a", "b", None])), min_size=1, max_size=30))
    def test_rows_are_equal_where_their_hashes_are(self, rows) -> None:
        """Against Python's own equality."""
        hashes = row_hashes({"n": [n for n, _ in rows], "t": np.array([t for _, t in rows], dtype=object)})
        for i, left in enumerate(rows):
            for j, right in enumerate(rows):
                assert (hashes[i] == hashes[j]) == (left == right)

    def test_columns_do_not_change_places(self) -> None:
        """x = 1, y = 2 is not x = 2, y = 1; the order of the columns is nothing."""
        assert row_hashes({"x": [1], "y": [2]})[0] != row_hashes({"x": [2], "y": [1]})[0]
        assert row_hashes({"x": [1], "y": [2]})[0] == row_hashes({"y": [2], "x": [1]})[0]

    def test_numbers_are_compared_as_numbers(self) -> None:
        """Zero of either sign, nan of any bits, ints as floats, large ints as they are."""
        assert row_hashes({"x": [0.0]})[0] == row_hashes({"x": [-0.0]})[0] == row_hashes({"x": [0]})[0]
        assert row_hashes({"x": [np.nan]})[0] == row_hashes({"x": [-np.nan]})[0]
        large = row_hashes({"x": np.array([2**60, 2**60 + 1])})
        assert large[0] != large[1]
        assert row_hashes({"x": np.array(["2013-01-01", "2013-01-02"], dtype="M8[D]")}).shape == (2,)

    def test_a_hundred_thousand_rows_do_not_collide(self) -> None:
        """Of small whole numbers, which differ in few bits."""
        grid = np.arange(100_000)
        assert len(np.unique(row_hashes({"x": grid // 300, "y": grid % 300}))) == 100_000

    def test_no_columns_are_refused(self) -> None:
        """There is nothing to hash."""
        with pytest.raises(InvalidStatistic):
            row_hashes({})


class TestOverlap:
    """Test rows that were seen in training."""

    @given(train=st.lists(st.integers(0, 20), max_size=30), test=st.lists(st.integers(0, 20), max_size=30))
    def test_it_counts_as_sets_do(self, train: list[int], test: list[int]) -> None:
        """Every repeated row counts."""
        found = overlap(np.array(train, dtype=np.int64), np.array(test, dtype=np.int64))
        assert found.shared == sum(each in set(train) for each in test)
        assert found.repeated_train == len(train) - len(set(train))
        assert found.repeated_test == len(test) - len(set(test))

    def test_the_share_is_gated(self) -> None:
        """A quarter fails, none of a thousand passes, none of ten is open."""
        rows = np.arange(1000)
        assert overlap(rows, np.concatenate([rows[:250], rows + 5000])).verdict.gate is Gate.FAIL
        assert overlap(rows, rows + 5000).verdict.gate is Gate.PASS
        assert overlap(rows, rows[:10] + 5000).verdict.gate is Gate.INCONCLUSIVE
        assert overlap(rows, rows[:0]).verdict.gate is Gate.INCONCLUSIVE

    def test_objects_are_refused(self) -> None:
        """They cannot be sorted; hash them first."""
        with pytest.raises(InvalidStatistic):
            overlap(np.array([None, "a"], dtype=object), [1])


class TestAvailability:
    """Known before it is used."""

    def test_one_late_value_is_a_leak(self) -> None:
        """Unless it is within the slack."""
        asked = np.arange(5) * 1_000_000
        known = {"fine": asked - 1, "late": asked + np.array([0, 0, 0, 2_000_000, 0])}
        late, fine = availability(asked, known)
        assert (late.column, late.late, late.worst_s, late.leaks, late.share) == ("late", 1, 2.0, True, 0.2)
        assert not fine.leaks
        assert not availability(asked, known, slack_s=2.0)[0].leaks

    def test_datetimes_are_accepted_and_absent_ones_left_out(self) -> None:
        """NaT is no time."""
        asked = np.array(["2013-01-01", "2013-01-02"], dtype="M8[s]")
        [found] = availability(asked, {"x": np.array(["NaT", "2013-01-03"], dtype="M8[s]")})
        assert (found.rows, found.late, found.worst_s) == (1, 1, 86400.0)

    def test_no_rows_are_no_leak(self) -> None:
        """And no division."""
        [found] = availability(np.zeros(0, dtype=int), {"x": np.zeros(0, dtype=int)})
        assert (found.share, found.leaks) == (0.0, False)

    def test_floats_are_no_times(self) -> None:
        """Seconds or microseconds? Refused."""
        with pytest.raises(InvalidStatistic):
            availability([1.5], {"x": [1]})
        with pytest.raises(InvalidStatistic):
            availability([1], {"x": [1]}, slack_s=-1)


class TestSplitGap:
    """Random minus time."""

    def test_three_answers(self) -> None:
        """The gap of the hotels fails; a small one passes; a noisy one is open."""
        assert split_gap(0.970, 0.002, 0.876, 0.006).gate is Gate.FAIL
        assert split_gap(0.880, 0.001, 0.876, 0.002).gate is Gate.PASS
        assert split_gap(0.970, 0.03, 0.876, 0.03).gate is Gate.INCONCLUSIVE
        assert split_gap(0.876, 0.001, 0.970, 0.001).gate is Gate.PASS

    def test_nan_is_refused(self) -> None:
        """As is a negative error."""
        for wrong in ((np.nan, 0.1, 0.5, 0.1), (0.5, -0.1, 0.5, 0.1)):
            with pytest.raises(InvalidStatistic):
                split_gap(*wrong)


class TestIdentityColumns:
    """Names of rows."""

    def test_names_and_counters_are_found_and_measurements_are_not(self) -> None:
        """Fractions differ in every row and mean something."""
        rng = np.random.default_rng(4)
        found = {
            each.column: each
            for each in identity_columns(
                {
                    "booking": [f"b{i}" for i in range(100)],
                    "counter": np.arange(100),
                    "temperature": rng.normal(size=100),
                    "shop": ["a", "b"] * 50,
                }
            )
        }
        assert [name for name, each in found.items() if each.names_rows] == ["booking", "counter"]
        assert found["counter"].counts_up
        assert not found["temperature"].counts_up

    def test_few_rows_name_nothing(self) -> None:
        """Ten different values in ten rows are no finding."""
        assert not identity_columns({"x": list(range(10))})[0].names_rows
        assert identity_columns({"x": []})[0].share == 0.0

    def test_a_bad_limit_is_refused(self) -> None:
        """Nothing has more values than rows."""
        with pytest.raises(InvalidStatistic):
            identity_columns({"x": [1]}, limit=1.5)
        with pytest.raises(InvalidStatistic):
            identity_columns({"x": [[1]]})
