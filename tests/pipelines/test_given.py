"""What a function may ask for."""

from __future__ import annotations

import pickle

import pytest

from regrove.errors import InvalidInput
from regrove.pipelines import Params, StepRun


class TestParams:
    """Values by attribute and by key."""

    def test_both_ways(self):
        """An attribute and a key are one value."""
        params = Params({"depth": 3})
        assert params.depth == params["depth"] == 3
        assert dict(params) == {"depth": 3}
        assert "rate" not in params

    def test_a_missing_one_names_the_nearest(self):
        """The error says what is there."""
        with pytest.raises(InvalidInput, match="did you mean 'depth'"):
            _ = Params({"depth": 3}).dept

    def test_it_cannot_be_changed(self):
        """A step cannot hand values to another through params."""
        with pytest.raises((AttributeError, TypeError)):
            Params({}).depth = 3

    def test_private_names_are_plain_attributes(self):
        """Libraries that look for a protocol do not get an error of ours."""
        assert not hasattr(Params({}), "__array__")
        assert pickle.loads(pickle.dumps(3)) == 3


class TestStepRun:
    """What a step measures."""

    def test_points_are_gathered_in_order(self):
        """Single values and several at once."""
        run = StepRun()
        run.log_metric("loss", 1)
        run.log_metrics({"loss": 0.5, "auc": 0.7}, step=1)
        assert [(point.key, point.value, point.step) for point in run.points] == [
            ("loss", 1.0, 0),
            ("loss", 0.5, 1),
            ("auc", 0.7, 1),
        ]
