"""Monitors from the log to the ledger."""

from __future__ import annotations

import msgspec
import pytest

from regrove.clock import iso
from regrove.errors import Conflict, InvalidDeclaration, InvalidInput, NotFound
from regrove.monitoring import DriftConfig, MonitorConfig, ScheduleConfig
from regrove.monitoring.evidence import DriftEvidence
from tests.monitoring.world import DAY, START, reference_frame

DRIFT = MonitorConfig("late", windows=("1d",), drift=DriftConfig(references=("train",), page=("train",)))


@pytest.fixture
def watched(world):
    """A deployment of version 1 whose days 0 to 8 are as its run's and 9 to 19 are not: the second of them is drift."""
    made = world(late=DRIFT)
    made.trained(1)
    made.publish(1)
    made.answer(range(9))
    made.answer(range(9, 20), shift=3.0)
    made.compact()
    return made


def told(world, *types):
    return [each for each in world.ledger.read(limit=10_000) if each.type in types]


class TestTick:
    """What is due is done, once and in order."""

    def test_from_a_day_that_is_over_to_an_alert_in_the_ledger(self, watched):
        """A block, a verdict with its evidence, and an alert that names model and evidence, all on record."""
        assert watched.tick(10).fired == ()
        assert "this is DRIFT if one of the next two days is as odd" in watched.monitors.verdicts("late")[0].reason
        report = watched.tick(11)
        assert (report.closed, report.verdicts, len(report.fired)) == (1, 1, 1)
        verdict = watched.monitors.verdicts("late", limit=1)[0]
        assert (verdict.verdict, verdict.to_at, verdict.tier) == ("DRIFT", START + 11 * DAY, "leave-one-out")
        assert verdict.reason.startswith("request.x: ")
        assert "expected false pages a quarter: 1" in verdict.reason
        (fired,) = told(watched, "alert.fired")
        alert = watched.monitors.alert(report.fired[0])
        assert (fired.subject, fired.event.evidence, fired.event.model) == (alert.ref, verdict.evidence, "model:late@1")
        assert (alert.kind, alert.severity, alert.state, alert.fired_at) == (
            "drift",
            "page",
            "firing",
            START + 11 * DAY,
        )
        evidence = watched.vault.read_json(verdict.evidence, DriftEvidence)
        assert evidence.frozen == watched.monitors.references("late")[0].object
        assert watched.ledger.verify().ok

    def test_a_second_tick_at_the_same_time_does_nothing(self, watched):
        """Neither rows nor events."""
        watched.tick(12)
        before = watched.state(), watched.ledger.head()
        assert watched.tick(12.9).closed == 0
        assert (watched.state(), watched.ledger.head()) == before

    def test_a_tick_without_anything_due_writes_nothing(self, watched):
        """Not even a lease: a worker looks every other second."""
        from sqlalchemy import select

        from regrove.storage.tables import leases

        def epochs():
            with watched.database.read() as connection:
                return connection.execute(select(leases)).all()

        watched.tick(2)
        before = epochs()
        assert before
        report = watched.tick(2.5)
        assert (report.closed, report.next_at) == (0, START + 3 * DAY)
        assert epochs() == before

    def test_a_block_waits_for_its_lateness(self, watched):
        """And says when it is due."""
        watched.declared.monitors["late"] = msgspec.structs.replace(DRIFT, lateness="6h")
        assert watched.tick(1.2).closed == 0
        assert iso(watched.tick(1.2).next_at) == "2013-03-02T06:00:00Z"
        assert watched.tick(1.25).closed == 1

    def test_every_block_is_named_in_the_ledger_with_its_rows_and_object(self, watched):
        """Objects that collection keeps."""
        watched.tick(3)
        blocks = [each.event for each in told(watched, "monitor.block_closed")]
        assert [(each.block, each.rows) for each in blocks] == [
            (f"2013-03-0{day}T00:00:00+00:00[UTC]", 40) for day in (1, 2, 3)
        ]
        live = watched.monitors.live_digests()
        assert {each.object for each in blocks} <= live
        assert {each.evidence for each in watched.monitors.verdicts("late")} <= live
        assert all(watched.vault.has(each) for each in live)

    def test_a_deployment_that_was_never_started_is_waited_for(self, world):
        """No error: a worker ticks what is declared."""
        made = world(late=DRIFT)
        assert made.tick(3).note == "deployment 'late' was never started"

    def test_a_monitor_of_an_old_deployment_begins_with_the_last_block(self, watched):
        """It counts what came before, and does not ring for the distant past."""
        watched.answer(range(20, 70), shift=3.0, salt=1)
        watched.compact()
        report = watched.tick(70)
        assert (report.closed, report.verdicts) == (1, 1)
        assert watched.monitors.get("late").blocks == 57

    def test_an_undeclared_monitor_is_not_found(self, watched):
        """With the nearest name."""
        with pytest.raises(NotFound, match="'late'"):
            watched.tick(1, "lat")

    def test_columns_that_the_model_does_not_have_are_refused(self, watched):
        """Before anything is recorded."""
        wrong = msgspec.structs.replace(DRIFT, drift=DriftConfig(columns=("y",)))
        watched.declared.monitors["late"] = wrong
        with pytest.raises(InvalidDeclaration, match="request carries"):
            watched.tick(1)
        assert not told(watched, "monitor.block_closed")

    def test_two_ticks_at_once_are_one_too_many(self, watched):
        """The second is told who is at it."""
        watched.clock.turn_to(START + DAY)
        with (
            watched.monitors._leases.acquire("monitor:test/late", ttl_s=60),
            pytest.raises(Conflict, match="monitor:test/late"),
        ):
            watched.tick(1)


class TestReferences:
    """What a window is compared with."""

    def test_a_run_that_left_nothing_behind_is_said_to_have(self, world):
        """Cells come from the first rows, and the days before are there to compare with all the same."""
        made = world(late=MonitorConfig("late", windows=("1d",)))
        made.publish(1)
        made.answer(range(30))
        made.answer(range(30, 31), shift=3.0)
        made.compact()
        made.tick(1)
        made.tick(31)
        train, previous = [
            next(each for each in made.monitors.verdicts("late") if each.reference == name)
            for name in ("train", "previous")
        ]
        assert train.verdict == "INCONCLUSIVE"
        assert train.reason == "there is nothing to compare with: model:late@1 was registered without a run"
        assert previous.reason.startswith("request.x") or "request.x" in previous.reason

    def test_a_reference_of_three_days_is_no_reference(self, world):
        """It says how many are missing."""
        made = world(late=DRIFT)
        made.trained(1, reference_frame(range(-3, 0), out_of_sample=3))
        made.publish(1)
        made.answer(range(2), shift=5.0)
        made.tick(2)
        assert "3 days of reference are too few" in made.monitors.verdicts("late", limit=1)[0].reason

    def test_another_declaration_freezes_another_reference(self, watched):
        """Open alerts were about the one before, and are over."""
        watched.tick(11)
        watched.declared.monitors["late"] = msgspec.structs.replace(DRIFT, drift=DriftConfig(columns=("kind",)))
        report = watched.tick(12)
        assert len(report.resolved) == 1
        assert [each.number for each in watched.monitors.references("late")] == [1, 2]
        over = watched.monitors.alert(report.resolved[0])
        assert (over.resolved_by, over.resolution) == ("declaration", "the declaration of the monitor changed")

    def test_a_day_without_rows_is_a_block_without_an_object(self, world):
        """And its verdict is that there is nothing to judge."""
        made = world(late=DRIFT)
        made.trained(1)
        made.publish(1)
        made.answer(range(1))
        made.answer(range(2, 3))
        made.tick(3)
        verdicts = made.monitors.verdicts("late")
        assert verdicts[1].reason == "the window has no rows" and verdicts[1].verdict == "INCONCLUSIVE"
        assert made.state()["blocks"][1].object == ""


class TestModels:
    """Another model in control."""

    def test_it_ends_the_alerts_of_the_one_before_and_is_judged_by_its_own_run(self, watched):
        """With that reason, when it took over."""
        watched.tick(12)
        watched.trained(2, reference_frame().with_columns(reference_frame()["request.x"] + 3.0))
        watched.clock.turn_to(START + round(12.5 * DAY))
        watched.publish(2)
        watched.answer(range(13, 15), shift=3.0, salt=2)
        watched.compact()
        report = watched.tick(14)
        (over,) = [watched.monitors.alert(each) for each in report.resolved]
        assert (over.resolved_by, over.resolved_at) == ("model", START + round(12.5 * DAY))
        assert over.resolution == "late answers with model:late@2 now (deployment:late@2)"
        assert [each.model for each in watched.monitors.references("late")] == ["model:late@1", "model:late@2"]
        assert watched.monitors.verdicts("late", limit=1)[0].verdict != "DRIFT"

    def test_a_canary_and_testers_are_not_what_is_watched(self, watched):
        """Rows of another model than the control are counted as excluded."""
        watched.answer(range(5), model=2, rows=12, salt=9, shift=9.0)
        watched.answer(range(5), overridden=True, rows=3, batches=1, salt=8, shift=9.0)
        watched.tick(5)
        assert [(each.rows, each.excluded) for each in watched.state()["blocks"]] == [(40, 15)] * 5
        assert all(each.verdict != "DRIFT" for each in watched.monitors.verdicts("late"))

    def test_a_schedule_rings_each_period_until_another_model_answers(self, watched):
        """Once a period, with the one before over."""
        watched.declared.monitors["late"] = msgspec.structs.replace(DRIFT, drift=None, schedule=ScheduleConfig("3d"))
        reports = [watched.tick(day) for day in range(1, 8)]
        assert [len(each.fired) for each in reports] == [0, 0, 1, 0, 0, 1, 0]
        assert [each.state for each in watched.monitors.alerts()] == ["firing", "resolved"]
        assert "has answered for 6 days" in watched.monitors.alerts()[0].reason
        watched.publish(2)
        assert len(watched.tick(8).resolved) == 1 and watched.tick(9).fired == ()
        assert len(watched.tick(10).fired) == 1


class TestAlerts:
    """Looking at alerts, and ending them by hand."""

    def test_resolving_needs_a_reason_and_keeps_it_out_of_the_chain(self, watched):
        """The words are an object of their own, which may have to be erased."""
        watched.tick(11)
        (alert,) = watched.monitors.alerts(state="open")
        with pytest.raises(InvalidInput, match="reason"):
            watched.monitors.resolve(alert.ref, "  ")
        over = watched.monitors.resolve(alert.ref, "Ann's holiday")
        assert (over.state, over.resolution, over.resolved_by) == ("resolved", "Ann's holiday", "person:test")
        (event,) = told(watched, "alert.resolved")
        assert event.event.by == "hand" and b"Ann" not in event.payload
        assert watched.vault.read_json(event.event.object, dict) == {"reason": "Ann's holiday"}
        assert event.event.object in watched.monitors.live_digests()
        with pytest.raises(Conflict, match="over already"):
            watched.monitors.resolve(alert.ref, "again")

    def test_what_was_resolved_by_hand_stays_quiet_for_a_week(self, watched):
        """Though its cause goes on."""
        watched.tick(11)
        watched.monitors.resolve(watched.monitors.alerts()[0].id, "known")
        assert [len(watched.tick(day).fired) for day in range(12, 20)] == [0] * 6 + [1, 0]

    def test_lists_are_by_state_and_page_by_page(self, watched):
        """The newest first."""
        watched.tick(11)
        watched.monitors.resolve(watched.monitors.alerts()[0].ref, "known")
        watched.tick(18)
        new, old = watched.monitors.alerts()
        assert new.id > old.id and (new.state, old.state) == ("firing", "resolved")
        assert watched.monitors.alerts(state="resolved") == [old] == watched.monitors.alerts(before=new.ref)
        assert watched.monitors.alerts(monitor="other") == []
        with pytest.raises(InvalidInput, match="pending, firing"):
            watched.monitors.alerts(state="loud")
        with pytest.raises(NotFound):
            watched.monitors.alert("0" * 32)

    def test_a_monitor_shows_where_it_stands(self, watched):
        """Before its first tick and after."""
        assert [each.progress for each in watched.monitors.list()] == [None]
        watched.tick(11)
        found = watched.monitors.get("monitor:late")
        assert (found.ref, found.blocks, len(found.verdicts), len(found.alerts)) == ("monitor:late", 11, 1, 1)
        assert found.last_block.end_at == START + 11 * DAY
        watched.declared.monitors.clear()
        assert watched.monitors.list()[0].config is None
        with pytest.raises(NotFound, match=r"\[monitors.other\]"):
            watched.monitors.get("other")


class TestLateRows:
    """Rows that come when their block is closed."""

    def test_they_are_counted_and_said_and_seen_by_no_verdict(self, watched):
        """Once each, in the next block's event and on the monitor."""
        watched.tick(4)
        before = watched.monitors.verdicts("late")
        watched.answer(range(1, 3), rows=5, batches=1, salt=7, shift=50.0)
        assert watched.tick(5).late_rows == 10
        assert watched.tick(6).late_rows == 0
        blocks = watched.state()["blocks"]
        assert [(each.rows, each.late_rows) for each in blocks[:4]] == [(40, 0), (40, 5), (40, 5), (40, 0)]
        assert [each.event.late_rows for each in told(watched, "monitor.block_closed")] == [0, 0, 0, 0, 10, 0]
        assert watched.monitors.get("late").late_rows == 10
        assert watched.monitors.verdicts("late")[2:] == before

    def test_rows_within_the_lateness_are_not_late(self, watched):
        """Their block is not closed yet."""
        watched.declared.monitors["late"] = msgspec.structs.replace(DRIFT, lateness="12h")
        watched.tick(2)
        watched.answer(range(1, 2), rows=5, batches=1, salt=7)
        assert watched.tick(2.5).late_rows == 0
        assert watched.state()["blocks"][1].rows == 45
