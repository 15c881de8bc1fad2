"""What a gate may be declared to be."""

from __future__ import annotations

import msgspec
import pytest

from regrove.errors import InvalidDeclaration, InvalidInput
from regrove.gates import GateConfig
from regrove.gates.config import seconds
from regrove.project.read import read_text

HEAD = """
[project]
name = "flights"
module = "pipeline"

[models.late]
task = "binary"
request = "joined"
features = "features"
target = "late"
trainer = "classifier"
metric = "log_loss"
split = { holdout = "14d" }
"""


class TestGateConfig:
    """Its own table."""

    @pytest.mark.parametrize(
        ("table", "says"),
        [
            ({}, "asks for nothing"),
            ({"leakage": {}, "zone": "Mars/Olympus"}, "not a time zone"),
            ({"quality": {"metric": "auc"}}, "no limit"),
            ({"quality": {"metric": "auc", "at_least": 2, "at_most": 1}}, "keeps both limits"),
            ({"champion": {"margin": -0.1}}, "margin is none"),
            ({"slices": {"columns": []}}, "no columns to slice by"),
            ({"slices": {"columns": ["a", "a"]}}, "no columns to slice by"),
            ({"slices": {"columns": ["a"], "margin": -1.0}}, "margin is none"),
            ({"leakage": {"alone": 0.0}}, "is no share"),
            ({"leakage": {"limit": 1.5}}, "is no share"),
            ({"latency": {"p99": "20"}}, "not a time to answer in"),
            ({"latency": {"p99": "0ms"}}, "not a time to answer in"),
            ({"latency": {"p99": "20ms", "rate": 0.0}}, "rate of requests"),
            ({"champion": {"rule": "best"}}, "Invalid enum value"),
            ({"champion": {"severity": "loud"}}, "Invalid enum value"),
            ({"fairness": {}}, "unknown field"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, table, says):
        """Before a version is ever judged."""
        with pytest.raises((InvalidInput, msgspec.ValidationError), match=says):
            msgspec.convert(table, GateConfig)

    @pytest.mark.parametrize(("text", "value"), [("20ms", 0.02), ("1.5s", 1.5), ("300us", 0.0003)])
    def test_times_to_answer_in(self, text, value):
        """In three units."""
        assert seconds(text) == pytest.approx(value)


class TestInADeclaration:
    """Beside the model that it judges."""

    def test_a_gate_is_read(self):
        """By the name of its model."""
        text = HEAD + '[gates.late]\nchampion = { rule = "non-inferior", margin = 0.01 }\nlatency = { p99 = "20ms" }\n'
        gate = read_text(text).gates["late"]
        assert (gate.champion.rule, gate.champion.margin, gate.latency.limit_s) == ("non-inferior", 0.01, 0.02)

    @pytest.mark.parametrize(
        ("gate", "says", "mend"),
        [
            ("[gates.lat]\nleakage = {}", "named by no model", "did you mean 'late'?"),
            (
                '[gates.late]\nquality = { metric = "rmse", at_most = 1 }',
                "quality does not fit the task binary",
                "metric",
            ),
            ('[gates.late]\nchampion = { metric = "roc_au" }', "champion does not fit", "did you mean 'roc_auc'?"),
            ("[gates.late]\nlekage = {}", "has no key 'lekage'", "did you mean 'leakage'?"),
            ('[gates.late]\nlatency = { p99 = "fast" }', "not a time to answer in", "20ms"),
        ],
    )
    def test_what_does_not_fit_is_refused_with_its_line(self, gate, says, mend):
        """And what mends it."""
        with pytest.raises(InvalidDeclaration) as caught:
            read_text(HEAD + gate)
        assert says in str(caught.value)
        assert mend in caught.value.mend
        assert "line 1" in str(caught.value)
