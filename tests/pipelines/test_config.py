"""What a model's table may say."""

from __future__ import annotations

import msgspec
import pytest

from regrove.errors import InvalidInput
from regrove.pipelines.config import ModelConfig, SplitConfig, duration
from tests.pipelines.project import MODEL


class TestDuration:
    """Stretches of time."""

    @pytest.mark.parametrize(
        ("text", "seconds"), [("1s", 1), ("2m", 120), ("36h", 129_600), ("14d", 1_209_600), ("1w", 604_800)]
    )
    def test_units(self, text, seconds):
        """Each unit has its length."""
        assert duration(text) == seconds * 1_000_000

    @pytest.mark.parametrize("text", ["", "14", "d", "1.5d", "-1d", "14 d", "14days"])
    def test_anything_else_is_refused(self, text):
        """The error shows the form."""
        with pytest.raises(InvalidInput, match="not a duration") as caught:
            duration(text)
        assert "'14d'" in caught.value.expected
        assert caught.value.received == repr(text)
        assert "14d for fourteen days" in caught.value.mend


class TestSplit:
    """By time or at random."""

    @pytest.mark.parametrize(
        "table",
        [
            {},
            {"holdout": "14d", "random": 0.2},
            {"holdout": "0d"},
            {"random": 1.0},
            {"random": 0.0},
            {"random": 0.2, "embargo": "1d"},
            {"random": 0.2, "time": "when"},
            {"holdout": "14d", "embargo": "soon"},
        ],
    )
    def test_what_contradicts_itself_is_refused(self, table):
        """A split says one thing; both sides are told, and the way out."""
        with pytest.raises(InvalidInput) as caught:
            SplitConfig(**table)
        assert caught.value.expected and caught.value.received and caught.value.mend


class TestModel:
    """The table of a model."""

    def test_the_example_is_accepted(self):
        """The table that the documentation shows."""
        assert msgspec.convert(MODEL, ModelConfig).split.embargo == "2d"

    def test_a_metric_must_fit_the_task(self):
        """The error lists those that do, and the nearest."""
        with pytest.raises(InvalidInput, match="log_loss"):
            msgspec.convert(MODEL | {"metric": "log_los"}, ModelConfig)
        with pytest.raises(InvalidInput) as caught:
            msgspec.convert(MODEL | {"metric": "rmse"}, ModelConfig)
        assert caught.value.mend == 'metric = "log_loss"'

    def test_an_unknown_key_is_refused(self):
        """Nothing is accepted and then ignored."""
        with pytest.raises(msgspec.ValidationError, match="sclices"):
            msgspec.convert(MODEL | {"sclices": []}, ModelConfig)
