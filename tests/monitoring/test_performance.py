"""The loss of the living model, from labels to SUSPECT and CONFIRMED."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest

from regrove.monitoring import MonitorConfig, PerformanceConfig
from regrove.monitoring.evidence import LossEvidence
from regrove.stats.sequential import ceiling, detect, detector, watch
from tests.monitoring.world import CONFIG, DAY, START, day_rows, reference_frame

LOSS = msgspec.structs.replace(CONFIG, drift=None)


@pytest.fixture
def living(world):
    """Makes a world whose model 1 answers, with what its run left behind."""

    def make(config=LOSS, **reference):
        made = world(late=config)
        made.trained(1, reference_frame(**reference))
        made.publish(1)
        return made

    return make


def verdicts(world):
    return [each for each in reversed(world.monitors.verdicts("late", kind="performance", limit=1000))]


def log_loss(drawn):
    score, late = np.array(drawn["score"]), np.array(drawn["late"])
    return -np.log(np.where(late, score, 1 - score))


class TestLosses:
    """The mean loss of a block, when its labels are all that will come."""

    def test_a_block_is_judged_once_its_labels_are_due_and_not_before(self, living):
        """Five days after its end."""
        made = living()
        made.answer(range(3))
        assert made.tick(5.9).losses == 0
        assert made.tick(6).losses == 1
        assert made.tick(6.9).losses == 0
        (loss,) = made.monitors.losses("late")
        assert (loss.start_at, loss.rows, loss.labelled, loss.share) == (START, 40, 40, 1.0)
        assert loss.mean == pytest.approx(log_loss(day_rows(0)).mean())
        scale = np.quantile(np.concatenate([log_loss(day_rows(day)) for day in range(-40, 0)]), 0.995)
        assert loss.loss == pytest.approx(np.minimum(1, log_loss(day_rows(0)) / scale).mean())

    def test_a_loss_that_grows_is_suspect_and_then_confirmed(self, living):
        """The alert escalates; each verdict is what the detectors say of the losses in its evidence."""
        made = living()
        made.answer(range(10))
        made.answer(range(10, 60), wrong=0.6)
        made.compact()
        made.tick(1)
        made.tick(65)
        found = [each.verdict for each in verdicts(made)]
        assert found[:10] == ["OK"] * 10
        assert found.index("SUSPECT") < found.index("CONFIRMED") and found[-1] == "CONFIRMED"
        alerts = list(reversed(made.monitors.alerts()))
        assert [(each.kind, each.severity, each.state) for each in alerts] == [
            ("performance", "suspect", "resolved"),
            ("performance", "confirmed", "firing"),
        ]
        assert alerts[0].resolution == "it became confirmed"
        first = verdicts(made)[found.index("CONFIRMED")]
        evidence = made.vault.read_json(first.evidence, LossEvidence)
        usual = made.monitors.frozen(made.monitors.references("late")[0]).loss
        assert usual.ceiling == ceiling([each[2] for each in usual.losses])
        losses = [value for _, value in evidence.losses]
        assert detect(detector(usual.ceiling), losses).alarm_at == len(losses)
        assert watch(usual.plan, losses).sum >= usual.plan.threshold

    def test_a_loss_that_is_back_to_what_it_was_ends_the_alert_and_begins_anew(self, living):
        """A second growth is found again."""
        made = living()
        made.answer(range(5))
        made.answer(range(5, 12), wrong=0.9)
        made.answer(range(12, 40))
        made.answer(range(40, 50), wrong=0.9)
        made.compact()
        made.tick(1)
        made.tick(55)
        suspects = [each for each in reversed(made.monitors.alerts()) if each.fired_at]
        assert len(suspects) >= 2
        assert suspects[0].resolution == "nothing of it was seen at 5 blocks in a row"
        second = made.vault.read_json(suspects[1].evidence, LossEvidence)
        assert second.losses[0][0] > suspects[0].fired_at - 5 * DAY  # the detectors began after the first was over

    def test_resolving_by_hand_lets_the_detectors_begin_anew(self, living):
        """Evidence from before is not counted twice."""
        made = living()
        made.answer(range(30), wrong=0.9)
        made.compact()
        made.tick(1)
        day = next(day for day in range(2, 30) if made.tick(day).fired)
        made.monitors.resolve(made.monitors.alerts()[0].ref, "known")
        made.tick(day + 1)
        evidence = made.vault.read_json(verdicts(made)[-1].evidence, LossEvidence)
        assert len(evidence.losses) == 1


class TestLabels:
    """Labels that are late, early, missing, of one class."""

    def test_without_a_declared_delay_the_law_of_the_labels_decides(self, living):
        """It must have been seen twice as long as it takes."""
        made = living(msgspec.structs.replace(LOSS, performance=PerformanceConfig("log_loss")))
        made.answer(range(20), delay=3 * DAY)
        made.compact()
        counts = [made.tick(day).losses for day in range(1, 21)]
        first = next(place for place, count in enumerate(counts) if count)
        assert (
            first == 6
        )  # six days of rows, labels after three: 1 to 6 have no law, and then all that are three days old
        assert counts[first] == 4 and counts[first + 1 :] == [1] * (20 - first - 1)
        assert all(each.labelled == each.rows for each in made.monitors.losses("late"))

    def test_rows_that_never_get_a_label_do_not_hold_a_block_back(self, living):
        """The end of the curve counts as all."""
        made = living(msgspec.structs.replace(LOSS, performance=PerformanceConfig("log_loss")))
        made.answer(range(20), delay=2 * DAY)
        made.answer(range(20), delay=None, salt=1, rows=20)
        made.compact()
        made.tick(1)
        made.tick(20)
        losses = made.monitors.losses("late")
        assert len(losses) >= 15 and {(each.rows, each.labelled) for each in losses} == {(60, 40)}

    def test_labels_that_came_before_their_prediction_came_at_once(self, living):
        """They are labels like any others."""
        made = living(msgspec.structs.replace(LOSS, performance=PerformanceConfig("log_loss")))
        made.answer(range(5), delay=-DAY)
        made.tick(1)
        made.tick(5)
        assert [each.labelled for each in made.monitors.losses("late")] == [40] * 5

    def test_a_block_without_labels_is_open_and_no_alarm(self, living):
        """It is said, and the detectors do not see it."""
        made = living()
        made.answer(range(3), delay=None)
        made.answer(range(3, 4))
        made.tick(1)
        made.tick(9)
        found = verdicts(made)
        assert [each.verdict for each in found] == ["INCONCLUSIVE"] * 3 + ["OK"]
        assert found[0].reason == "2013-03-01: 0 of 40 labels came, so there is no loss to judge by"
        assert [each.loss is None for each in made.monitors.losses("late")] == [True] * 3 + [False]

    def test_labels_that_came_later_than_due_do_not_change_what_was_judged(self, living):
        """Whenever the worker looks."""
        made = living()
        made.answer(range(1), delay=20 * DAY)
        made.answer(range(1), salt=1, rows=20)
        made.tick(1)
        made.tick(30)
        loss = made.monitors.losses("late")[0]
        assert (loss.rows, loss.labelled) == (60, 20)

    def test_a_day_without_rows_has_no_verdict(self, living):
        """Nothing was answered."""
        made = living()
        made.answer(range(1))
        made.answer(range(2, 3))
        made.tick(1)
        made.tick(8)
        assert [each.rows for each in made.monitors.losses("late")] == [40, 0, 40]
        assert len(verdicts(made)) == 2

    def test_labels_of_one_class_are_labels_like_any_others(self, living, monkeypatch):
        """A loss of a row needs no other rows."""
        from tests.monitoring import world

        rows = {**day_rows(0), "late": [True] * 40}
        monkeypatch.setattr(world, "day_rows", lambda *_, **__: rows)
        made = living(msgspec.structs.replace(LOSS, performance=PerformanceConfig("brier", label_delay="5d")))
        made.answer(range(1))
        made.tick(6)
        loss = made.monitors.losses("late")[0]
        assert (loss.mean, loss.loss) == pytest.approx((np.mean((1 - np.array(rows["score"])) ** 2),) * 2)


class TestReferences:
    """The usual loss is that of rows the model had not learnt from."""

    def test_only_days_that_were_predicted_out_of_sample_count(self, living):
        """Training rows have no answer, and none is made up."""
        made = living(out_of_sample=25)
        made.answer(range(1))
        made.tick(6)
        usual = made.monitors.frozen(made.monitors.references("late")[0]).loss
        assert len(usual.losses) == 25 and usual.plan.blocks == 25
        means = [log_loss(day_rows(day)).mean() for day in range(-25, 0)]
        assert [each[3] for each in usual.losses] == pytest.approx(means)

    @pytest.mark.parametrize(
        ("out_of_sample", "says"),
        [(3, "3 days predicted out of sample; 20 are needed"), (0, "no row predicted out of sample with a label")],
    )
    def test_with_too_few_of_them_every_verdict_is_open(self, living, out_of_sample, says):
        """And says what is missing."""
        made = living(out_of_sample=out_of_sample)
        made.answer(range(2), wrong=1.0)
        made.tick(1)
        made.tick(8)
        assert [each.verdict for each in verdicts(made)] == ["INCONCLUSIVE"] * 2
        assert says in verdicts(made)[0].reason
        assert made.monitors.losses("late")[0].mean is not None

    def test_a_model_that_was_registered_without_a_run_has_losses_and_no_verdict(self, world):
        """There is nothing to compare with."""
        made = world(late=LOSS)
        made.publish(1)
        made.answer(range(2))
        made.tick(1)
        made.tick(8)
        assert {each.verdict for each in verdicts(made)} == {"INCONCLUSIVE"}
        assert made.monitors.losses("late")[0].mean == pytest.approx(log_loss(day_rows(0)).mean())


class TestRevisions:
    """Whose loss it is."""

    def test_a_canary_and_testers_do_not_count(self, living):
        """Their rows are another model's."""
        made = living()
        made.answer(range(2))
        made.answer(range(2), model=2, wrong=1.0, salt=1)
        made.answer(range(2), overridden=True, wrong=1.0, salt=2)
        made.tick(1)
        made.tick(7)
        assert [each.rows for each in made.monitors.losses("late")] == [40, 40]

    def test_the_last_days_of_a_model_are_recorded_when_another_answers_already(self, living):
        """Two losses for the day of the change, each by its own model; only the living one is judged."""
        made = living()
        made.trained(2)
        made.answer(range(4))
        made.tick(3.5)
        made.publish(2)
        made.answer(range(3, 8), salt=1)
        made.compact()
        made.tick(13)
        losses = made.monitors.losses("late")
        assert [((each.start_at - START) // DAY, each.model[-1]) for each in losses] == [
            (0, "1"), (1, "1"), (2, "1"), (3, "1"), (3, "2"), (4, "2"), (5, "2"), (6, "2"), (7, "2"),
        ]  # fmt: skip
        assert {each.model for each in verdicts(made)} == {"model:late@2"}
        assert verdicts(made)[0].from_at == START + 3 * DAY


class TestHours:
    """Blocks of hours."""

    def test_hours_are_judged_by_hours(self, world):
        """A year has 8,760 of them, and the threshold knows."""
        config = MonitorConfig(
            "late", block="1h", windows=("1h",), drift=None, performance=PerformanceConfig("brier", label_delay="1h")
        )
        made = world(late=config)
        made.trained(1, reference_frame(range(-4, 0), rows=480, out_of_sample=4))
        made.publish(1)
        made.answer(range(1), rows=480, batches=96, delay=60_000_000)
        made.tick(0.1)
        made.tick(1)
        usual = made.monitors.frozen(made.monitors.references("late")[0]).loss
        assert (len(usual.losses), usual.plan.year) == (96, 8760)
        assert [each.rows for each in made.monitors.losses("late")] == pytest.approx([20] * 23, abs=12)
        state = made.vault.read_json(verdicts(made)[-1].evidence, LossEvidence)
        assert len(state.losses) == 23 and state.state["detector"]["arl"] == pytest.approx(240_000)


class TestArtifact:
    """What a run left behind, read and refused."""

    def test_a_reference_without_event_time_is_refused(self, living):
        """With what makes it whole."""
        from regrove.errors import Corrupt

        made = living()
        made.trained(2, reference_frame().drop("event_time").with_columns(pl.lit(1).alias("event_time")))
        made.publish(2)
        made.answer(range(1))
        with pytest.raises(Corrupt, match="event_time"):
            made.tick(1)
