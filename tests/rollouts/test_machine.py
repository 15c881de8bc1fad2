"""Whatever happens in whatever order, a rollout ends once, and what it promised on the way holds."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from regrove.clock import HandClock
from regrove.errors import RegroveError
from regrove.ledger import Ledger, acting
from regrove.storage import Database, LocalObjects, Vault
from regrove.storage.tables import leases
from tests.conftest import START
from tests.rollouts.world import DAY, MODEL, World

template: Path


class Life(RuleBasedStateMachine):
    """One deployment, its callers, its servers, a worker that ticks and dies, and people who interfere."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="rollout-"))
        shutil.copyfile(template, self.folder / "regrove.db")
        self.database = Database.open(f"sqlite:///{self.folder}/regrove.db")
        objects = LocalObjects(self.folder / "objects")
        self.clock = HandClock(START)
        ledger = Ledger(self.database, objects, self.clock)
        self.acting = acting(actor="person:test", project="test")
        self.acting.__enter__()
        self.world = World(self.database, objects, Vault(objects), ledger, self.clock, self.folder).settle()
        self.hands = 0

    def teardown(self) -> None:
        assert self.world.ledger.verify().ok
        self.acting.__exit__(None, None, None)
        self.database.close()
        shutil.rmtree(self.folder)

    @initialize(approval=st.booleans(), phases=st.sampled_from([["5%", "50%", "100%"], ["30%", "100%"], ["100%"]]))
    def declare(self, approval: bool, phases: list[str]) -> None:
        self.world.policy(approval=approval, phases=phases, minimum_requests=50, give_up="3d")

    @precondition(lambda self: not any(each.going for each in self.world.rollouts.list()))
    @rule(version=st.sampled_from([1, 2, 3]))
    def start(self, version: int) -> None:
        try:
            begun = self.world.rollouts.start("late", candidate=f"model:{MODEL}@{version}", reason="let it")
        except RegroveError:  # it answers already, or the deployment is not as it must be
            return
        assert begun.going

    @rule()
    def tick(self) -> None:
        self.world.rollouts.tick()

    @rule(where=st.integers(0, 12))
    def tick_and_die(self, where: int) -> None:
        """The worker is gone before one of its commits; the lease of a process that is gone is free."""
        real, left = self.database.transaction, [where]

        def dying() -> Any:
            if not self.database.in_transaction:
                left[0] -= 1
                if left[0] < 0:
                    raise _Gone
            return real()

        self.database.transaction = dying  # type: ignore[method-assign]
        try:
            self.world.rollouts.tick()
        except _Gone:
            pass
        finally:
            self.database.transaction = real  # type: ignore[method-assign]
        self._free()

    @rule(total=st.integers(1, 3000), harm=st.sampled_from(["", "", "", "errors", "slow", "scores"]))
    def serve(self, total: int, harm: str) -> None:
        """Callers are split as was asked; of a harmful candidate every second request is bad."""
        current = self.world.current
        if not current.candidates:
            return
        bad = round(total * current.candidates[0].share / 10_000) // 2
        more = {"failing": bad} if harm == "errors" else {"slow_p99": bad} if harm == "slow" else {}
        if harm == "scores":
            more = {"scores": [2 * bad, *[0] * 10]}
        self.world.serve(total, **more)

    @precondition(lambda self: self.world.rollouts.list())
    @rule(days=st.integers(1, 3))
    def good_days(self, days: int) -> None:
        """Most days nothing happens."""
        self.world.live_through(days)

    @rule(hours=st.sampled_from([1, 23, 24, 30]))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours * DAY // 24)

    @rule(servers=st.integers(0, 2), late=st.booleans())
    def servers(self, servers: int, late: bool) -> None:
        self.world.traffic.tell(servers=servers, loaded={"0": 0} if late else {}, trouble="broken" if late else "")

    @rule(what=st.sampled_from(["approve", "approve", "approve", "abort"]))
    def decide(self, what: str) -> None:
        for each in self.world.rollouts.list():
            try:
                getattr(self.world.rollouts, what)(each.ref, "because")
            except RegroveError:  # it has ended, or does not wait
                continue

    @rule(version=st.sampled_from([1, 3]), publish=st.booleans(), really=st.sampled_from([False, False, True]))
    def promote_by_hand(self, version: int, publish: bool, really: bool) -> None:
        if not really:
            return
        self.hands += bool(self.world.models.promote(f"{MODEL}@{version}", reason="by hand").recorded)
        if publish:
            self.world.deployments.publish("late")

    @invariant()
    def each_ends_once(self) -> None:
        """Completed, aborted or held: one of them, once, and the alias moved by as many decisions as completed."""
        ends = ("rollout.completed", "rollout.aborted", "rollout.held")
        ended = [each for each in self.world.ledger.read(limit=10_000) if each.type in ends]
        assert len({each.subject for each in ended}) == len(ended)
        completed = [each for each in ended if each.type == "rollout.completed"]
        assert len(self.world.models.decisions(MODEL)) == 1 + self.hands + len(completed)
        assert len(ended) == sum(not each.going for each in self.world.rollouts.list())

    @invariant()
    def shares_grow_and_end(self) -> None:
        """A rollout's share only grows, and never again after its end."""
        published = self.world.deployments.publications("late")
        for each in self.world.rollouts.list():
            shares = [one.candidates[0].share for one in published if one.candidates and one.salt == each.id]
            assert shares == sorted(set(shares))
            assert set(shares) <= set(each.policy.shares)
            after = [one for one in published if one.published_at > (each.ended_at or self.clock.now())]
            assert not any(one.salt == each.id for one in after)

    @invariant()
    def nobody_is_left_in_the_split_of_an_ended_one(self) -> None:
        """After a whole tick; the next worker's tick comes before anything else is asked here."""
        self._free()
        current = self.world.current
        if current.candidates and not self.world.rollouts.get(current.salt).going:
            self.world.rollouts.tick()
            assert self.world.current.salt != current.salt

    @invariant()
    def phases_have_what_they_need(self) -> None:
        for each in self.world.rollouts.list():
            for phase in each.phases:
                if phase.state == "passed" and phase.share < 10_000:
                    assert phase.requests >= 50 and phase.ended_at - phase.began_at >= DAY

    def _free(self) -> None:
        """What a dead process held is free: here the process lives, so that its lease is let go."""
        with self.database.transaction() as transaction:
            transaction.execute(sa.update(leases).values(machine="", expires_at=0))


class _Gone(Exception):  # noqa: N818  # no error: the process is not there any more
    pass


def _live(file: Path, examples: int) -> None:
    global template
    template = file
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_few_lives(sqlite_template: Path) -> None:
    """Of thirty steps each, drawn by hypothesis."""
    _live(sqlite_template, 12)


@pytest.mark.soak
def test_many_lives(sqlite_template: Path) -> None:
    """The same for longer."""
    _live(sqlite_template, 400)
