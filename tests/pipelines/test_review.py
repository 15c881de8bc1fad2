"""Judging all declared models at once, and the run that is asked for."""

from __future__ import annotations

import msgspec
import pytest

from regrove.datasets import DatasetConfig
from regrove.errors import InvalidInput, NotFound, RegroveError
from regrove.pipelines import RunRequest
from regrove.pipelines.code import Codebase
from regrove.pipelines.config import ModelConfig
from regrove.pipelines.graph import CyclicGraph
from regrove.pipelines.review import review
from tests.pipelines.graphs import GOOD, HEAD
from tests.pipelines.project import MODEL, TRIPS


@pytest.fixture
def judged(tmp_path):
    """Reviews two models over the usual functions with these in their place."""

    def ask(request=None, *, second=None, **functions):
        body = "\n\n\n".join((GOOD | functions).values())
        (tmp_path / "pipeline.py").write_text(f"{HEAD}\n\n{body}\n")
        tables = {"late": MODEL, "later": MODEL | (second or {})}
        models = {name: msgspec.convert(table, ModelConfig) for name, table in tables.items()}
        datasets = {"trips": msgspec.convert(TRIPS, DatasetConfig)}
        review(models, datasets, Codebase.load(tmp_path, "pipeline"), tmp_path, request)

    return ask


class TestReview:
    """What would stop a run is said before anything is recorded."""

    def test_sound_models_pass(self, judged):
        """With a sound request, too."""
        judged()
        judged(RunRequest("late", {"max_iter": 3}, from_step="features", only="late"))

    def test_each_model_counts(self, judged):
        """Not only the first, and not only the one that is asked for."""
        with pytest.raises(InvalidInput, match="trainer of the model 'later' names no function") as caught:
            judged(RunRequest("late"), second={"trainer": "clasifier"})
        assert caught.value.mend == "did you mean 'classifier'?"

    def test_functions_in_a_circle(self, judged):
        """Written out."""
        with pytest.raises(CyclicGraph, match="joined -> tidy -> joined|tidy -> joined -> tidy"):
            judged(
                joined="def joined(trips: pl.LazyFrame, tidy: pl.LazyFrame) -> pl.LazyFrame: ...",
                tidy="def tidy(joined: pl.LazyFrame) -> pl.LazyFrame: ...",
            )

    @pytest.mark.parametrize(
        ("request_", "error", "says", "mend"),
        [
            (RunRequest("lat"), NotFound, "no model 'lat'", "did you mean 'late'?"),
            (RunRequest("late", only="featres"), InvalidInput, "no step 'featres'", "did you mean 'features'?"),
            (RunRequest("late", from_step="spilt"), InvalidInput, "no step 'spilt'", "did you mean 'split'?"),
            (RunRequest("late", {"max_itr": 1}), InvalidInput, "reads the parameter 'max_itr'", "'max_iter'"),
            (RunRequest("late", {"max_iter": float("nan")}), InvalidInput, "The parameter 'max_iter'", "max_iter"),
        ],
    )
    def test_a_request_that_cannot_be_met(self, judged, request_, error, says, mend):
        """The declaration may be sound and the request not."""
        with pytest.raises(error) as caught:
            judged(request_)
        assert says in caught.value.happened
        assert mend in caught.value.mend

    def test_params_of_a_request_do_not_mend_a_declaration(self, judged):
        """What is recorded must run without them."""
        with pytest.raises(RegroveError, match=r"params\.max_iter, which is not declared"):
            judged(RunRequest("late", {"max_iter": 3}), second={"params": {}})
