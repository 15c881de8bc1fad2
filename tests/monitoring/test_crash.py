"""Ticks killed at every commit edge and continued: the same rows and events as if nothing had happened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import crash
from tests.monitoring import acts
from tests.monitoring.test_catchup import DAY, LATE, START, prepared  # noqa: F401 - a fixture

TICK, RESOLVE = "tests.monitoring.acts:tick", "tests.monitoring.acts:resolve"
PRELOAD = ("tests.monitoring.world",)


def day(number: float) -> int:
    return START + round(number * DAY) + LATE


@pytest.fixture
def like(prepared, tmp_path):  # noqa: F811 - the fixture
    """Copies of the prepared folder, ticked up to an instant."""
    made: dict[int, Path] = {}

    def copy(name: str, at: int) -> str:
        if at not in made:
            made[at] = tmp_path / f"at{at}"
            shutil.copytree(prepared, made[at])
            if at > START:
                acts.tick(str(made[at]), at)
        shutil.copytree(made[at], tmp_path / name)
        return str(tmp_path / name)

    return copy


def telling(labels):
    """The edges after which something is durable that was not before; and right before each commit."""
    return [(n, label) for n, label in enumerate(labels) if label.startswith("after") or "COMMIT" in label]


class TestTick:
    """Objects first, then everything that the end of a block says in one transaction."""

    @pytest.mark.parametrize(
        ("before", "until", "commits", "what"),
        [
            (START, day(1), 3, {"monitor.reference_frozen", "monitor.block_closed", "monitor.judged"}),
            (day(2), day(3), 3, {"alert.fired"}),
            (day(10), day(11), 4, {"alert.resolved", "monitor.reference_frozen"}),
        ],
        ids=["a first block", "an alert", "another model"],
    )
    def test_a_tick_that_was_killed_is_made_once(self, like, before, until, commits, what):
        """Whichever edge it was killed at, the next tick ends where an undisturbed one does."""
        start = acts.state(like("start", before), before) if before > START else {"events": []}
        whole = like("whole", before)
        labels = crash.edges(TICK, {"folder": whole, "at": until}, preload=PRELOAD)
        assert sum("after COMMIT" in label for label in labels) == commits
        expected = acts.fingerprint(whole, until)
        new = acts.state(whole, until)["events"][len(start["events"]) :]
        assert {kind for kind, *_ in new} >= what
        for n, label in telling(labels):
            folder = like(f"edge{n}", before)
            crash.kill_at(TICK, {"folder": folder, "at": until}, n, preload=PRELOAD)
            acts.tick(folder, until)
            assert acts.fingerprint(folder, until) == expected, label

    @pytest.mark.parametrize("seeds", [range(3), pytest.param(range(3, 40), marks=pytest.mark.soak)], ids=["3", "40"])
    def test_random_kills_leave_it_to_the_next(self, like, seeds):
        """Wherever they fall in two weeks of catching up."""
        whole = like("whole", START)
        end = day(acts.DAYS)
        crash.run(TICK, {"folder": whole, "at": end}, preload=PRELOAD)  # how long it takes bounds the moments
        expected = acts.fingerprint(whole, end)
        for seed in seeds:
            folder = like(f"seed{seed}", START)
            crash.kill_randomly(TICK, {"folder": folder, "at": end}, seed, preload=PRELOAD)
            acts.tick(folder, end)
            assert acts.fingerprint(folder, end) == expected


class TestResolve:
    """The words, then alert, memory and event together."""

    def test_a_resolution_that_was_killed_is_made_once(self, like):
        """The alert is over, its event is there once, and the rule remembers."""
        before = day(3)
        whole = like("whole", before)
        labels = crash.edges(RESOLVE, {"folder": whole, "at": before}, preload=PRELOAD)
        expected = acts.state(whole, before)
        assert expected["progress"].rules.drift.muted_at == before
        for n, label in telling(labels):
            folder = like(f"edge{n}", before)
            crash.kill_at(RESOLVE, {"folder": folder, "at": before}, n, preload=PRELOAD)
            acts.resolve(folder, before)
            assert acts.state(folder, before) == expected, label
