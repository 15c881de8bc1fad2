"""Each check by itself, through the gate that asks for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from regrove.errors import InvalidInput
from regrove.gates import (
    ChampionConfig,
    CheckResult,
    GateConfig,
    LatencyConfig,
    LeakageConfig,
    QualityConfig,
    SlicesConfig,
)
from tests.gates.world import DAY, START, World, drawn, estimator


def judged(world: World, name: str, **how: Any) -> CheckResult:
    """The result of one check on a version that knows everything."""
    found = world.gates.run(world.version("xz", **how)).check(name)
    assert found is not None
    return found


class TestQuality:
    """A metric against its limit, by its interval."""

    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            (QualityConfig("roc_auc", at_least=0.7), "pass"),
            (QualityConfig("roc_auc", at_least=0.99), "fail"),
            (QualityConfig("log_loss", at_most=0.6), "pass"),
            (QualityConfig("log_loss", at_most=0.1), "fail"),
            (QualityConfig("brier", at_least=0.0, at_most=0.9), "pass"),
            (QualityConfig("accuracy", at_least=0.95), "fail"),
        ],
    )
    def test_the_whole_interval_decides(self, world, asked, status):
        """On the right side it passes, on the wrong side it fails."""
        world.config = GateConfig(quality=asked)
        found = judged(world, "quality")
        assert found.status == status
        low, high = found.interval
        assert low < found.value < high

    def test_an_interval_that_holds_the_limit_decides_nothing(self, world):
        """And says about how many more days would."""
        world.config = GateConfig(quality=QualityConfig("roc_auc", at_least=0.0))
        value = judged(world, "quality").value
        world.config = GateConfig(quality=QualityConfig("roc_auc", at_least=value + 0.005))
        report = world.gates.run("late@1")
        assert report.verdict == "HOLD"
        assert "it needs" in report.check("quality").reason
        assert "more days" in report.check("quality").reason

    def test_a_warning_decides_nothing(self, world):
        """It is told, and the candidate is promoted all the same."""
        world.config = GateConfig(quality=QualityConfig("roc_auc", at_least=0.99, severity="warn"))
        report = world.gates.run(world.version("xz"))
        assert report.check("quality").status == "fail"
        assert report.verdict == "PROMOTE"

    @pytest.mark.parametrize(("task", "metric"), [("regression", "rmse"), ("regression", "mae"), ("regression", "r2")])
    def test_numbers(self, tmp_path, database, acting, task, metric):
        """The value is the one that scikit-learn computes on all held-out rows."""
        from sklearn import metrics

        world = World(tmp_path, database, task=task)
        world.config = GateConfig(quality=QualityConfig(metric, at_least=0.0))
        found = judged(world, "quality")
        held = drawn(0, 20, task=task)
        said = world.answers(estimator(task, "xz"), held)["output.value"]
        names = {"rmse": "root_mean_squared_error", "mae": "mean_absolute_error", "r2": "r2_score"}
        expected = getattr(metrics, names[metric])(held["label"], said)
        assert found.value == pytest.approx(expected, abs=1e-9)
        assert found.interval[0] < expected < found.interval[1]

    @pytest.mark.parametrize("metric", ["log_loss", "accuracy"])
    def test_several_classes(self, tmp_path, database, acting, metric):
        """Likewise."""
        from sklearn import metrics

        world = World(tmp_path, database, task="multiclass")
        world.config = GateConfig(quality=QualityConfig(metric, at_least=0.0))
        found = judged(world, "quality")
        held = drawn(0, 20, task="multiclass")
        answers = world.answers(estimator("multiclass", "xz"), held)
        shares = answers.select(pl.exclude("output.class")).to_numpy()
        if metric == "log_loss":
            expected = metrics.log_loss(held["label"], shares, labels=["a", "b", "c"])
        else:
            expected = metrics.accuracy_score(held["label"], answers["output.class"])
        assert found.value == pytest.approx(expected, abs=1e-9)


class TestChampion:
    """The rules of the comparison."""

    def test_non_inferior_passes_what_is_no_worse(self, world):
        """And fails what is worse by more than the margin."""
        world.champion("xz", noise=1)
        world.config = GateConfig(champion=ChampionConfig("non-inferior", margin=0.05))
        report = world.gates.run(world.version("xz", noise=2))
        assert report.verdict == "PROMOTE"
        assert "not worse than model:late@1 by more than the margin 0.05" in report.reason
        assert world.gates.run(world.version("x")).verdict == "REJECT"

    def test_fresher_counts_only_when_it_is(self, world):
        """The candidate has learnt from later rows; one that has not is held."""
        world.champion("xz", noise=1)
        world.config = GateConfig(champion=ChampionConfig("superior-or-fresh", margin=0.05))
        same = world.gates.run(world.version("xz", noise=2))
        assert same.verdict == "HOLD"
        fresh = world.gates.run(world.version("xz", noise=2, train=(-60, 20), holdout=(20, 40)))
        assert fresh.verdict == "PROMOTE"
        assert "has learnt from later rows" in fresh.reason

    def test_without_a_margin_a_tenth_of_the_gain_over_guessing_is_one(self, world):
        """By the shares of the training side."""
        world.champion("xz", noise=1)
        world.config = GateConfig(champion=ChampionConfig("non-inferior", metric="brier"))
        found = world.gates.run(world.version("xz", noise=2)).check("champion")
        held, share = drawn(0, 20), drawn(-60, 0)["label"].mean()
        trivial = np.mean((held["label"].to_numpy() - share) ** 2)
        assert found.detail["margin"] == pytest.approx((trivial - found.detail["champion"]) / 10)

    @pytest.mark.parametrize("task", ["multiclass", "regression"])
    @pytest.mark.parametrize("metric", ["", "other"])
    def test_other_tasks(self, tmp_path, database, acting, task, metric):
        """A better one is promoted, a worse one rejected, by each kind of metric."""
        world = World(tmp_path, database, task=task)
        other = {"multiclass": "accuracy", "regression": "r2"}[task] if metric else ""
        world.config = GateConfig(champion=ChampionConfig(metric=other))
        world.champion("x")
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "PROMOTE"
        assert world.gates.run("late@1", champion="late@2").verdict == "REJECT"

    def test_days_are_those_of_the_zone(self, world):
        """Eight hours west, the first day of the holdout begins in the one before."""
        world.champion("x")
        world.config = GateConfig(champion=ChampionConfig(), zone="America/Los_Angeles")
        found = judged(world, "champion")
        assert (found.blocks, found.detail["days"][0]) == (21, "2013-02-28")

    def test_the_report_has_the_loss_of_each_day(self, world):
        """As scikit-learn computes it."""
        from sklearn.metrics import log_loss

        world.champion("x")
        found = judged(world, "champion")
        held = drawn(3, 4)
        score = world.answers(estimator("binary", "x"), held)["output.score"]
        assert found.detail["daily"]["champion"][3] == pytest.approx(log_loss(held["label"], score))

    def test_a_champion_that_does_not_answer(self, world):
        """It was never asked for null; the comparison is open, and says why."""
        from regrove.schema import Column, Schema
        from tests.gates.world import REQUEST

        world.champion("x")
        loose = Schema(tuple(Column(c.name, c.type, nullable=True) for c in REQUEST))
        rows = world.rows(estimator("binary", "xz"), (-60, 0), (0, 20))
        rows = rows.with_columns(pl.col("request.kind").replace("r", None))
        report = world.gates.run(world.version("xz", request=loose, rows=rows))
        assert report.verdict == "HOLD"
        assert "model:late@1 does not answer" in report.check("champion").reason


class TestAnswers:
    """The packaged model against what was said of it."""

    def test_other_answers_than_in_training_reject_it(self, world):
        """What was measured was not this model."""
        rows = world.rows(estimator("binary", "x"), (-60, 0), (0, 20))
        report = world.gates.run(world.version("xz", rows=rows))
        assert report.verdict == "REJECT"
        assert "otherwise than in training: score differs by up to" in report.reason

    def test_another_class_is_another_answer(self, tmp_path, database, acting):
        """Also where the probabilities hardly differ."""
        world = World(tmp_path, database, task="multiclass")
        world.config = GateConfig(quality=QualityConfig("log_loss", at_most=9.0))
        rows = world.rows(estimator("multiclass", "xz"), (-60, 0), (0, 20)).with_columns(
            pl.col("output.class").replace({"a": "b"})
        )
        assert world.gates.run(world.version("xz", rows=rows)).verdict == "REJECT"

    def test_an_answer_that_is_not_finite_rejects_it(self, world):
        """Neither quality nor comparison is told of what does not answer."""
        from sklearn.linear_model import LogisticRegression

        broken = LogisticRegression().fit(np.zeros((2, 2)), [False, True])
        broken.coef_ = np.array([[np.inf, np.inf]])
        broken.feature_names_in_ = np.array(["x", "z"], dtype=object)
        world.champion("x")
        world.config = GateConfig(champion=ChampionConfig(), quality=QualityConfig("log_loss", at_most=1.0))
        rows = world.rows(estimator("binary", "xz"), (-60, 0), (0, 20))
        with np.errstate(all="ignore"):
            report = world.gates.run(world.version("xz", estimator=broken, rows=rows))
        assert report.verdict == "REJECT"
        assert "does not answer" in report.reason
        assert report.check("champion").status == report.check("quality").status == "inconclusive"


class TestSlices:
    """Who is hurt."""

    def hurt(self, world: World, kind: str) -> str:
        """A version that answers the other way round for one kind; its packaged code knows the kind."""
        source = f"""
import polars as pl

def features(asked: pl.LazyFrame) -> pl.LazyFrame:
    sign = pl.when(pl.col("kind") == "{kind}").then(-1.0).otherwise(1.0)
    return asked.select((pl.col("x") * sign).alias("x"), (pl.col("z") * sign).alias("z"))
"""
        model = estimator("binary", "xz")
        held = drawn(0, 20)
        sign = pl.when(pl.col("request.kind") == kind).then(-1.0).otherwise(1.0)
        turned = held.with_columns(pl.col("request.x") * sign, pl.col("request.z") * sign)
        rows = pl.concat(
            [
                drawn(-60, 0).with_columns(side=pl.lit("train")),
                held.hstack(world.answers(model, turned)).with_columns(
                    side=pl.lit("holdout"), origin=pl.lit(0, pl.Int64)
                ),
            ],
            how="diagonal",
        )
        return world.version("xz", rows=rows, source=source)

    def test_a_slice_that_is_hurt_rejects_what_is_better_on_the_whole(self, world):
        """And is named."""
        world.champion("none")
        world.config = GateConfig(slices=SlicesConfig(["kind"], margin=0.1))
        report = world.gates.run(self.hurt(world, "q"))
        assert report.verdict == "REJECT"
        assert "It is worse by more than 0.1 log_loss where kind = q." == report.check("slices").reason
        by_name = {each["slice"]: each["status"] for each in report.check("slices").detail["slices"]}
        assert by_name == {"kind = p": "pass", "kind = q": "fail"}

    def test_small_slices_are_listed_and_decide_nothing(self, world):
        """One in a hundred rows is of the kind r."""
        world.champion("x")
        world.config = GateConfig(slices=SlicesConfig(["kind"], margin=0.1))
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "PROMOTE"
        small = report.check("slices.small")
        assert (small.status, small.severity) == ("inconclusive", "warn")
        assert [each["slice"] for each in small.detail["slices"]] == ["kind = r"]

    def test_numbers_and_times_are_cut_into_ranges(self, world):
        """Five of alike counts, and the days of the week."""
        world.champion("x")
        world.config = GateConfig(slices=SlicesConfig(["x", "seen"], margin=0.3))
        report = world.gates.run(world.version("xz"))
        names = [each["slice"] for each in report.check("slices").detail["slices"]]
        assert [name.startswith("x = ") for name in names] == [True] * 5
        small = [each["slice"] for each in report.check("slices.small").detail["slices"]]
        assert len(small) == 7 and "seen = Monday" in small  # a weekday is there two or three times

    def test_without_a_champion_nothing_is_compared(self, world):
        """And it says so."""
        world.config = GateConfig(slices=SlicesConfig(["kind"]))
        assert judged(world, "slices").status == "skipped"


class TestLeakage:
    """What it cannot know."""

    @pytest.fixture(autouse=True)
    def asked(self, world):
        world.config = GateConfig(leakage=LeakageConfig())

    def rows(self, world: World) -> pl.DataFrame:
        return world.rows(estimator("binary", "xz"), (-60, 0), (0, 20))

    def test_honest_columns_pass(self, world):
        """Each tells a part."""
        report = world.gates.run(world.version("xz"))
        assert report.verdict == "PROMOTE"
        assert [each.name for each in report.checks if each.kind == "leakage"] == [
            "leakage.columns",
            "leakage.share",
            "leakage.rows",
        ]

    def test_the_target_in_disguise_rejects_it(self, world):
        """A field that says it all."""
        said = pl.col("label").cast(pl.String).alias("request.kind")
        report = world.gates.run(world.version("xz", rows=self.rows(world).with_columns(said)))
        assert report.verdict == "REJECT"
        assert "kind alone tells the target (AUC 1.000)" in report.reason

    def test_a_column_that_knows_nearly_all_is_told_and_decides_nothing(self, world):
        """It may be an honest one."""
        weak = world.rows(estimator("binary", "x"), (-60, 0), (0, 20))
        report = world.gates.run(world.version("x", rows=weak))
        share = report.check("leakage.share")
        assert (share.status, share.severity, report.verdict) == ("fail", "warn", "PROMOTE")
        assert "x alone knows nearly all that the model knows" in share.reason

    def test_rows_that_were_learnt_reject_it(self, world):
        """A quarter of the holdout stands in the training side, to the letter."""
        again = drawn(0, 5).with_columns(side=pl.lit("train"))
        report = world.gates.run(world.version("xz", rows=pl.concat([again, self.rows(world)], how="diagonal")))
        assert report.verdict == "REJECT"
        found = report.check("leakage.rows")
        assert (found.value, found.detail["shared"]) == (0.25, 200)

    def test_rows_that_cannot_be_told_apart_are_no_leak(self, world):
        """Of so few fields that they repeat by chance, unless they are told by a key."""
        same = drawn(0, 1)["request.seen"][0]
        plain = self.rows(world).with_columns(
            pl.lit(0.0).alias("request.x"),
            pl.lit(0.0).alias("request.z"),
            pl.lit("").alias("request.key"),
            pl.lit(same).alias("request.seen"),
        )
        report = world.gates.run(world.version("xz", rows=plain))
        assert report.check("leakage.rows").status == "skipped"
        world.config = GateConfig(leakage=LeakageConfig(key=["key"]))
        assert judged(world, "leakage.rows", holdout=(0, 19)).status == "pass"

    def test_values_from_later_reject_it(self, world):
        """x is known by ``seen``, which lies an hour after the event."""
        world.config = GateConfig(leakage=LeakageConfig(known_at={"x": "seen"}))
        assert judged(world, "leakage.times").status == "pass"
        late = self.rows(world).with_columns(pl.col("request.seen") + pl.duration(hours=1))
        report = world.gates.run(world.version("xz", rows=late))
        assert report.verdict == "REJECT"
        assert "x was known only after the event in 800 of 800 rows, by up to 3,600 s" in report.reason

    def test_a_field_that_says_no_time_decides_nothing(self, world):
        """And is named."""
        world.config = GateConfig(leakage=LeakageConfig(known_at={"x": "kind"}))
        found = judged(world, "leakage.times")
        assert (found.status, "kind holds no times" in found.reason) == ("inconclusive", True)

    @pytest.mark.parametrize("asked", [LeakageConfig(key=["id"]), LeakageConfig(known_at={"x": "sen"})])
    def test_a_field_that_no_request_carries_is_refused(self, world, asked):
        """With the nearest name."""
        world.config = GateConfig(leakage=asked)
        with pytest.raises(InvalidInput, match="has no such field"):
            world.gates.run(world.version("xz"))

    @pytest.mark.parametrize("task", ["multiclass", "regression"])
    def test_other_tasks(self, tmp_path, database, acting, task):
        """Of several classes one against the others; of numbers R2."""
        world = World(tmp_path, database, task=task)
        world.config = GateConfig(leakage=LeakageConfig())
        honest = world.gates.run(world.version("xz"))
        assert honest.verdict == "PROMOTE"
        rows = world.rows(estimator(task, "xz"), (-60, 0), (0, 20))
        said = pl.col("label").cast(pl.String).alias("request.kind")
        if task == "regression":
            said = pl.col("label").alias("request.z")
        report = world.gates.run(world.version("xz", rows=rows.with_columns(said)))
        assert report.check("leakage.columns").status == "fail"


class TestLatency:
    """A real server on this machine."""

    @pytest.fixture(autouse=True)
    def _in_a_second(self, monkeypatch):
        """The fewest requests that have a 99th percentile, at four times the rate."""
        monkeypatch.setattr("regrove.gates.latency._SECONDS", 1.0)

    def test_what_is_fast_enough_passes_and_what_is_not_does_not(self, world):
        """A minute is enough for anything, a microsecond for nothing; a busy machine shows no fault."""
        world.config = GateConfig(latency=LatencyConfig("60s", rate=400.0))
        candidate = world.version("xz")
        found = world.gates.run(candidate).check("latency")
        assert found.status == "pass"
        assert found.detail["requests"] == 400
        assert found.detail["failed"] == 0
        assert "cores" in found.detail["machine"]
        assert found.interval[0] <= found.value <= found.interval[1]
        world.config = GateConfig(latency=LatencyConfig("1us", rate=400.0))
        assert world.gates.run(candidate).check("latency").status in ("fail", "inconclusive")
        assert {each.key for each in world.objects.list("deployments/")} == set()

    def test_a_row_that_is_not_answered_fails_it(self, world):
        """The server refuses a null where the model never saw one."""
        world.config = GateConfig(latency=LatencyConfig("60s", rate=400.0))
        rows = world.rows(estimator("binary", "xz"), (-60, 0), (0, 20))
        rows = rows.with_columns(pl.col("request.kind").replace("r", None))
        world.gates._checks = [each for each in world.gates._checks if each.kind == "latency"]  # others are stopped too
        report = world.gates.run(world.version("xz", rows=rows))
        assert report.check("latency").status == "fail"
        assert "requests were not answered: 422" in report.check("latency").reason


def test_a_day_is_where_it_is_drawn() -> None:
    """The world itself: the same days are the same rows."""
    assert drawn(0, 3)[40:80].equals(drawn(1, 2))
    assert drawn(0, 1)["event_time"].min().timestamp() * 1e6 >= START
    assert drawn(0, 1)["event_time"].max().timestamp() * 1e6 < START + DAY
