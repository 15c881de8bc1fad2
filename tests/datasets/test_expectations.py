from __future__ import annotations

import math

import pytest

from regrove.datasets import Expectation
from regrove.errors import InvalidDeclaration


class TestExpectation:
    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            ({"column": "id", "not_null": True}, "id is never null"),
            ({"column": "origin", "in_set": ("EWR", "JFK")}, "origin is one of 'EWR', 'JFK'"),
            ({"column": "hour", "between": (0, 23)}, "hour is between 0 and 23"),
            ({"column": "id", "unique": True}, "id is unique"),
            ({"unique": ("a", "b")}, "a, b together are unique"),
            ({"column": "hour", "type": "int8"}, "hour is of type int8"),
            ({"column": "tail", "matches": "N.*"}, "tail matches N.*"),
            ({"where": "a < b"}, "a < b"),
            ({"row_count": (1, 10)}, "there are 1 to 10 rows"),
        ],
    )
    def test_each_rule_says_in_words_what_it_expects(self, rule, sentence):
        """A report is read by people."""
        assert Expectation(**rule).sentence == sentence

    @pytest.mark.parametrize(
        "rule",
        [
            {},
            {"column": "a"},
            {"not_null": True},
            {"column": "a", "where": "a > 1"},
            {"column": "a", "row_count": (1, 2)},
            {"column": "a", "unique": ("b",)},
            {"unique": True},
            {"unique": ()},
            {"unique": ("a", "a")},
            {"column": "a", "in_set": ()},
            {"column": "a", "in_set": (math.nan,)},
            {"column": "a", "between": (2, 1)},
            {"column": "a", "between": (0, math.inf)},
            {"column": "a", "between": (0, "b")},
            {"row_count": (-1, 2)},
            {"where": " "},
        ],
    )
    def test_anything_but_one_whole_rule_is_refused(self, rule):
        """An expectation that cannot mean one thing means nothing."""
        with pytest.raises(ValueError):
            Expectation(**rule)

    @pytest.mark.parametrize(
        ("rule", "expected", "received", "mend"),
        [
            ({"column": "a", "between": (5000, 0)}, "the lower end first", "[5000, 0]", "between = [0, 5000]"),
            ({"column": "a", "between": ("b", "a")}, "the lower end first", '["b", "a"]', 'between = ["a", "b"]'),
            ({"row_count": (9, 1)}, "the lower end first", "[9, 1]", "row_count = [1, 9]"),
            ({"column": "a", "between": (0, math.inf)}, "two finite ends", "[0, inf]", "for an open end use where"),
            ({"column": "a", "between": (0, "b")}, "two numbers, or two dates", '[0, "b"]', "correct between"),
            ({"row_count": (-1, 2)}, "0 or more", "[-1, 2]", "correct row_count"),
            ({"column": "a", "in_set": ()}, "at least one value", "[]", "correct in_set"),
            ({"unique": ("a", "a")}, "each once", '["a", "a"]', "correct unique"),
            ({"column": "a"}, "one of not_null, in_set", "none", "one [[datasets.NAME.expect]] for each rule"),
            (
                {"column": "a", "not_null": True, "where": "a > 1"},
                "one of not_null",
                "not_null, where",
                "for each rule",
            ),
            ({"not_null": True}, "a column", "none", 'add column = "NAME"'),
            ({"column": "a", "row_count": (1, 2)}, "no column", "column = 'a'", "take column away"),
        ],
    )
    def test_a_contradiction_is_told_with_both_sides_and_its_mend(self, rule, expected, received, mend):
        """Each part where it belongs, the values as they stand in the file."""
        with pytest.raises(InvalidDeclaration) as caught:
            Expectation(**rule)
        assert expected in caught.value.expected
        assert caught.value.received == received
        assert mend in caught.value.mend
