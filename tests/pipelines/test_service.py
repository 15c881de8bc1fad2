"""Runs of a pipeline, as users see them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from regrove.errors import Conflict, InvalidInput, NotFound, Refused, StepFailed
from regrove.pipelines import (
    DatasetTaken,
    Noticed,
    Printed,
    RunBegan,
    RunDone,
    StepDone,
    StepRetried,
    StepStarted,
)
from tests.pipelines.project import PIPELINE, Project

SHOWN = {"evaluate", "origin-1", "origin-2", "reference-rows"}  # what is said of rows that were not learnt from
ALL = {"joined", "features", "late", "signature", "split", "classifier"} | SHOWN


class TestFirstRun:
    """From data to a model."""

    def test_everything_runs_once_and_makes_a_model(self, project):
        """Steps, metrics, model, inputs and the chain."""
        report = project.pipelines.run("late")
        assert set(report.executed) == ALL
        assert (report.model_ref, report.model_is_new) == ("model:late@1", True)
        assert report.metrics["log_loss"] < report.metrics["baseline_log_loss"]
        assert report.datasets == {"trips": "dataset:trips@1"}
        assert report.run.status == "finished"
        assert project.ledger.verify().ok

    def test_what_the_registry_gets(self, project):
        """Signature, serving path, seed, inputs and classes."""
        project.pipelines.run("late")
        (trained,) = project.sink.kept
        assert trained.request.names == ("distance", "hour")  # minutes are known only after the trip
        assert trained.features.names == ("log_distance", "hour")
        assert [each.function for each in trained.serving.chain] == ["features"]
        assert trained.serving.chain[0].parameters == (("joined", "joined", "lazy"),)
        assert "def features" in project.vault.read(trained.serving.source_digest).decode()
        assert "def late" not in project.vault.read(trained.serving.source_digest).decode()
        assert trained.classes == (False, True)
        assert trained.inputs == {"trips": project.datasets.get("trips").digest}
        assert trained.format == "skops"
        assert project.vault.has(trained.model_digest)

    def test_the_run_is_recorded(self, project):
        """Params, metrics, inputs, the model and the environment hang on it."""
        report = project.pipelines.run("late", cause="person:ann")
        details = project.runs.details(report.run.ref)
        assert details.run.cause == "person:ann"
        assert details.params == {"max_iter": 50}
        assert details.metrics["log_loss"] == report.metrics["log_loss"]
        assert [(each.name, each.ref) for each in details.inputs] == [("trips", "dataset:trips@1")]
        assert [(each.name, each.ref) for each in details.artifacts] == [("model", "model:late@1"), ("reference", "")]
        assert details.environment.python

    def test_lineage_leads_from_the_model_to_the_rows(self, project):
        """Model, run, dataset; and from step to step by their objects."""
        report = project.pipelines.run("late")
        behind = {edge.source for edge in project.ledger.lineage.upstream("model:late@1")}
        assert {report.run.ref, "dataset:trips@1", "project:test@1"} <= behind
        made = next(step for step in report.steps if step.step == "classifier").outputs[0]
        behind = {edge.source for edge in project.ledger.lineage.upstream(f"object:{made.object}")}
        assert {f"step:{report.run.id}/{name}" for name in ("joined", "features", "late", "split")} <= behind
        assert "dataset:trips@1" in behind

    def test_progress_is_told_in_order(self, project):
        """What a face draws."""
        told = []
        project.pipelines.run("late", progress=told.append)
        assert isinstance(told[0], DatasetTaken)
        assert isinstance(told[1], RunBegan) and set(told[1].steps) == ALL
        assert isinstance(told[-1], RunDone) and told[-1].status == "finished"
        for name in ALL:
            kinds = [type(event) for event in told if getattr(event, "step", "") == name]
            assert kinds == [StepStarted, StepDone]

    def test_the_same_content_in_another_folder(self, project, tmp_path, sqlite_template):
        """Neither folder nor process nor time is part of a model."""
        from regrove.storage import Database

        project.pipelines.run("late")
        (tmp_path / "other").mkdir()
        shutil.copyfile(sqlite_template, tmp_path / "other" / "regrove.db")
        database = Database.open(f"sqlite:///{tmp_path}/other/regrove.db")
        other = Project(tmp_path / "other", database).begin()
        other.clock.advance(10**12)
        other.pipelines.run("late")
        database.close()
        one, two = project.sink.kept[0], other.sink.kept[0]
        assert one.run_ref != two.run_ref
        assert (one.model_digest, one.serving, one.seed, one.metrics) == (
            two.model_digest,
            two.serving,
            two.seed,
            two.metrics,
        )


class TestAgain:
    """The second run."""

    def test_nothing_runs_and_nothing_new_is_registered(self, project):
        """The run says which model it came to, and that it was there."""
        first = project.pipelines.run("late")
        again = project.pipelines.run("late")
        assert again.executed == ()
        assert set(again.reused) == ALL
        assert (again.model_ref, again.model_is_new) == ("model:late@1", False)
        assert again.metrics == first.metrics
        assert {step.made_by for step in again.steps} == {first.run.id}

    def test_new_rows_run_what_stands_on_them(self, project):
        """Another version of the dataset is another input."""
        project.pipelines.run("late")
        project.fill(seed=8)
        report = project.pipelines.run("late")
        assert set(report.executed) == ALL
        assert report.datasets == {"trips": "dataset:trips@2"}
        assert report.model_ref == "model:late@2"

    def test_a_param_runs_its_readers(self, project):
        """And what stands on them; the params of a run stand before the declared ones."""
        project.pipelines.run("late")
        report = project.pipelines.run("late", params={"max_iter": 60})
        assert set(report.executed) >= {"classifier"}
        assert set(report.reused) >= {"joined", "features", "late", "split"}
        assert project.runs.details(report.run.ref).params == {"max_iter": 60}

    def test_a_param_that_nothing_reads_is_refused(self, project):
        """Also when it comes with the run."""
        with pytest.raises(InvalidInput, match="max_itr"):
            project.pipelines.run("late", params={"max_itr": 60})
        assert list(project.runs.list()) == []

    def test_a_variable_that_is_declared_counts(self, project, monkeypatch):
        """Its change runs the step, its value is not recorded."""
        monkeypatch.setenv("REGION", "north")
        text = PIPELINE.replace("from regrove import Params, Train", "from regrove import Params, Train, step").replace(
            "def late(", "@step(variables=('REGION',))\ndef late("
        )
        project.write(pipeline=text)
        project.pipelines.run("late")
        assert project.pipelines.run("late").executed == ()
        monkeypatch.setenv("REGION", "south")
        assert project.pipelines.run("late").executed == ("late",)  # it gave the same rows, so no more ran

    def test_the_same_result_stops_the_wave(self, project):
        """A change that makes no difference runs one step only."""
        project.pipelines.run("late")
        project.edit("pipeline", "return tidy(trips)", "kept = tidy(trips)\n    return kept")
        report = project.pipelines.run("late")
        assert report.executed == ("joined",)
        assert not report.model_is_new


class TestDamage:
    """Objects that are not what they were."""

    def made(self, report, step):
        return next(each for each in report.steps if each.step == step).outputs[0].object

    def test_a_flipped_byte_is_made_again(self, project):
        """It is said, the true bytes take its place, and nothing wrong is used."""
        report = project.pipelines.run("late")
        path = project.vault.fetch(self.made(report, "features"))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)
        told = []
        again = project.pipelines.run("late", progress=told.append)
        assert again.executed == ("features",)
        assert any(isinstance(event, Noticed) and "was damaged" in event.text for event in told)
        assert "was damaged" in next(each for each in again.steps if each.step == "features").reasons[0]
        assert project.pipelines.run("late").executed == ()
        assert again.model_ref == report.model_ref

    def test_a_lost_object_is_made_again(self, project):
        """As it was before."""
        report = project.pipelines.run("late")
        project.vault.delete(self.made(report, "classifier"))
        assert project.pipelines.run("late").executed == ("classifier",)
        assert project.pipelines.run("late").executed == ()


class TestPart:
    """Some steps only."""

    def test_only_stops_after_a_step(self, project):
        """What it needs runs too; nothing is registered."""
        report = project.pipelines.run("late", only="late")
        assert set(report.executed) == {"joined", "late"}
        assert (report.model_ref, report.metrics, project.sink.kept) == ("", {}, [])

    def test_only_may_name_any_function(self, project):
        """Also one that the model does not need."""
        assert project.pipelines.run("late", only="unused").executed == ("unused",)

    def test_from_runs_a_step_and_all_after_it_again(self, project):
        """What is before it is reused."""
        project.pipelines.run("late")
        report = project.pipelines.run("late", from_step="classifier")
        assert set(report.executed) == {"classifier", "evaluate", "reference-rows"}
        assert report.steps[-1].reasons == ("it was asked to run again",)
        assert not report.model_is_new  # it came to the same model

    def test_a_step_that_is_not_there(self, project):
        """The nearest is named."""
        with pytest.raises(InvalidInput, match="did you mean 'classifier'"):
            project.pipelines.run("late", from_step="clasifier")
        with pytest.raises(InvalidInput, match="no step"):
            project.pipelines.run("late", only="nowhere")

    def test_a_model_that_is_not_there(self, project):
        """The nearest is named."""
        with pytest.raises(NotFound, match="did you mean 'late'"):
            project.pipelines.run("latte")


class TestRefusedBefore:
    """Whatever would stop a run stops it before it begins."""

    def test_nothing_is_recorded(self, project):
        """Not even a dataset version."""
        project.edit("pipeline", "def joined(trips:", "def joined(trops:")
        with pytest.raises(InvalidInput, match="trops"):
            project.pipelines.run("late")
        assert project.ledger.head().position == 0

    def test_source_that_is_no_python(self, project):
        """File and line are named."""
        project.edit("parts__deep", "def floor", "def def floor")
        with pytest.raises(InvalidInput, match="deep.py"):
            project.pipelines.run("late")

    def test_rows_that_break_a_rule(self, project):
        """The dataset is refused, and no run is left behind."""
        project.declared.datasets["trips"]["expect"] = [{"column": "distance", "between": [0, 1]}]
        with pytest.raises(Refused):
            project.pipelines.run("late")
        assert list(project.runs.list()) == []

    def test_no_dataset_is_recorded_when_another_lacks_a_column(self, project):
        """All are looked at before the first is registered."""
        project.edit(
            "pipeline", "def joined(trips: pl.LazyFrame)", "def joined(trips: pl.LazyFrame, hours: pl.LazyFrame)"
        )
        (project.root / "data" / "hours.csv").write_text("hour\n1\n")
        project.declared.datasets["hours"] = {"source": "data/hours.csv", "key": ["hours"]}
        with pytest.raises(InvalidInput, match="lacks the column 'hours' that key names"):
            project.pipelines.run("late", only="joined")
        assert project.ledger.head().position == 0
        project.declared.datasets["hours"]["key"] = ["hour"]
        assert set(project.pipelines.run("late", only="joined").datasets) == {"trips", "hours"}


class TestFailure:
    """The project's own errors."""

    def test_an_error_names_its_place(self, project):
        """One error, with the frames of the project alone; the run is failed, and what was done is kept."""
        project.edit("pipeline", "    model = Log", "    raise ValueError('no rows like that')\n    model = Log")
        with pytest.raises(StepFailed) as caught:
            project.pipelines.run("late")
        assert caught.value.happened == "The step classifier raised ValueError: no rows like that"
        assert caught.value.received.startswith("pipeline.py:")
        assert "in classifier: raise ValueError" in caught.value.received
        (run,) = project.runs.list()
        assert run.status == "failed"
        assert "no rows like that" in run.error
        failed = next(each for each in project.pipelines.steps(run.ref) if each.status == "failed")
        assert (failed.step, failed.attempts) == ("classifier", 1)
        project.edit("pipeline", "    raise ValueError('no rows like that')\n", "")
        assert set(project.pipelines.run("late").executed) == {"classifier"} | SHOWN
        assert project.ledger.verify().ok

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("return tidy(trips)", "return 3", "returned no frame"),
            ("return model.fit(", "model.fit(", "no model format accepts"),
            ('pl.col("hour").cast(pl.Float64)', 'pl.col("howr")', "howr"),
            ('(pl.col("minutes") > LIMIT).alias("late")', "pl.all()", "not one column"),
            (
                'return joined.select(pl.col("distance")',
                'return joined.head(3).select(pl.col("distance")',
                "alone|number of rows",
            ),
            ('pl.col("distance").log1p()', 'pl.col("distance").rank()', "alone"),
        ],
    )
    def test_wrong_results_are_one_clear_error(self, project, old, new, words):
        """Another kind, a missing column, another shape, rows that look at others."""
        project.edit("pipeline", old, new)
        with pytest.raises(StepFailed, match=words):
            project.pipelines.run("late")
        assert project.sink.kept == []

    def test_a_naive_datetime_is_refused(self, project):
        """It names no instant."""
        project.edit(
            "pipeline",
            "return tidy(trips)",
            'return tidy(trips).with_columns(pl.col("started_at").dt.replace_time_zone(None))',
        )
        with pytest.raises(StepFailed, match="time zone"):
            project.pipelines.run("late")

    def test_a_missing_event_time_is_refused(self, project):
        """The split says which column it looked for."""
        project.edit("pipeline", "return tidy(trips)", 'return tidy(trips).drop("started_at")')
        with pytest.raises(StepFailed, match="no event time to split by") as caught:
            project.pipelines.run("late")
        assert "'started_at'" in caught.value.expected


RETRIED = PIPELINE.replace(
    "from regrove import Params, Train", "from pathlib import Path\nfrom regrove import Params, Train, step"
).replace("def late(", "@step(retries=2, backoff_s=0.0)\ndef late(")


class TestRetries:
    """Steps that are tried again."""

    def flaky(self, project, failures):
        counter = project.root.parent / "counter"
        body = f"""    path = Path({str(counter)!r})
    count = int(path.read_text()) if path.exists() else 0
    path.write_text(str(count + 1))
    if count < {failures}:
        raise OSError("the disk is away")
    return joined.select((pl"""
        project.write(pipeline=RETRIED.replace("    return joined.select((pl", body))

    def test_a_step_that_comes_to_itself(self, project):
        """It is told each time, and the number of attempts is recorded."""
        self.flaky(project, 2)
        told = []
        report = project.pipelines.run("late", progress=told.append)
        assert sum(isinstance(event, StepRetried) for event in told) == 2
        assert next(each for each in report.steps if each.step == "late").attempts == 3

    def test_a_step_that_does_not(self, project):
        """The error counts the attempts."""
        self.flaky(project, 3)
        with pytest.raises(StepFailed, match=r"the disk is away \(3 attempts\)"):
            project.pipelines.run("late")

    def test_options_are_no_part_of_the_code(self, project):
        """How often a step is tried does not change what it returns."""
        project.pipelines.run("late")
        project.write(pipeline=RETRIED.replace("from pathlib import Path\n", ""))
        assert project.pipelines.run("late").executed == ()


class TestMeasured:
    """What steps log."""

    def test_it_belongs_to_every_run_that_uses_the_step(self, project):
        """Reused or executed."""
        project.edit("pipeline", "params: Params, seed", "params: Params, run, seed")
        project.edit(
            "pipeline",
            "    return model.fit",
            "    print('fitting')\n    run.log_metric('rows', len(train), step=1)\n    return model.fit",
        )
        told = []
        first = project.pipelines.run("late", progress=told.append)
        again = project.pipelines.run("late")
        assert any(isinstance(event, Printed) and event.text == "fitting\n" for event in told)
        assert again.executed == ()
        for report in (first, again):
            assert project.runs.details(report.run.ref).metrics["rows"] == 176.0
        assert next(each for each in first.steps if each.step == "classifier").printed == "fitting\n"


class TestConflict:
    """One run of a model at a time."""

    def test_a_second_run_is_told_of_the_first(self, project):
        """The process and the run are named; nothing is changed."""
        seen = []

        def meanwhile(event):
            if isinstance(event, StepStarted) and event.step == "late":
                with pytest.raises(Conflict) as caught:
                    project.pipelines.run("late")
                seen.append((caught.value, project.runs.get("last").ref))

        project.pipelines.run("late", progress=meanwhile)
        error, ref = seen[0]
        assert ref in error.happened
        assert "process" in error.received
        assert len(project.runs.list()) == 1

    def test_a_run_that_was_taken_over_commits_nothing(self, project):
        """A process that slept through its lease finds the epoch moved on."""
        from regrove.errors import LeaseLost
        from regrove.storage.tables import leases

        def stolen(event):
            if isinstance(event, StepStarted) and event.step == "classifier":
                with project.database.transaction() as transaction:
                    transaction.execute(leases.update().values(epoch=leases.c.epoch + 1))

        with pytest.raises(LeaseLost):
            project.pipelines.run("late", progress=stolen)
        done = {each.step for each in project.pipelines.steps("last")}
        assert "classifier" not in done
        assert project.runs.get("last").status == "running"


class TestInterrupted:
    """Ctrl-C, and then again."""

    def interrupt(self, project, at):
        def stop(event):
            if isinstance(event, StepStarted) and event.step == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            project.pipelines.run("late", progress=stop)
        return project.runs.get("last")

    def test_it_goes_on_under_the_same_id(self, project):
        """Steps that were recorded do not run again."""
        left = self.interrupt(project, "classifier")
        assert left.status == "interrupted"
        report = project.pipelines.run("late")
        assert (report.run.id, report.resumed, report.run.resumed) == (left.id, True, 1)
        assert report.run.status == "finished"

    def test_it_stands_on_the_rows_that_it_began_with(self, project):
        """New data waits for the next run."""
        self.interrupt(project, "classifier")
        project.fill(seed=9)
        assert project.pipelines.run("late").datasets == {"trips": "dataset:trips@1"}
        assert project.pipelines.run("late").datasets == {"trips": "dataset:trips@2"}

    def test_another_request_is_another_run(self, project):
        """Other params or other code do not continue it."""
        left = self.interrupt(project, "classifier")
        report = project.pipelines.run("late", params={"max_iter": 60})
        assert report.run.id != left.id
        assert project.runs.get(left.ref).status == "interrupted"


class TestPlanAndWhy:
    """Looking ahead and back."""

    def test_before_the_first_run(self, project):
        """There are no rows yet, and all else waits for them."""
        plan = {each.step: each for each in project.pipelines.plan("late")}
        assert (plan["joined"].state, plan["joined"].reasons) == ("execute", ("the dataset trips has no version yet",))
        assert plan["evaluate"].state == "open"
        assert project.ledger.head().position == 0

    def test_after_a_run_all_is_reused(self, project):
        """The run that made it is named."""
        report = project.pipelines.run("late")
        for each in project.pipelines.why("late"):
            assert each.state == "reuse"
            assert report.run.ref in each.reasons[0]
            assert each.last_reasons == ("it has not run for this model yet",)

    def test_an_edit_is_named_before_and_after_it_runs(self, project):
        """Which value, in which module."""
        project.pipelines.run("late")
        project.edit("parts__deep", "FLOOR = 0.0", "FLOOR = 2.0")
        (before,) = project.pipelines.why("late", "joined")
        assert (before.state, before.reasons) == ("execute", ("the value FLOOR in parts.deep changed",))
        project.pipelines.run("late")
        (after,) = project.pipelines.why("late", "joined")
        assert (after.state, after.last_reasons) == ("reuse", ("the value FLOOR in parts.deep changed",))
        (later,) = project.pipelines.why("late", "features")
        assert later.last_reasons == ("its input joined (joined) has other content",)

    def test_code_that_cannot_be_followed_is_said(self, project):
        """A name that is looked up when it runs widens the code that counts."""
        project.edit(
            "pipeline",
            "    return tidy(trips)",
            "    import parts.clean as clean\n    return getattr(clean, 'ti' + 'dy')(trips)",
        )
        (found,) = project.pipelines.why("late", "joined")
        assert found.widened

    def test_an_unknown_step(self, project):
        """The nearest is named."""
        with pytest.raises(InvalidInput, match="did you mean 'joined'"):
            project.pipelines.why("late", "joind")


class TestOtherModels:
    """Beside two classes in time."""

    def test_a_regression_on_the_request_itself_split_at_random(self, project):
        """No functions between, no time, a number to predict."""
        text = PIPELINE.replace("LogisticRegression", "Ridge").replace(
            "model = Ridge(max_iter=params.max_iter, random_state=seed)", "model = Ridge(params.alpha)"
        )
        text = text.replace("return tidy(trips)", 'return tidy(trips).select("distance", "hour")')
        text = text.replace("def late(joined:", "def late(trips:").replace("joined.select((pl", "trips.select((pl")
        text = text.replace('(pl.col("minutes") > LIMIT)', 'pl.col("minutes")').replace("select((pl", "select(pl")
        text = text.replace('"minutes").alias', '"minutes").alias')
        project.write(pipeline=text)
        del project.declared.datasets["trips"]["event_time"]
        project.declared.models["late"] |= {
            "task": "regression",
            "metric": "rmse",
            "features": "joined",
            "split": {"random": 0.25},
            "params": {"alpha": 0.1},
        }
        report = project.pipelines.run("late")
        (trained,) = project.sink.kept
        assert report.metrics["rmse"] < report.metrics["baseline_rmse"]
        assert (report.metrics["rows_train"], report.metrics["rows_holdout"]) == (180.0, 60.0)
        assert trained.classes == ()
        assert trained.serving.chain == ()
        assert trained.request == trained.features

    def test_several_classes(self, project):
        """Texts, in the order of the estimator."""
        project.edit(
            "pipeline",
            '(pl.col("minutes") > LIMIT).alias("late")',
            "late=pl.when(pl.col('minutes') < 5).then(pl.lit('short'))"
            ".when(pl.col('minutes') < 12).then(pl.lit('usual')).otherwise(pl.lit('long'))",
        )
        project.declared.models["late"]["task"] = "multiclass"
        project.pipelines.run("late")
        assert project.sink.kept[0].classes == ("long", "short", "usual")


class TestOwnModules:
    """What the project may hold."""

    def test_trusted_steps_keep_any_object(self, project):
        """Between steps, never in serving."""
        text = PIPELINE.replace("from regrove import Params, Train", "from regrove import Params, Train, step")
        text += "\n\n@step(trusted=True)\ndef names(trips: pl.LazyFrame) -> set:\n    return {'a', 'b'}\n"
        text = text.replace("def late(joined: pl.LazyFrame)", "def late(joined: pl.LazyFrame, names: set)").replace(
            "    return joined.select((pl", "    assert names == {'a', 'b'}\n    return joined.select((pl"
        )
        project.write(pipeline=text)
        assert "names" in project.pipelines.run("late").executed

    def test_live_digests_name_what_is_kept(self, project):
        """Collection spares the results."""
        report = project.pipelines.run("late")
        live = project.pipelines.live_digests()
        assert {each.object for step in report.steps for each in step.outputs} == live
        assert all(project.vault.has(each) for each in live)

    def test_scratch_files_go(self, project, tmp_path, monkeypatch):
        """Nothing is left beside the objects."""
        import tempfile

        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(scratch))
        project.pipelines.run("late")
        assert list(Path(scratch).iterdir()) == []
