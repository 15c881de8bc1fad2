"""A loaded model and its warming."""

from __future__ import annotations

import pytest

from regrove.errors import InvalidInput
from regrove.schema import Column, LogicalType, Schema, decode_rows
from regrove.serving.live import Live, example
from tests.serving.doubles import Sum, generation, row


class TestExample:
    """Made-up rows."""

    def test_they_are_requests_of_every_type(self):
        """What a client sends for the schema could look like this."""
        schema = Schema(tuple(Column(kind.value, kind, nullable=kind is LogicalType.INT8) for kind in LogicalType))
        for made in example(schema):
            decode_rows([made], schema)


class TestWarm:
    """Before a generation lives."""

    def test_a_model_that_answers_one_made_up_row_is_warm(self):
        """A project's function may refuse zeros with reason."""

        class NoZero(Sum):
            def predict(self, columns):
                if columns["hour"] == [0]:
                    raise ZeroDivisionError
                return super().predict(columns)

        Live(generation(), NoZero()).warm()

    def test_a_model_that_answers_none_is_not(self):
        """Its first error is told."""

        class Broken(Sum):
            def predict(self, columns):
                raise ValueError("no such file")

        with pytest.raises(ValueError, match="no such file"):
            Live(generation(), Broken()).warm()

    def test_rows_are_checked_before_the_model_sees_them(self):
        """Row and field are named."""
        with pytest.raises(InvalidInput, match="Row 1: field 'hour'"):
            Live(generation(), Sum()).read([row(), row(hour="7")])
