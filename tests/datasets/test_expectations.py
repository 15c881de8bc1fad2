from __future__ import annotations

import math

import pytest

from regrove.datasets import Expectation


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
