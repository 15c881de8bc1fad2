"""What must hold before anything runs."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from regrove.datasets import DatasetConfig
from regrove.errors import InvalidInput
from regrove.pipelines.config import ModelConfig
from regrove.pipelines.rules import Leak, UnservablePath, serving_chain, time_columns
from tests.pipelines.graphs import made
from tests.pipelines.project import MODEL, TRIPS

TRAINER = "def classifier(train: Train, params: Params, {}) -> LogisticRegression: return params.max_iter"


def config(**more):
    return msgspec.convert(MODEL | more, ModelConfig)


class TestServingPath:
    """Between request and features."""

    def test_a_dataset_is_refused_with_the_two_ways_out(self, tmp_path):
        """The way it takes is shown."""
        with pytest.raises(UnservablePath, match="'weather'") as caught:
            made(
                tmp_path,
                winds="def winds(joined: pl.LazyFrame, weather: pl.LazyFrame) -> pl.LazyFrame: ...",
                features="def features(winds: pl.LazyFrame) -> pl.LazyFrame: ...",
            )
        assert caught.value.received == "weather -> winds -> features"
        assert "let the request carry the joined columns" in caught.value.mend
        assert "feature view" in caught.value.mend

    def test_a_way_around_the_request_is_refused(self, tmp_path):
        """A function before the request stands on a dataset, so it cannot be served either."""
        with pytest.raises(UnservablePath, match="'trips'"):
            made(
                tmp_path,
                cleaned="def cleaned(trips: pl.LazyFrame) -> pl.LazyFrame: ...",
                joined="def joined(cleaned: pl.LazyFrame) -> pl.LazyFrame: ...",
                features="def features(joined: pl.LazyFrame, cleaned: pl.LazyFrame) -> pl.LazyFrame: ...",
            )

    @pytest.mark.parametrize(("name", "kind"), [("params", "Params"), ("seed", "int"), ("run", "StepRun")])
    def test_given_names_are_refused(self, tmp_path, name, kind):
        """A request carries neither params nor seeds."""
        with pytest.raises(UnservablePath, match=f"'{name}'"):
            made(
                tmp_path,
                features=f"def features(joined: pl.LazyFrame, {name}: {kind}) -> pl.LazyFrame: return {name}.max_iter",
            )

    def test_features_must_stand_on_the_request(self, tmp_path):
        """Otherwise no request could be answered."""
        with pytest.raises(UnservablePath, match="does not stand on joined"):
            made(
                tmp_path,
                table="def table() -> pl.DataFrame: ...",
                features="def features(table: pl.DataFrame) -> pl.LazyFrame: ...",
            )

    def test_the_chain_holds_what_lies_between(self, tmp_path):
        """Tables made by code alone may take part; the request itself does not run."""
        graph = made(
            tmp_path,
            table="def table() -> pl.DataFrame: ...",
            winds="def winds(joined: pl.LazyFrame, table: pl.DataFrame) -> pl.LazyFrame: ...",
            features="def features(winds: pl.LazyFrame) -> pl.LazyFrame: ...",
        )
        assert serving_chain(graph, config()) == ("table", "winds", "features")

    def test_features_that_are_the_request(self, tmp_path):
        """There is nothing between."""
        graph = made(tmp_path, model={"features": "joined"})
        assert serving_chain(graph, config(features="joined")) == ()


class TestLeak:
    """The trainer and what judges it."""

    def test_the_holdout_is_refused(self, tmp_path):
        """On any way to the trainer."""
        with pytest.raises(Leak, match="reads the holdout"):
            made(
                tmp_path,
                scale="def scale(holdout: Holdout) -> float: ...",
                classifier=TRAINER.format("scale: float"),
            )

    @pytest.mark.parametrize("name", ["features", "late"])
    def test_all_rows_are_refused(self, tmp_path, name):
        """Features and target hold the holdout's rows too."""
        with pytest.raises(Leak, match=f"sees all rows of {name}"):
            made(
                tmp_path,
                classifier=TRAINER.format(f"{name}: pl.LazyFrame"),
            )

    def test_a_trainer_takes_train(self, tmp_path):
        """One that takes nothing learns nothing."""
        with pytest.raises(InvalidInput, match="never sees the rows of train"):
            made(tmp_path, classifier="def classifier(params: Params) -> LogisticRegression: return params.max_iter")


class TestKinds:
    """What each role returns."""

    @pytest.mark.parametrize(
        ("role", "text"),
        [
            ("features", "def features(joined: pl.LazyFrame) -> np.ndarray: ..."),
            ("late", "def late(joined: pl.LazyFrame) -> list[bool]: ..."),
            ("classifier", "def classifier(train: Train, params: Params) -> dict: return params.max_iter"),
        ],
    )
    def test_another_kind_is_refused(self, tmp_path, role, text):
        """The place of the function is named."""
        with pytest.raises(InvalidInput, match="returns something else"):
            made(tmp_path, **{role: text})


class TestParams:
    """Nothing is given and then ignored."""

    def test_a_key_that_nothing_reads(self, tmp_path):
        """The nearest key that is read is named."""
        with pytest.raises(InvalidInput, match="reads the parameter 'max_itr'") as caught:
            made(tmp_path, model={"params": {"max_iter": 1, "max_itr": 2}})
        assert caught.value.mend == "did you mean 'max_iter'?"

    def test_a_key_that_is_read_and_not_given(self, tmp_path):
        """It would fail when the step runs, so it fails now."""
        with pytest.raises(InvalidInput, match="reads params.max_iter, which is not declared"):
            made(tmp_path, model={"params": {}})

    def test_a_helper_may_read_anything(self, tmp_path):
        """Params that are handed on cannot be followed."""
        text = "def classifier(train: Train, params: Params) -> LogisticRegression: return helper(params)"
        assert made(tmp_path, model={"params": {"any": 1}}, classifier=text)

    @pytest.mark.parametrize(
        ("value", "where", "received"),
        [
            (float("nan"), "max_iter", "nan"),
            (float("inf"), "max_iter", "inf"),
            ([1, {"deep": float("-inf")}], "max_iter[1].deep", "-inf"),
            (2**64, "max_iter", str(2**64)),
            (object(), "max_iter", "a value of type object"),
            ({1: 2}, "max_iter", "a value of type dict"),
        ],
    )
    def test_a_value_without_a_form(self, tmp_path, value, where, received):
        """It could be neither kept nor compared; the parameter is named, and what it was given."""
        with pytest.raises(InvalidInput) as caught:
            made(tmp_path, model={"params": {"max_iter": value}})
        assert f"The parameter '{where}' of 'late'" in caught.value.happened
        assert caught.value.received == received
        assert "finite number" in caught.value.expected
        assert "max_iter" in caught.value.mend

    def test_values_with_a_form(self, tmp_path):
        """What TOML can say, but for numbers that are none."""
        values = {"a": 1.5, "b": [True, "x", None], "c": datetime.now(UTC), "d": -(2**63)}
        assert made(tmp_path, model={"params": {"max_iter": values}})

    def test_params_without_a_reader(self, tmp_path):
        """A model whose functions read none has none."""
        text = "def classifier(train: Train) -> LogisticRegression: ..."
        with pytest.raises(InvalidInput, match="reads the parameter 'max_iter'"):
            made(tmp_path, classifier=text)


class TestSplit:
    """By time where there is time."""

    def test_a_random_split_is_refused_where_rows_have_a_time(self, tmp_path):
        """Any dataset of the model counts."""
        with pytest.raises(InvalidInput, match="split at random"):
            made(tmp_path, model={"split": {"random": 0.2}})

    def test_a_random_split_of_rows_without_a_time(self, tmp_path):
        """Nothing is against it."""
        assert made(tmp_path, model={"split": {"random": 0.2}}, datasets={"trips": {"source": "a.csv"}})

    def test_a_split_by_time_needs_a_time(self, tmp_path):
        """The ways out are named."""
        with pytest.raises(InvalidInput, match="has an event time") as caught:
            made(tmp_path, datasets={"trips": {"source": "a.csv"}})
        assert "random" in caught.value.mend

    def test_the_first_dataset_decides(self, tmp_path):
        """In the order in which the parameters lead to them; a named column stands before all."""
        tables = {"trips": TRIPS, "weather": {"source": "w.csv", "event_time": "hour"}}
        graph = made(
            tmp_path,
            datasets=tables,
            joined="def joined(weather: pl.LazyFrame, trips: pl.LazyFrame) -> pl.LazyFrame: ...",
        )
        known = {name: msgspec.convert(table, DatasetConfig) for name, table in tables.items()}
        assert time_columns(graph, config(), known) == ("hour", "started_at")
        named = config(split={"holdout": "1d", "time": "landed_at"})
        assert time_columns(graph, named, known) == ("landed_at",)
