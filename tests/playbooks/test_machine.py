"""A life of playbooks: alerts fire, days pass, rooms fail, and the process is killed between any two commits.

Killing is done here by an exception that no code catches: from a chosen commit on, before or after it, nothing becomes
durable any more; then everything is opened anew, as a new process would. `test_crash` kills real processes.
"""

from __future__ import annotations

import shutil
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from regrove.clock import HandClock
from regrove.errors import StepFailed
from regrove.ledger import Ledger, acting
from regrove.playbooks import Playbooks
from regrove.storage import Database, LocalObjects
from tests.conftest import START
from tests.playbooks.doubles import Declared, Rooms
from tests.playbooks.facts import fire

HOUR = 3_600_000_000
COOLDOWN = 2 * 24 * HOUR
BUDGET = (2, 10 * 24 * HOUR)
PLAYBOOKS = {
    "decay": {
        "on": "alert.fired",
        "when": "alert.kind == 'performance'",
        "do": ["retrain", "gate", "rollout", "notify"],
        "limits": {"cooldown": "2d", "budget": "2 per 10d", "rejections": 2},
        "notify": {"webhook": "https://example.org/hook"},
    },
    "drift": {"on": "alert.fired", "when": "alert.kind == 'drift'", "do": ["retrain", "gate"]},
    "tell": {"on": "alert.fired", "do": ["notify"], "limits": {"concurrent": 1000}},
}
LISTENING = {"performance": {"decay", "tell"}, "drift": {"drift", "tell"}}


class Killed(BaseException):
    """The process is gone."""


class KilledRooms(Rooms):
    """Rooms at whose effects the process may be killed, too: before they are durable, or after."""

    def __init__(self, life: Any) -> None:
        super().__init__()
        self._life = life
        self.effects: Counter[tuple[str, str, str]] = Counter()

    def _once(self, action: str, make: Any) -> Any:
        self._life.edge()
        before = dict(self.did)
        found = super()._once(action, make)
        for key in self.did.keys() - before.keys():
            self.effects[key] += 1
        self._life.edge()
        return found

    def notify(self, webhook: str, body: dict[str, Any], *, key: str) -> None:
        self._life.edge()
        super().notify(webhook, body, key=key)
        self._life.edge()


class Life(RuleBasedStateMachine):
    """What may happen, in any order."""

    folder: Path
    template: Path
    number = 0

    @initialize()
    def begin(self) -> None:
        type(self).number += 1
        self.root = self.folder / str(type(self).number)
        self.root.mkdir()
        shutil.copyfile(self.template, self.root / "regrove.db")
        self.clock, self.declared, self.rooms = HandClock(START), Declared(**PLAYBOOKS), KilledRooms(self)
        self.ahead = 0
        self.fuse: int | None = None
        self.dead = False
        self.alerts: list[tuple[str, str]] = []
        self.acting = acting(actor="service:worker", project="test")
        self.acting.__enter__()
        self.patch = pytest.MonkeyPatch()
        from regrove import clock

        real = clock.wall
        for module in ("walk", "delivery", "closing", "trigger", "outlook"):
            self.patch.setattr(f"regrove.playbooks.{module}.wall", lambda: real() + self.ahead)
        self.database: Any = None
        self.open()
        self.playbooks.tick()

    def open(self) -> None:
        """A new process: nothing is remembered but what is durable, and whoever held a lease is gone."""
        if self.database is not None:
            self.database.close()
        self.fuse, self.dead = None, False
        self.database = Database.open(f"sqlite:///{self.root}/regrove.db")
        dialect = self.database._engine.dialect
        commit = dialect.do_commit

        def do_commit(connection: Any) -> None:
            self.edge()
            commit(connection)
            self.edge()

        dialect.do_commit = do_commit
        with self.database.transaction() as transaction:
            transaction.execute(sa.text("UPDATE storage_leases SET machine = ''"))
        self.ledger = Ledger(self.database, LocalObjects(self.root / "objects"), self.clock)
        self.playbooks = Playbooks(
            self.database, self.ledger, self.clock, declarations=self.declared, actions=self.rooms
        )

    def edge(self) -> None:
        """Die here, or once dead, do nothing more."""
        if self.dead:
            raise Killed
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.dead = True
                raise Killed

    @rule(kind=st.sampled_from(["performance", "drift"]))
    def alert(self, kind: str) -> None:
        self.alerts.append((fire(self.ledger, self.database, kind=kind), kind))

    @rule(hours=st.sampled_from([1, 30, 80, 200]))
    def pass_time(self, hours: int) -> None:
        self.clock.advance(hours * HOUR)
        self.ahead += hours * HOUR

    @rule(fuse=st.integers(0, 24))
    def die(self, fuse: int) -> None:
        """Go on until nothing is left to do, and die on the way there."""
        self.fuse = fuse
        try:
            self.go_on()
        except Killed:
            self.open()
        self.fuse = None

    @rule(
        kind=st.sampled_from(["performance", "performance", "drift"]),
        hours=st.sampled_from([1, 30, 80]),
        state=st.sampled_from(["going", "completed", "completed", "aborted", "held"]),
        fuse=st.integers(0, 40),
    )
    def alert_and_die(self, kind: str, hours: int, state: str, fuse: int) -> None:
        """What often happens: an alert, when the rollout before it may have ended, and a death."""
        self.rooms.end_rollouts(state)
        self.pass_time(hours)
        self.alert(kind)
        self.die(fuse)

    @rule()
    def go_on(self) -> None:
        for _ in range(12):
            if not self.playbooks.tick():
                return

    @rule(action=st.sampled_from(["retrain", "gate", "rollout", "notify"]), times=st.integers(1, 4))
    def trouble(self, action: str, times: int) -> None:
        self.rooms.trouble[action] = [StepFailed("it raised") for _ in range(times)]

    @rule(verdict=st.sampled_from(["REJECT", "HOLD", "PROMOTE"]))
    def verdict(self, verdict: str) -> None:
        self.rooms.verdicts.append(verdict)

    @rule(state=st.sampled_from(["completed", "aborted", "held"]))
    def end_rollout(self, state: str) -> None:
        self.rooms.end_rollouts(state)

    @rule(new=st.booleans())
    def data(self, new: bool) -> None:
        self.rooms.new_data = new

    @rule(name=st.sampled_from(["decay", "drift"]), fuse=st.one_of(st.none(), st.integers(0, 2)))
    def reset(self, name: str, fuse: int | None) -> None:
        if self.playbooks.get(name).state == "broken":
            self.fuse = fuse
            try:
                self.playbooks.reset(name, "it was mended")
            except Killed:
                self.open()
            self.fuse = None

    @invariant()
    def each_effect_happened_once(self) -> None:
        if hasattr(self, "rooms"):
            assert all(count == 1 for count in self.rooms.effects.values())

    def teardown(self) -> None:
        if not hasattr(self, "acting"):
            return
        try:
            self.live_on()
            self.judge()
        finally:
            self.patch.undo()
            self.acting.__exit__(None, None, None)
            self.database.close()

    def live_on(self) -> None:
        """Without any more trouble everything comes to rest."""
        self.rooms.trouble.clear()
        for _ in range(40):
            self.ahead += 3 * HOUR
            self.rooms.end_rollouts("completed")
            self.playbooks.tick()
        assert self.playbooks.tick() == []

    def judge(self) -> None:
        loops = self.playbooks.loops(limit=10_000)
        assert not [each for each in loops if each.state == "running"]
        heard = Counter((each.playbook, each.event_id) for each in loops)
        wanted = Counter((name, id_) for id_, kind in self.alerts for name in LISTENING[kind])
        assert heard == wanted, "exactly one loop or refusal for each playbook and alert"

        begun = {(f"playbook:{each.playbook}", each.cause) for each in loops if each.state != "skipped"}
        assert {(actor, cause) for _, actor, cause in self.rooms.effects} <= begun

        entries = [each for each in self.ledger.read(limit=100_000) if each.type.startswith(("loop.", "playbook."))]
        kinds = Counter((each.type, each.subject) for each in entries)
        stumbled = Counter(each.event.action for each in entries if each.type == "loop.stumbled")
        assert stumbled <= self.rooms.raised, "nothing failed but what was made to fail"
        for each in loops:
            ended = "loop.skipped" if each.state == "skipped" else "loop.finished"
            assert kinds[ended, each.ref] == 1
            assert kinds["loop.started", each.ref] == (each.state != "skipped")
            notices = [notice.state for notice in each.notices]
            tells = each.playbook == "decay" and each.state != "skipped"
            assert len(notices) == tells
            assert all(state in ("delivered", "failed") for state in notices)
            told = {key.rpartition(".")[0] for _, _, key in self.rooms.told}
            assert (each.id in told) == ("delivered" in notices)
            for action in each.actions:
                if action.state == "done" and action.action != "notify":
                    assert self.rooms.effects[action.action, f"playbook:{each.playbook}", each.cause] == 1
        self.one_at_a_time(entries)
        self.limits([each for each in loops if each.playbook == "decay" and each.state != "skipped"])
        assert self.ledger.verify().ok

    def one_at_a_time(self, entries: list[Any]) -> None:
        """Between its start and its end a loop has the model for itself."""
        going: set[str] = set()
        for entry in entries:
            name = getattr(entry.event, "playbook", "")
            if name in ("decay", "drift") and entry.type == "loop.started":
                assert not going
                going.add(entry.subject)
            if entry.type == "loop.finished":
                going.discard(entry.subject)

    def limits(self, loops: list[Any]) -> None:
        """Against a bucket that is filled drop by drop, and a stopwatch."""
        loops = sorted(loops, key=lambda each: (each.started_at, each.started_wall_at))
        count, period = BUDGET
        tokens, at = Fraction(count), START
        for before, each in zip([None, *loops], loops, strict=False):
            tokens = min(Fraction(count), tokens + Fraction((each.started_at - at) * count, period))
            at = each.started_at
            assert tokens >= 1
            tokens -= 1
            assert before is None or each.started_at >= before.ended_at + COOLDOWN


def run(folder: Path, template: Path, examples: int, steps: int) -> None:
    machine = type("Life", (Life,), {"folder": folder, "template": template})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True),
    )


class TestLife:
    """Exactly one loop for each alert, one effect for each action, limits kept, the chain whole."""

    def test_whatever_happens(self, tmp_path: Path, sqlite_template: Path) -> None:
        """A few lives."""
        run(tmp_path, sqlite_template, 12, 30)

    @pytest.mark.soak
    @pytest.mark.timeout(3600)
    def test_whatever_happens_often(self, tmp_path: Path, sqlite_template: Path) -> None:
        """Many lives."""
        run(tmp_path, sqlite_template, 400, 60)
