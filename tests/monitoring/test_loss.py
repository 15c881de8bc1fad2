"""The loss of a row, against formulas written out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regrove.errors import InvalidDeclaration
from regrove.monitoring.loss import check_metric, judged
from regrove.registry import Signature
from regrove.registry.signature import Output
from regrove.schema import Column, LogicalType, Schema

FIELDS = Schema((Column("x", LogicalType.FLOAT64),))


def signature(task, classes=()):
    return Signature(request=FIELDS, features=FIELDS, output=Output(task=task, classes=classes))


def binary(labels, scores, classes=(False, True)):
    return signature("binary", classes), pl.DataFrame({"output.score": scores, "label": labels})


class TestBinary:
    """The score is the probability of the second class."""

    @pytest.mark.parametrize(
        ("metric", "expected"),
        [
            ("log_loss", [-np.log(0.9), -np.log(0.9), -np.log(0.4)]),
            ("brier", [0.01, 0.01, 0.36]),
            ("zero_one", [0.0, 0.0, 1.0]),
        ],
    )
    @pytest.mark.parametrize("classes", [(False, True), (0, 1), ("no", "yes")])
    def test_a_loss_is_what_its_name_says(self, metric, expected, classes):
        """Whatever the classes are called."""
        who, rows = binary([classes[1], classes[0], classes[1]], [0.9, 0.1, 0.4], classes)
        assert judged(metric, who, rows).raw() == pytest.approx(expected)

    @pytest.mark.parametrize("metric", ["log_loss", "brier", "zero_one"])
    def test_a_label_that_is_no_class_is_as_wrong_as_can_be(self, metric):
        """Its probability was 0, whatever the score."""
        who, rows = binary(["maybe", "maybe"], [0.9, 0.1], ("no", "yes"))
        assert judged(metric, who, rows).scaled(1.0).tolist() == [1.0, 1.0]

    def test_labels_of_one_class_have_a_loss_like_any_others(self):
        """No metric here needs both."""
        who, rows = binary([True] * 4, [0.9, 0.8, 0.7, 0.6])
        what = judged("log_loss", who, rows)
        assert what.raw() == pytest.approx(-np.log([0.9, 0.8, 0.7, 0.6]))
        assert 0.0 < what.scale() <= -np.log(0.6) + 1e-9

    def test_losses_for_detectors_lie_between_0_and_1(self):
        """A certain error counts no more than the scale."""
        who, rows = binary([True, True], [0.0, 0.5])
        what = judged("log_loss", who, rows)
        assert what.scaled(-np.log(0.5)).tolist() == [1.0, 1.0] and what.raw()[0] > 30

    def test_a_reference_without_any_loss_has_no_scale(self):
        """Nor has one without rows."""
        who, rows = binary([True, False], [1.0, 0.0])
        assert judged("log_loss", who, rows).scale() is None
        assert judged("brier", who, rows.clear()).scale() is None


class TestOtherTasks:
    """Several classes, and numbers."""

    ROWS = pl.DataFrame(
        {
            "output.class": ["a", "b", "a"],
            "output.probability:a": [0.7, 0.1, 0.5],
            "output.probability:b": [0.2, 0.8, 0.3],
            "output.probability:c": [0.1, 0.1, 0.2],
            "label": ["a", "c", "z"],
        }
    )

    def test_several_classes(self):
        """By the probability of what came true; a class that nobody knew is as wrong as can be."""
        who = signature("multiclass", ("a", "b", "c"))
        assert judged("log_loss", who, self.ROWS).raw()[:2] == pytest.approx([-np.log(0.7), -np.log(0.1)])
        assert judged("log_loss", who, self.ROWS).scaled(1.0)[2] == 1.0
        assert judged("zero_one", who, self.ROWS).raw().tolist() == [0.0, 1.0, 1.0]
        brier = [(0.3**2 + 0.2**2 + 0.1**2) / 2, (0.1**2 + 0.8**2 + 0.9**2) / 2, (0.5**2 + 0.3**2 + 0.2**2 + 1) / 2]
        assert judged("brier", who, self.ROWS).raw() == pytest.approx(brier)

    def test_numbers(self):
        """The distance."""
        rows = pl.DataFrame({"output.value": [1.0, 5.0], "label": [3, 5]})
        assert judged("absolute_error", signature("regression"), rows).raw().tolist() == [2.0, 0.0]

    def test_a_loss_that_the_answers_do_not_have_is_refused(self):
        """With those that they have."""
        with pytest.raises(InvalidDeclaration, match="absolute_error"):
            check_metric("brier", signature("regression"), monitor="m")
