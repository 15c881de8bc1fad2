"""The graph of functions."""

from __future__ import annotations

import pytest

from regrove.errors import InvalidInput
from regrove.pipelines.graph import CyclicGraph, Origin
from regrove.pipelines.kinds import Kind
from tests.pipelines.graphs import made


class TestBuild:
    """From functions to steps."""

    def test_steps_stand_in_running_order(self, tmp_path):
        """Each after what it needs, the built-in ones among them."""
        graph = made(tmp_path)
        order = list(graph.steps)
        assert set(order) == {"joined", "features", "late", "signature", "split", "classifier", "evaluate"}
        for step in graph.steps.values():
            assert all(order.index(each) < order.index(step.name) for each in step.upstream())

    def test_parameters_find_datasets_steps_and_given_names(self, tmp_path):
        """Where each value comes from, and in which form."""
        graph = made(
            tmp_path,
            joined="def joined(trips: pl.DataFrame, weather) -> pl.DataFrame: ...",
            features="def features(joined) -> pl.LazyFrame: ...",
        )
        assert [(n.origin, n.form) for n in graph.steps["joined"].needs] == [
            (Origin.DATASET, "eager"),
            (Origin.DATASET, "lazy"),
        ]
        assert [(n.origin, n.form) for n in graph.steps["features"].needs] == [(Origin.STEP, "eager")]
        assert [(n.parameter, n.name, n.origin) for n in graph.steps["classifier"].needs] == [
            ("train", "split", Origin.STEP),
            ("params", "params", Origin.GIVEN),
        ]

    def test_what_is_not_needed_is_no_step(self, tmp_path):
        """Other functions of the module do not run, and need not be right."""
        graph = made(tmp_path, other="def other(nothing_like_it): ...")
        assert "other" not in graph.steps

    def test_one_more_function_can_be_asked_for(self, tmp_path):
        """With what it needs."""
        graph = made(tmp_path, other="def other(weather: pl.LazyFrame) -> dict[str, float]: ...", also="other")
        assert graph.steps["other"].kind is Kind.JSON

    def test_a_default_fills_a_parameter_that_nothing_makes(self, tmp_path):
        """It is part of the code."""
        graph = made(tmp_path, joined="def joined(trips: pl.LazyFrame, limit: int = 3) -> pl.LazyFrame: ...")
        assert [need.name for need in graph.steps["joined"].needs] == ["trips"]

    def test_ancestors_descendants_and_paths(self, tmp_path):
        """Walks over the graph."""
        graph = made(tmp_path)
        assert graph.ancestors("late") == ("joined", "late")
        assert graph.descendants("classifier") == ("classifier", "evaluate")
        assert graph.path("joined", "evaluate")[0] == "joined"
        assert graph.datasets == ("trips",)


class TestRefused:
    """What no run could do."""

    def test_an_unknown_name_has_the_nearest(self, tmp_path):
        """Functions, datasets and given names are listed."""
        with pytest.raises(InvalidInput, match="needs 'tripps', which nothing makes") as caught:
            made(tmp_path, joined="def joined(tripps: pl.LazyFrame) -> pl.LazyFrame: ...")
        assert caught.value.mend == "did you mean 'trips'?"
        assert "pipeline.py:" in str(caught.value)

    def test_a_dataset_that_is_not_declared(self, tmp_path):
        """The mend says how to declare it."""
        with pytest.raises(InvalidInput) as caught:
            made(tmp_path, joined="def joined(xyzzy: pl.LazyFrame) -> pl.LazyFrame: ...")
        assert "[datasets.xyzzy]" in caught.value.mend

    def test_a_circle_is_written_out(self, tmp_path):
        """The way round is shown in the direction of the data."""
        with pytest.raises(CyclicGraph, match="joined -> b -> a -> joined"):
            made(
                tmp_path,
                joined="def joined(a: pl.LazyFrame) -> pl.LazyFrame: ...",
                a="def a(b: pl.LazyFrame) -> pl.LazyFrame: ...",
                b="def b(joined: pl.LazyFrame) -> pl.LazyFrame: ...",
            )

    def test_a_function_that_needs_itself(self, tmp_path):
        """The smallest circle."""
        with pytest.raises(CyclicGraph, match="joined -> joined"):
            made(tmp_path, joined="def joined(joined: pl.LazyFrame) -> pl.LazyFrame: ...")

    def test_features_that_stand_on_train(self, tmp_path):
        """Train is made of them, so it is a circle through the split."""
        with pytest.raises(CyclicGraph, match="split"):
            made(tmp_path, features="def features(joined: pl.LazyFrame, train: Train) -> pl.LazyFrame: ...")

    @pytest.mark.parametrize("role", ["request", "features", "target", "trainer"])
    def test_a_role_must_name_a_function(self, tmp_path, role):
        """The key and the nearest name are given."""
        with pytest.raises(InvalidInput, match=f"{role} of the model 'late' names no function"):
            made(tmp_path, model={role: "nowhere"})

    @pytest.mark.parametrize(
        ("annotation", "reason"), [("", "it is missing"), (" -> set", "order"), (" -> pl.LazyFram", "no way to keep")]
    )
    def test_a_return_annotation_must_be_kept(self, tmp_path, annotation, reason):
        """Missing and unsupported ones are refused before anything runs."""
        with pytest.raises(InvalidInput, match=reason):
            made(tmp_path, joined=f"def joined(trips: pl.LazyFrame){annotation}: ...")

    def test_trust_keeps_anything(self, tmp_path):
        """A step that is marked may return what it likes."""
        graph = made(
            tmp_path,
            table="@step(trusted=True)\ndef table(trips: pl.LazyFrame) -> set: ...",
            late="def late(joined: pl.LazyFrame, table) -> pl.LazyFrame: ...",
        )
        assert graph.steps["table"].kind is Kind.ANY

    def test_a_parameter_must_ask_for_what_it_gets(self, tmp_path):
        """An array cannot be a frame."""
        with pytest.raises(InvalidInput, match="asks for joined as np.ndarray"):
            made(tmp_path, features="def features(joined: np.ndarray) -> pl.LazyFrame: ...")

    @pytest.mark.parametrize("parameters", ["*trips", "**trips", "trips, /"])
    def test_parameters_are_filled_by_name(self, tmp_path, parameters):
        """What has no name of its own cannot be filled."""
        with pytest.raises(InvalidInput, match="cannot be filled by its name"):
            made(tmp_path, joined=f"def joined({parameters}) -> pl.LazyFrame: ...")

    def test_names_that_are_taken(self, tmp_path):
        """A dataset, a given name and a built-in step keep theirs."""
        with pytest.raises(InvalidInput, match="name of a dataset"):
            made(tmp_path, trips="def trips(weather: pl.LazyFrame) -> pl.LazyFrame: ...", also="trips")
        with pytest.raises(InvalidInput, match="name of a built-in step"):
            made(tmp_path, split="def split(trips: pl.LazyFrame) -> pl.LazyFrame: ...", also="split")
        with pytest.raises(InvalidInput, match="name of a given name"):
            made(tmp_path, seed="def seed(trips: pl.LazyFrame) -> int: ...", also="seed")

    def test_an_option_of_step_that_does_not_exist(self, tmp_path):
        """Options are read without running the code."""
        with pytest.raises(InvalidInput, match="no option 'retry'"):
            made(tmp_path, joined="@step(retry=1)\ndef joined(trips: pl.LazyFrame) -> pl.LazyFrame: ...")
