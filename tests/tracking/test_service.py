"""Runs, as users hold them."""

from __future__ import annotations

import math

import pytest

from regrove.errors import Conflict, InvalidInput, NotFound, RegroveError
from regrove.ledger import Ledger, acting
from regrove.tracking import MetricPoint, Runs, capture


@pytest.fixture
def facts(database, objects, clock):
    """The ledger that the room records in."""
    return Ledger(database, objects, clock)


@pytest.fixture
def runs(database, vault, facts, clock, acting):
    """The room on SQLite."""
    return Runs(database, vault, facts, clock)


class TestBothDatabases:
    """One life of a run, on each database."""

    def test_a_whole_life(self, any_database, vault, objects, clock, acting):
        """All that a run holds comes back the same from both."""
        facts = Ledger(any_database, objects, clock)
        runs = Runs(any_database, vault, facts, clock)
        digest = "b3-1:" + "0" * 64
        first = runs.start("late", params={"depth": 3, "names": ["a"]})
        run = runs.start("late", params={})
        runs.log_params(run.ref, {"rate": 0.1})
        runs.log_metrics(run.ref, {"loss": math.nan, "gain": math.inf, "auc": 0.5})
        runs.log_metrics(run.ref, [MetricPoint("auc", 0.7, step=2), MetricPoint("auc", 0.6, step=1)])
        runs.add_input(run.ref, "flights", "dataset:flights@1", digest)
        runs.add_input(run.ref, "flights", "dataset:flights@1", digest)
        runs.add_artifact(run.ref, "model", digest, "model", artifact_ref="model:late@1")
        runs.finish(run.ref, status="interrupted")
        runs.resume(run.ref)
        runs.finish(run.ref)
        details = runs.details(run.ref)
        assert details.params == {"rate": 0.1}
        assert list(details.metrics) == ["auc", "gain", "loss"]
        assert (details.metrics["auc"], details.metrics["gain"]) == (0.7, math.inf)
        assert math.isnan(details.metrics["loss"])
        assert [(each.name, each.ref) for each in details.inputs] == [("flights", "dataset:flights@1")]
        assert [each.id for each in runs.list(limit=1)] == [run.id]
        assert [each.id for each in runs.list(before=run.ref)] == [first.id]
        assert [each.id for each in runs.makers("model:late@1")] == [run.id]
        assert runs.beside("model:late@1", "reference") is None
        for rows in (1, 2):
            again = runs.start("late", params={})
            runs.add_artifact(again.ref, "model", digest, "model", artifact_ref="model:late@1")
            runs.add_artifact(again.ref, "reference", f"b3-1:{rows:064}", "reference")
            runs.finish(again.ref)
        beside = runs.beside("model:late@1", "reference")
        assert beside is not None and beside.digest == f"b3-1:{1:064}"  # of the oldest run that has one
        assert runs.get(run.id[:31]).status == "finished"
        assert facts.verify().ok


class TestLife:
    """Beginning, going on, ending."""

    def test_a_run_has_its_actor_and_cause(self, runs):
        """Who started it, and what made them, are part of it."""
        with acting(cause="person:ann"):
            run = runs.start("late")
        assert (run.actor, run.cause, run.status) == ("person:test", "person:ann", "running")

    def test_nobody_starts_nothing(self, database, vault, facts, clock):
        """Without an actor nothing is recorded."""
        room = Runs(database, vault, facts, clock)
        with pytest.raises(RegroveError):
            room.start("late")

    def test_each_change_is_a_fact(self, runs, facts):
        """Start, interruption, continuation and end stand in the ledger, in order, and the chain holds."""
        run = runs.start("late", params={"depth": 3})
        runs.finish(run.ref, status="interrupted")
        runs.resume(run.ref)
        runs.finish(run.ref)
        assert [entry.type for entry in facts.read()] == ["run.started", "run.ended", "run.resumed", "run.ended"]
        assert facts.verify().ok

    def test_what_ended_stays_ended(self, runs):
        """A finished run is neither continued nor failed, and finishing it twice is one fact."""
        run = runs.start("late")
        assert runs.finish(run.ref) == runs.finish(run.ref)
        with pytest.raises(Conflict):
            runs.resume(run.ref)
        with pytest.raises(Conflict):
            runs.finish(run.ref, status="failed")

    def test_a_resumed_run_counts_its_lives(self, runs):
        """It is seen how often a run was continued."""
        run = runs.start("late")
        runs.resume(run.ref)
        assert runs.resume(run.ref).resumed == 2

    def test_running_is_no_end(self, runs):
        """A run cannot end as running."""
        with pytest.raises(InvalidInput):
            runs.finish(runs.start("late").ref, status="running")

    def test_a_name_that_cannot_be_a_ref_is_refused(self, runs):
        """Nothing is recorded for it."""
        with pytest.raises(InvalidInput):
            runs.start("a b")
        assert list(runs.list()) == []


class TestContents:
    """Params, metrics, inputs and artifacts."""

    def test_params_keep_their_types(self, runs):
        """Numbers, texts, lists and booleans come back."""
        values = {"depth": 3, "rate": 0.1, "names": ["a", "b"], "warm": True, "none": None}
        run = runs.start("late", params=values)
        assert runs.details(run.ref).params == values

    def test_a_param_does_not_change(self, runs):
        """The same value again is nothing; another one is a conflict that shows both."""
        run = runs.start("late", params={"depth": 3})
        runs.log_params(run.ref, {"depth": 3, "rate": 0.5})
        with pytest.raises(Conflict, match="depth") as caught:
            runs.log_params(run.ref, {"depth": 4})
        assert (caught.value.expected, caught.value.received) == ("3", "4")
        assert runs.details(run.ref).params == {"depth": 3, "rate": 0.5}

    def test_metrics_keep_nan_and_infinity(self, runs):
        """A number that is not finite is kept as what it is."""
        run = runs.start("late")
        runs.log_metrics(run.ref, {"loss": 0.5, "auc": math.nan, "gain": -math.inf})
        found = runs.details(run.ref).metrics
        assert found["loss"] == 0.5
        assert math.isnan(found["auc"])
        assert found["gain"] == -math.inf

    def test_the_last_value_is_that_of_the_highest_step(self, runs):
        """Points may arrive in any order; of equal steps the later one counts."""
        run = runs.start("late")
        runs.log_metrics(run.ref, [MetricPoint("loss", 0.1, step=3), MetricPoint("loss", 0.9, step=1)])
        runs.log_metrics(run.ref, [MetricPoint("loss", 0.2, step=3)])
        assert runs.details(run.ref).metrics == {"loss": 0.2}
        assert [point.value for point in runs.points(run.ref, "loss")] == [0.1, 0.9, 0.2]

    def test_points_are_data_and_the_end_names_them(self, runs, facts):
        """Logging points records no event; the end counts and digests them."""
        run = runs.start("late")
        for step in range(10):
            runs.log_metrics(run.ref, [MetricPoint("loss", 1 / (step + 1), step=step)])
        runs.finish(run.ref)
        last = facts.read()[-1]
        assert facts.head().position == 2
        assert last.event.points == 10

    def test_inputs_and_artifacts_become_lineage(self, runs, facts):
        """From what a run used there is a way to what it made."""
        digest = "b3-1:" + "0" * 64
        run = runs.start("late")
        runs.add_input(run.ref, "flights", "dataset:flights@1", digest)
        runs.add_artifact(run.ref, "model", digest, "model", artifact_ref="model:late@1")
        runs.finish(run.ref)
        found = {(edge.source, edge.target) for edge in facts.lineage.downstream("dataset:flights@1")}
        assert found == {("dataset:flights@1", run.ref), (run.ref, "model:late@1")}
        assert [each.id for each in runs.makers("model:late@1")] == [run.id]

    def test_one_name_has_one_value(self, runs):
        """The same input again is nothing; another under its name is a conflict."""
        run = runs.start("late")
        runs.add_input(run.ref, "flights", "dataset:flights@1", "b3-1:" + "0" * 64)
        runs.add_input(run.ref, "flights", "dataset:flights@1", "b3-1:" + "0" * 64)
        with pytest.raises(Conflict):
            runs.add_input(run.ref, "flights", "dataset:flights@2", "b3-1:" + "1" * 64)

    def test_an_ended_run_takes_nothing(self, runs):
        """What the end was recorded with stays all there is."""
        run = runs.start("late")
        runs.finish(run.ref)
        with pytest.raises(Conflict):
            runs.log_metrics(run.ref, {"loss": 1.0})

    def test_the_environment_is_an_object(self, runs, vault, tmp_path):
        """It is read back, and collection spares it."""
        environment = capture(tmp_path, vault)
        run = runs.start("late", environment=environment)
        assert runs.details(run.ref).environment == environment
        assert run.environment_digest in runs.live_digests()


class TestFinding:
    """Getting and listing."""

    def test_by_ref_id_prefix_and_last(self, runs):
        """Each way of naming a run finds it."""
        runs.start("early")
        run = runs.start("late")
        for name in (run.ref, run.id, run.id[:31], "last"):
            assert runs.get(name) == run

    def test_what_is_not_there_is_named(self, runs):
        """No run, no such run, no id at all, and too few digits are told apart."""
        with pytest.raises(NotFound):
            runs.get("last")
        with pytest.raises(NotFound):
            runs.get("run:" + "0" * 32)
        with pytest.raises(InvalidInput):
            runs.get("run:?")
        a, b = runs.start("late"), runs.start("late")
        same = next(place for place in range(32) if a.id[place] != b.id[place])
        with pytest.raises(InvalidInput, match="Several"):
            runs.get(a.id[:same])

    def test_pages_go_back_in_time(self, runs):
        """A page begins after the last of the page before it."""
        made = [runs.start("late").id for _ in range(5)]
        first = runs.list(limit=2)
        rest = runs.list(before=first[-1].ref)
        assert [each.id for each in (*first, *rest)] == made[::-1]

    def test_filters(self, runs):
        """By name and by status."""
        a, b = runs.start("early"), runs.start("late")
        runs.finish(a.ref, status="failed", error="broken")
        assert [each.id for each in runs.list(name="late")] == [b.id]
        assert [each.error for each in runs.list(status=("failed",))] == ["broken"]

    def test_projects_do_not_see_each_other(self, runs):
        """A run belongs to its project."""
        run = runs.start("late")
        with acting(project="other"):
            assert list(runs.list()) == []
            with pytest.raises(NotFound):
                runs.get(run.ref)
