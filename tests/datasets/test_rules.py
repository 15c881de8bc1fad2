from __future__ import annotations

import polars as pl
import pytest

from regrove.datasets import DatasetConfig, Expectation
from regrove.datasets.rules import compile_rules
from regrove.errors import InvalidInput
from regrove.schema import schema_of

FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3, None],
        "x": [0.5, float("nan"), 7.0, None],
        "s": ["ab", "b", "", None],
        "c": pl.Series(["u", "v", "u", None], dtype=pl.Categorical),
        "flag": [True, False, True, None],
        "day": pl.Series([0, 1, 2, None]).cast(pl.Date),
        "at": pl.Series([0, 10**6, 2 * 10**6, None]).cast(pl.Datetime("us", "UTC")),
    }
)


def breaking(**rule):
    config = DatasetConfig(source="x", expect=[Expectation(**rule)])
    (compiled,) = compile_rules(config, schema_of(FRAME)).row
    return FRAME.select(compiled.breaks.alias("b"))["b"].to_list()


class TestRowRules:
    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ({"column": "id", "not_null": True}, [0, 0, 0, 1]),
            ({"column": "id", "in_set": (1, 2)}, [0, 0, 1, 0]),
            ({"column": "s", "in_set": ("ab",)}, [0, 1, 1, 0]),
            ({"column": "c", "in_set": ("u",)}, [0, 1, 0, 0]),
            ({"column": "flag", "in_set": (True,)}, [0, 1, 0, 0]),
            ({"column": "day", "in_set": ("1970-01-02",)}, [1, 0, 1, 0]),
            ({"column": "x", "between": (0, 6)}, [0, 1, 1, 0]),
            ({"column": "id", "between": (1.5, 1e12)}, [1, 0, 0, 0]),
            ({"column": "day", "between": ("1970-01-01", "1970-01-02")}, [0, 0, 1, 0]),
            ({"column": "at", "between": ("1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z")}, [1, 0, 0, 0]),
            ({"column": "s", "matches": "a|b"}, [1, 0, 1, 0]),
            ({"column": "c", "matches": "[u]"}, [0, 1, 0, 0]),
            ({"where": "id + 1 < 4 and s is not null"}, [0, 0, 1, 1]),
            ({"where": "id in (1, 2)"}, [0, 0, 1, 0]),
            ({"column": "id", "type": "int8", "severity": "warn"}, [1, 1, 1, 1]),
        ],
    )
    def test_exactly_the_rows_that_break_it_are_marked(self, rule, expected):
        """Absent values break only not_null; a NaN lies between no two numbers."""
        assert breaking(**rule) == [bool(each) for each in expected]

    @pytest.mark.parametrize(
        "condition",
        [
            "avg(x) > 3",
            "x > avg(x)",
            "sum(x) over (partition by s) > 3",
            "count(*) > 3",
            "rank() over (order by x) > 1",
            "row_number() over () > 1",
            "id > (select 1)",
        ],
    )
    def test_a_condition_beyond_its_row_is_refused(self, condition):
        """Its value would depend on how the table is cut into batches."""
        with pytest.raises(InvalidInput, match="condition"):
            breaking(where=condition)

    def test_names_of_functions_in_a_text_are_only_text(self):
        """A value that looks like a call is none."""
        assert breaking(where="s <> 'x.sum() over('") == [False] * 4

    @pytest.mark.parametrize(
        ("rule", "told"),
        [
            ({"column": "iid", "not_null": True}, "did you mean 'id'"),
            ({"unique": ("id", "nowhere")}, "nowhere"),
            ({"where": "idd > 1"}, "did you mean 'id'"),
            ({"where": "id >"}, "cannot be evaluated"),
            ({"where": "id + 1"}, "Int64"),
            ({"where": "s > 1"}, "cannot be evaluated"),
            ({"column": "id", "in_set": ("1",)}, "values of type int64"),
            ({"column": "id", "in_set": (1.5,)}, "values of type int64"),
            ({"column": "flag", "in_set": (1,)}, "values of type boolean"),
            ({"column": "s", "between": ("a", "b")}, "numbers, dates or timestamps"),
            ({"column": "at", "between": ("1970-01-01T00:00:01", "1970-01-01T00:00:02")}, "without a time zone"),
            ({"column": "day", "between": (0, 1)}, "date as text"),
            ({"column": "id", "matches": "1"}, "column of text"),
            ({"column": "s", "matches": "(?=a)"}, "look-around"),
        ],
    )
    def test_a_rule_that_does_not_fit_the_table_is_refused(self, rule, told):
        """The mistake is in the declaration, and is told before a row is read."""
        with pytest.raises(InvalidInput) as caught:
            compile_rules(DatasetConfig(source="x", expect=[Expectation(**rule)]), schema_of(FRAME))
        assert told in str(caught.value)


class TestImplied:
    def test_key_and_event_time_bring_their_rules_once(self):
        """A key is never null and unique, an event time never null; saying it again adds nothing."""
        said = [Expectation(column="id", not_null=True), Expectation(column="id", unique=True)]
        rules = compile_rules(DatasetConfig(source="x", key=["id"], event_time="at", expect=said), schema_of(FRAME))
        assert [rule.sentence for rule in rules.row] == ["id is never null", "at is never null"]
        assert [rule.sentence for rule in rules.unique] == ["id is unique"]
