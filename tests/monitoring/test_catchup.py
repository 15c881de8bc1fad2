"""A worker that slept comes to the record of one that did not."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.monitoring import acts

DAY = 86_400_000_000
START = 1_362_096_000_000_000
LATE = 3 * 3_600_000_000
END = START + (acts.DAYS + 1) * DAY


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the log of two weeks and no tick yet."""
    from regrove.storage import Database, migrate

    folder = tmp_path_factory.mktemp("prepared")
    database = Database.open(f"sqlite:///{folder / 'regrove.db'}")
    migrate(database, backups=None)
    database.close()
    acts.prepare(str(folder))
    return folder


@pytest.fixture(scope="module")
def copy(prepared, tmp_path_factory):
    """Copies of it."""

    def make(like: Path = prepared) -> str:
        folder = tmp_path_factory.mktemp("copy") / "world"
        shutil.copytree(like, folder)
        return str(folder)

    return make


@pytest.fixture(scope="module")
def awake(copy):
    """The record of a worker that ticked at the end of every block."""
    folder = copy()
    for day in range(1, acts.DAYS + 1):
        acts.tick(folder, START + day * DAY + LATE)
    acts.tick(folder, END)
    return acts.state(folder, END)


class TestCatchUp:
    """Each missed block is judged once, in order, by what was known when it was due."""

    def test_the_record_has_something_of_everything(self, awake):
        """Otherwise nothing would be compared."""
        kinds = {(each.kind, each.state) for each in awake["alerts"]}
        assert kinds >= {("drift", "resolved"), ("performance", "resolved"), ("schedule", "resolved")}
        assert {each.resolved_by for each in awake["alerts"] if each.resolved_at} >= {"model", "rule"}
        assert {each.verdict for each in awake["verdicts"]} >= {"DRIFT", "INCONCLUSIVE", "OK", "SUSPECT"}
        assert len(awake["references"]) == 2
        assert any(kind == "alert.repeated" for kind, *_ in awake["events"])

    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(START, END), max_size=8).map(sorted))
    def test_ticks_at_any_instants_give_the_same(self, copy, awake, instants):
        """Blocks, verdicts, losses, alerts and events, with their ids and times, to the last byte."""
        folder = copy()
        for at in itertools.chain(instants, [END]):
            acts.tick(folder, at)
        found = acts.state(folder, END)
        for part, expected in awake.items():
            assert found[part] == expected, part
        shutil.rmtree(folder)

    def test_a_tick_is_bounded_and_the_next_goes_on(self, copy, awake):
        """A worker that slept for months does not hold up everything else."""
        from regrove.ledger import acting
        from regrove.monitoring import tick as module

        folder = copy()
        acts.deliver(folder, END)
        world = acts.opened(folder, END)
        with pytest.MonkeyPatch.context() as patch, acting(actor="person:test", project="test"):
            patch.setattr(module.tick, "__kwdefaults__", {"most": 5})
            reports = [world.monitors.tick("late") for _ in range(4)]
        assert [each.closed for each in reports] == [5, 5, 4, 0]
        assert reports[0].next_at < END < reports[-1].next_at
        assert acts.state(folder, END) == awake
