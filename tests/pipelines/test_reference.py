"""The rows of a run."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regrove.frames import decode_parquet
from regrove.pipelines.reference import reference
from tests.pipelines.project import PIPELINE, Project


def rows_of(project: Project, run: str) -> pl.DataFrame:
    kept = {each.name: each for each in project.runs.details(run).artifacts}
    return decode_parquet(project.vault.read(kept["reference"].digest))


def features(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col("request.distance").log1p().alias("log_distance"), pl.col("request.hour").cast(pl.Float64).alias("hour")
    )


def scores(fitted_on: pl.DataFrame, asked: pl.DataFrame, seed: int) -> np.ndarray:
    """By hand what the project's classifier does."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=50, random_state=seed).fit(features(fitted_on), fitted_on["label"])
    return model.predict_proba(features(asked))[:, 1]


class TestOfARun:
    """The artifact that a run leaves behind."""

    def test_every_answer_is_of_a_model_that_had_not_learnt_from_the_row(self, project):
        """Fitted again by hand on the rows before each origin, the same numbers come out."""
        report = project.pipelines.run("late")
        rows = rows_of(project, report.run.ref)
        assert rows.columns == [
            "event_time",
            "request.distance",
            "request.hour",
            "output.score",
            "label",
            "side",
            "origin",
        ]
        assert rows.height == 240
        train, holdout = rows.filter(pl.col("side") == "train"), rows.filter(pl.col("side") == "holdout")
        assert (holdout["origin"] == 0).all() and holdout["output.score"].null_count() == 0
        seed = project.sink.kept[0].seed
        assert np.allclose(scores(train, holdout, seed), holdout["output.score"], atol=1e-12)
        first = train["event_time"].min()
        span = (train["event_time"].max() - first) / 2  # 60 days would be more than there are
        for place in (1, 2):
            predicted = train.filter(pl.col("origin") == place)
            origin = train["event_time"].max() - span * (3 - place) / 2
            assert predicted["event_time"].min() > origin
            earlier = train.filter(pl.col("event_time") <= origin - pl.duration(days=2))
            assert np.allclose(scores(earlier, predicted, seed), predicted["output.score"], atol=1e-12)
        assert (
            train.filter(pl.col("origin").is_null())["output.score"].null_count()
            == train.filter(pl.col("origin").is_null()).height
        )
        assert (rows.filter(pl.col("side") == "embargo")["event_time"].is_between(*_embargo(rows))).all()

    def test_the_model_is_what_it_was_without(self, project):
        """Origins change neither bytes nor seed nor what is registered."""
        with_origins = project.pipelines.run("late")
        project.declared.models["late"]["origins"] = 0
        without = project.pipelines.run("late", from_step="joined")
        assert (without.model_ref, without.model_is_new) == (with_origins.model_ref, False)
        assert set(with_origins.executed) - set(without.executed) == {"origin-1", "origin-2"}
        assert set(rows_of(project, without.run.ref)["origin"]) == {0, None}

    def test_a_random_split_has_sides_and_no_time(self, project):
        """And origins are not asked for."""
        project.declared.datasets["trips"].pop("event_time")
        project.declared.models["late"]["split"] = {"random": 0.25}
        rows = rows_of(project, project.pipelines.run("late").run.ref)
        assert rows["event_time"].null_count() == 240
        assert rows["event_time"].dtype == pl.Datetime("us", "UTC")
        assert dict(rows["side"].value_counts().iter_rows()) == {"train": 180, "holdout": 60}

    def test_rows_without_a_label_are_there(self, project):
        """What is not known yet is part of what a request looked like."""
        known = 'pl.when(pl.col("hour") > 0).then(pl.col("minutes") > LIMIT)'
        project.edit("pipeline", '(pl.col("minutes") > LIMIT)', known)
        rows = rows_of(project, project.pipelines.run("late").run.ref)
        unknown = rows.filter(pl.col("label").is_null())
        assert unknown.height == 60 == rows.filter(pl.col("side") == "unlabelled").height
        assert unknown["output.score"].null_count() == 60

    def test_an_origin_without_a_model_is_told_and_the_run_goes_on(self, project):
        """Here the positives come late."""
        from regrove.pipelines import Printed

        text = PIPELINE.replace(
            '(pl.col("minutes") > LIMIT)',
            '(pl.col("minutes") > LIMIT) & (pl.col("started_at") > pl.datetime(2013, 2, 5, time_zone="UTC"))',
        )
        project.write(pipeline=text)
        told: list[str] = []
        report = project.pipelines.run(
            "late", progress=lambda each: told.append(each.text) if isinstance(each, Printed) else None
        )
        assert report.model_ref == "model:late@1"
        assert any("Nothing is predicted after origin-1: no model could be fitted" in each for each in told)
        assert 1 not in set(rows_of(project, report.run.ref)["origin"])


def _embargo(rows: pl.DataFrame) -> tuple[object, object]:
    held, train = rows.filter(pl.col("side") == "holdout"), rows.filter(pl.col("side") == "train")
    return train["event_time"].max(), held["event_time"].min()


class TestOfSeveralClasses:
    """Answers of several classes side by side."""

    def test_a_class_that_an_origin_had_not_seen_has_no_chance_there(self):
        """And rows without an answer have none."""
        request = pl.DataFrame({"x": [1, 2, 3, 4]})
        sides = pl.DataFrame({"side": ["train", "train", "embargo", "holdout"], "event_time": [1, 2, 3, 4]})
        held = pl.DataFrame({"output.class": ["c"], "output.probability:a": [0.1], "output.probability:c": [0.9]})
        after = pl.DataFrame({"row": [1], "output.class": ["a"], "output.probability:a": [1.0]})
        found = reference(request, pl.DataFrame({"y": ["a", "a", "a", "c"]}), sides, ["x"], held, [after])
        assert found["origin"].to_list() == [None, 1, None, 0]
        assert found["output.probability:c"].to_list() == [None, 0.0, None, 0.9]
        assert found["label"].to_list() == ["a", "a", "a", "c"]


@pytest.mark.parametrize(("origins", "says"), [(-1, "fewer than no origins"), (1, "split is at random")])
def test_origins_that_cannot_be_are_refused(origins, says):
    """With a way out."""
    import msgspec

    from regrove.errors import InvalidInput
    from regrove.pipelines import ModelConfig
    from tests.pipelines.project import MODEL

    split = {"random": 0.2} if origins > 0 else MODEL["split"]
    with pytest.raises((InvalidInput, msgspec.ValidationError), match=says):
        msgspec.convert({**MODEL, "split": split, "origins": origins}, ModelConfig)
