"""Rows that stand alone."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.stats.gate import Gate
from regrove.stats.privacy import anonymity
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["f", "m", None]), st.integers(0, 3)), min_size=1, max_size=40
)


class TestAnonymity:
    """Counted exactly."""

    @given(rows=ROWS, seed=st.integers(0, 9))
    def test_it_counts_as_dictionaries_do(self, rows, seed: int) -> None:
        """Any order of rows and columns."""
        rows = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
        classes = Counter((age, sex) for age, sex, _ in rows)
        hidden = defaultdict(set)
        for age, sex, ill in rows:
            hidden[age, sex].add(ill)
        columns = {
            "sex": np.array([sex for _, sex, _ in rows], dtype=object),
            "age": np.array([age for age, _, _ in rows]),
        }
        found = anonymity(columns, [ill for _, _, ill in rows], k=3)
        assert found.k == min(classes.values())
        assert found.classes == len(classes)
        assert found.unique == sum(each == 1 for each in classes.values())
        assert found.below == sum(each for each in classes.values() if each < 3)
        assert found.diversity == min(len(each) for each in hidden.values())
        assert found.gate is (Gate.PASS if found.k >= 3 and found.diversity >= 2 else Gate.FAIL)
        smallest = dict(found.smallest)
        sex = None if smallest["sex"] == "(none)" else smallest["sex"]
        assert classes[int(smallest["age"]), sex] == found.k

    def test_a_class_of_one_illness_fails_though_it_is_large(self) -> None:
        """Who is in it is known to be ill."""
        found = anonymity({"age": [30] * 10 + [40] * 10}, ["flu"] * 10 + ["flu", "cold"] * 5)
        assert (found.gate, found.k, found.diversity) == (Gate.FAIL, 10, 1)
        assert "1 sensitive values" in found.reason

    def test_many_columns_do_not_overflow(self) -> None:
        """Forty columns of twenty values."""
        rng = np.random.default_rng(0)
        found = anonymity({f"c{i}": rng.integers(0, 20, 500) for i in range(40)})
        assert found.unique == 500

    def test_no_rows_are_inconclusive(self) -> None:
        """And no columns are refused."""
        found = anonymity({"age": []})
        assert (found.gate, found.k, found.classes) == (Gate.INCONCLUSIVE, 0, 0)
        with pytest.raises(InvalidStatistic):
            anonymity({})
        with pytest.raises(InvalidStatistic):
            anonymity({"age": [1], "sex": ["f", "m"]})
        with pytest.raises(InvalidStatistic):
            anonymity({"age": [1]}, k=0)
