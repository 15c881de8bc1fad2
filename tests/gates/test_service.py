"""Gates, as their users hold them."""

from __future__ import annotations

import subprocess

import polars as pl
import pytest

from regrove.errors import Conflict, InvalidInput, NotFound
from regrove.gates import ChampionConfig, GateConfig, GateReport, LatencyConfig, QualityConfig, SlicesConfig
from regrove.ledger import acting
from regrove.storage import Leases
from tests.gates.world import World, drawn


class TestVerdicts:
    """What a gate says of a candidate that is known to be better, alike, or worse."""

    def test_a_better_one_is_promoted(self, world):
        """It knows what the champion does not."""
        champion = world.champion("x")
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "PROMOTE"
        assert report.champion == champion
        assert report.reason.startswith("model:late@2 may go live: it is better than model:late@1: log_loss ")
        compared = report.check("champion")
        assert compared.status == "pass"
        assert compared.interval[0] > 0
        assert (compared.rows, compared.blocks) == (800, 20)

    def test_a_worse_one_is_rejected(self, world):
        """It has forgotten what the champion knows."""
        world.champion("xz")
        report = world.gates.run(world.version("x"))
        assert report.verdict == "REJECT"
        assert "it is worse than model:late@1" in report.reason
        assert report.check("champion").interval[1] < 0

    def test_what_is_kept_back_already_is_not_measured(self, world, monkeypatch):
        """A machine is not kept busy for a candidate that will not go live; a server that was begun for it ends."""
        world.champion("xz")
        world.config = GateConfig(champion=ChampionConfig(), latency=LatencyConfig("20ms"))
        monkeypatch.setattr("regrove.gates.latency.paced", None)  # calling it would fail
        begun, popen = [], subprocess.Popen
        monkeypatch.setattr(
            "regrove.gates.process.subprocess.Popen", lambda *a, **k: begun.append(popen(*a, **k)) or begun[-1]
        )
        report = world.gates.run(world.version("x"))
        assert report.verdict == "REJECT"
        assert report.check("latency").status == "skipped"
        assert report.check("latency").reason == (
            "It was not measured: champion keeps the candidate from going live already."
        )
        assert [each.poll() is None for each in begun] == [False]

    def test_one_that_is_alike_is_held(self, world):
        """Another seed is no gain, and no harm."""
        world.champion("xz", noise=1)
        report = world.gates.run(world.version("xz", noise=2))
        assert report.verdict == "HOLD"
        assert "it is open whether it is better than model:late@1" in report.reason

    def test_the_first_one_is_judged_by_itself(self, world):
        """There is no champion, and the report says so."""
        world.config = GateConfig(champion=ChampionConfig(), quality=QualityConfig("roc_auc", at_least=0.6))
        report = world.gates.run(world.version("xz"))
        assert (report.verdict, report.champion) == ("PROMOTE", "")
        assert report.check("champion").status == "skipped"
        assert "there is no champion" in report.reason

    def test_the_champion_itself_is_held(self, world):
        """There is nothing to promote."""
        report = world.gates.run(world.champion("xz"))
        assert report.verdict == "HOLD"
        assert "It is the champion already" in report.check("champion").reason

    def test_it_is_compared_with_whom_one_names(self, world):
        """Another version in the champion's place, of the same model."""
        world.champion("x")
        best = world.version("xz", noise=1)
        report = world.gates.run(world.version("xz", noise=2), champion=best)
        assert (report.champion, report.verdict) == (best, "HOLD")


class TestEvidence:
    """A report is bound to what it speaks of, and is written once."""

    def test_the_same_question_has_the_same_report(self, world):
        """Nothing is computed, recorded or counted again, whoever asks."""
        world.champion("x")
        candidate = world.version("xz")
        first = world.gates.run(candidate)
        head = world.ledger.head()
        with acting(actor="person:bob", project="test"):
            again = world.gates.run(candidate, cause="person:eve")
        assert again == first
        assert world.ledger.head() == head
        assert [each.id for each in world.gates.list()] == [first.id]

    def test_what_it_rests_on_is_recorded(self, world):
        """The object holds the report; the event names it, with candidate, champion, run and declaration behind it."""
        champion = world.champion("x")
        candidate = world.version("xz")
        report = world.gates.run(candidate, cause="person:ann")
        (event,) = [each for each in world.ledger.read() if each.type == "gate.judged"]
        assert (event.event.verdict, event.event.object, event.cause) == ("PROMOTE", report.object, "person:ann")
        assert event.event.model_digest == world.models.get(candidate).digest == report.model_digest
        kept = world.vault.read_json(report.object, GateReport)
        assert kept.checks == report.checks
        behind = {edge.source for edge in world.ledger.lineage.upstream(report.ref)}
        assert {candidate, champion, "project:test@1"} <= behind
        assert world.gates.get(report.ref) == report == world.gates.get(report.id)
        assert world.gates.live_digests() == {report.object}
        assert world.ledger.verify().ok

    def test_another_gate_another_champion_or_other_rows_are_another_question(self, world):
        """Each of them is part of what a report rests on."""
        world.champion("x")
        candidate = world.version("xz")
        reports = {world.gates.run(candidate).id}
        world.config = GateConfig(champion=ChampionConfig(rule="non-inferior"))
        reports.add(world.gates.run(candidate).id)
        reports.add(world.gates.run(candidate, champion=world.version("x", noise=3)).id)
        reports.add(world.gates.run(world.version("xz", holdout=(1, 20))).id)
        assert len(reports) == 4

    def test_it_can_be_judged_once_more(self, world):
        """As after a measurement on a busy machine: the newest report counts, and both stay."""
        world.champion("x")
        candidate = world.version("xz")
        first = world.gates.run(candidate)
        again = world.gates.run(candidate, again=True)
        assert again.id != first.id
        assert world.gates.run(candidate) == again
        assert [each.id for each in world.gates.list("late")] == [again.id, first.id]
        assert again.check("holdout").detail["decisions_before"] == 1

    def test_one_at_a_time(self, world, database):
        """Two that measure at once would disturb each other."""
        world.champion("x")
        candidate = world.version("xz")
        with Leases(database).acquire("gate:test/late", ttl_s=60), pytest.raises(Conflict):
            world.gates.run(candidate)

    def test_on_both_databases(self, tmp_path, any_database, acting):
        """The report comes back the same from each."""
        world = World(tmp_path, any_database)
        world.champion("x")
        report = world.gates.run(world.version("xz"))
        assert world.gates.get(report.ref) == report
        assert world.gates.list("late")[0].verdict == "PROMOTE"


class TestRows:
    """Which rows a candidate is judged by."""

    def test_rows_that_the_champion_learnt_from_are_left_out(self, world):
        """It was trained on later days: only what came after them counts."""
        world.champion("x", train=(-60, 8), holdout=(8, 20))
        report = world.gates.run(world.version("xz"))
        compared = report.check("champion")
        assert (compared.blocks, compared.detail["left_out"]) == (12, 8 * 40)
        assert report.verdict == "PROMOTE"
        assert "320 of 800 held-out rows are left out" in compared.reason

    def test_rows_before_its_last_one_are_left_out_whatever_they_are(self, world):
        """It has seen what came after them, even where it has not seen them: its rows are of other flights."""
        others = drawn(-60, 8, seed=5).with_columns(side=pl.lit("train"))
        rest = world.rows(_estimator(), (-60, -59), (8, 20)).filter(pl.col("side") == "holdout")
        world.champion("x", rows=pl.concat([others, rest], how="diagonal"))
        compared = world.gates.run(world.version("xz")).check("champion")
        assert compared.blocks in (12, 13)  # the last of its rows may stand before the end of its day
        assert compared.detail["left_out"] >= 7 * 40

    def test_a_champion_that_knows_the_whole_holdout_is_no_judge(self, world):
        """The verdict is HOLD, with the reason."""
        world.champion("x", train=(-60, 18), holdout=(18, 20))
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "HOLD"
        assert "2 days are too few" in report.reason

    def test_a_later_row_that_stands_in_its_training_side_is_left_out_too(self, world):
        """By its fields, when its time says nothing: the champion's split was at random."""
        seen = drawn(5, 6).with_columns(side=pl.lit("train"), event_time=pl.lit(None, pl.Datetime("us", "UTC")))
        frame = world.rows(_estimator(), (-60, 0), (0, 20))
        rows = pl.concat(
            [seen, frame.with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias("event_time"))], how="diagonal"
        )
        world.champion("x", rows=rows)
        compared = world.gates.run(world.version("xz")).check("champion")
        assert compared.detail["left_out"] == 40

    def test_fewer_than_five_days_decide_nothing(self, world):
        """However large the gain."""
        world.champion("x")
        report = world.gates.run(world.version("xz", holdout=(0, 4)))
        assert report.verdict == "HOLD"
        assert "the holdout spans 4 days" in report.reason

    def test_one_class_decides_nothing(self, world):
        """There is nothing to tell apart."""
        frame = world.rows(_estimator(), (-60, 0), (0, 20)).with_columns(label=pl.lit(value=False))
        world.champion("x")
        world.config = GateConfig(champion=ChampionConfig(), quality=QualityConfig("roc_auc", at_least=0.6))
        report = world.gates.run(world.version("xz", rows=frame))
        assert report.verdict == "HOLD"
        assert report.check("quality").status == report.check("champion").status == "inconclusive"
        assert "are False" in report.check("champion").reason

    def test_a_random_holdout_decides_nothing(self, world):
        """It says nothing of a later time."""
        frame = world.rows(_estimator(), (-60, 0), (0, 20))
        frame = frame.with_columns(event_time=pl.lit(None, pl.Datetime("us", "UTC")))
        world.champion("x")
        report = world.gates.run(world.version("xz", rows=frame))
        assert report.verdict == "HOLD"
        assert "was drawn at random" in report.reason

    def test_a_version_whose_run_left_nothing_is_held(self, world):
        """So is one whose champion left nothing: it is not known what it has seen."""
        world.champion("x")
        report = world.gates.run(world.version("xz", artifact=False))
        assert report.verdict == "HOLD"
        assert "left behind the rows" in report.reason
        world.models.promote(world.version("x", artifact=False), reason="by hand")
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "HOLD"
        assert "it is not known which rows model:late@" in report.reason.lower()

    def test_a_holdout_bears_twenty_decisions(self, world):
        """Then later rows are asked for."""
        world.champion("x")
        for noise in range(1, 21):
            assert world.gates.run(world.version("xz", noise=noise)).check("holdout").status == "pass"
        report = world.gates.run(world.version("xz", noise=21))
        assert report.verdict == "HOLD"
        assert "20 candidates were judged by these same rows" in report.reason
        later = world.gates.run(world.version("xz", noise=21, holdout=(1, 21)))
        assert later.check("holdout").status == "pass"


class TestIncomparable:
    """Champions that cannot be compared on the candidate's rows."""

    def test_another_request(self, world):
        """The champion needs a field that the candidate's rows lack, or reads one as another type."""
        from regrove.schema import Column, LogicalType, Schema
        from tests.gates.world import REQUEST

        more = Schema((*REQUEST.columns, Column("speed", LogicalType.FLOAT64)))
        world.champion("x", request=more)
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "HOLD"
        assert "needs the field 'speed'" in report.reason
        other = Schema(
            tuple(Column(c.name, LogicalType.CATEGORY, nullable=False) if c.name == "kind" else c for c in REQUEST)
        )
        world.models.promote(world.version("x", request=other), reason="another")
        assert "reads 'kind' as category" in world.gates.run(world.version("xz")).reason

    def test_another_task_or_other_classes(self, world):
        """They answer something else."""
        world.models.promote(
            world.version("x", task="regression", classes=(), estimator=_estimator("regression"), rows=drawn(0, 1)),
            reason="numbers",
        )
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "HOLD"
        assert "answers something else: regression instead of binary of False, True" in report.reason

    def test_another_model(self, world):
        """A champion is a version of the same model."""
        other = world.models.register(world.spec(_estimator(), name="other"))
        with pytest.raises(InvalidInput, match="its own model"):
            world.gates.run(world.version("xz"), champion=other.ref)


class TestRefused:
    """What stops a gate before anything is computed."""

    def test_a_model_without_a_gate(self, world):
        """And a version that is not there."""
        other = world.models.register(world.spec(_estimator(), name="other"))
        with pytest.raises(NotFound, match="There is no gate 'other'"):
            world.gates.run(other.ref)
        with pytest.raises(NotFound):
            world.gates.run("late@7")

    @pytest.mark.parametrize(
        "gate", [GateConfig(slices=SlicesConfig(["knd"])), GateConfig(slices=SlicesConfig(["day"]))]
    )
    def test_a_slice_that_no_request_carries(self, world, gate):
        """With the nearest name, and nothing recorded."""
        world.champion("x")
        candidate = world.version("xz")
        world.config, head = gate, world.ledger.head()
        with pytest.raises(InvalidInput, match="has no such field") as caught:
            world.gates.run(candidate)
        assert caught.value.mend
        assert world.ledger.head() == head

    def test_a_report_that_is_not_there(self, world):
        """By its id."""
        with pytest.raises(NotFound, match="no such gate report"):
            world.gates.get("gate:0190a1b2c3d4e5f60718293a4b5c6d7e")
        with pytest.raises(InvalidInput):
            world.gates.get("gate:7")
        with pytest.raises(InvalidInput, match="room"):
            world.gates.list(limit=0)

    def test_latency_without_a_server(self, world, monkeypatch):
        """The install line, before anything is computed."""
        import regrove.gates.process as process
        from regrove.errors import MissingExtra

        monkeypatch.setattr(process, "find_spec", lambda _: None)
        world.config = GateConfig(latency=LatencyConfig("20ms"))
        with pytest.raises(MissingExtra, match="uvicorn"):
            world.gates.run(world.version("xz"))


def _estimator(task: str = "binary"):
    from tests.gates.world import estimator

    return estimator(task, "xz")
