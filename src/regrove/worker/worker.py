"""One leader, tick after tick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from regrove.clock import wall
from regrove.errors import Conflict
from regrove.ledger import acting
from regrove.pipelines.holding import holding
from regrove.storage import Lease, Leases, StoredClock, WorkerTicks
from regrove.worker.outlook import outlook
from regrove.worker.parts import Part, Parts
from regrove.worker.tick import Tick
from regrove.worker.troubles import Troubles

if TYPE_CHECKING:
    from regrove.workspace import Workspace

__all__ = ["Worker"]

_ACTOR: Final = "service:worker"
_LEASE_S: Final = 60.0
_BEAT_S: Final = 2.0
_BEAT_REPLAYED_S: Final = 0.01
_ROUNDS: Final = 40
"""A loop takes one action a round; this is far more than a loop has, and an end to one that would never stop."""
_PATIENCE_S: Final = 600.0
"""So long a replay waits for what is to be tried again before its time goes on."""


def _never() -> bool:
    return False


class Worker:
    """Does what is due in one workspace; ``say`` hears a sentence for each thing that changed.

    What it does is recorded as done by ``service:worker``, because of what each room names as the cause. It belongs to
    the thread that made it.
    """

    def __init__(self, workspace: Workspace, *, say: Callable[[str], None] = lambda _: None) -> None:
        self._ws = workspace
        self._say = say
        self._ticks = WorkerTicks(workspace.database, workspace.project)
        self._troubles = Troubles(workspace.database, workspace.ledger, workspace.project)
        self._stop: Callable[[], bool] = _never
        self._parts = Parts(workspace, self._is_stopped)
        self._lease: Lease | None = None
        self._did: dict[str, float] = {}
        self._waits: dict[str, str] = {}
        self._held_since: float | None = None

    def run(self, *, until: int | None = None, once: bool = False, stop: threading.Event | None = None) -> list[Tick]:
        """Tick until ``stop`` is set, until domain time has reached ``until``, or once; the ticks that did something.

        ``stop`` ends it after the action that goes on. In a replayed workspace it ticks whenever the clock was turned,
        and says how far it has come, so that whoever turns it can wait. Raises Conflict when another worker leads this
        workspace, and LeaseLost when another has taken over meanwhile.
        """
        stopped = stop or threading.Event()
        made: list[Tick] = []
        name = f"worker:{self._ws.project}"
        with acting(actor=_ACTOR, project=self._ws.project):
            lease = Leases(self._ws.database).acquire(name, ttl_s=_LEASE_S)
            with lease, holding(lease, every_s=_LEASE_S / 6):
                self._lease = lease
                self._did.clear()
                try:
                    for now in self._moments(stopped, until=until, once=once):
                        tick = self.tick(now, stop=stopped.is_set)
                        if tick.done or tick.troubles:
                            made.append(tick)
                finally:
                    self._lease = None
        return made

    def tick(self, now: int, *, stop: Callable[[], bool] = _never) -> Tick:
        """Do what is due at the domain time ``now``. A part that fails does not keep the others from theirs."""
        self._stop = stop
        gathering = list(self._parts.gathering())
        done = self._done(gathering)
        for _ in range(_ROUNDS):
            deciding = list(self._parts.deciding())
            changed = self._done(deciding)
            done += changed
            if not changed or stop():
                break
        proving = self._parts.proving()
        done += self._done([proving])
        if not stop():
            self._troubles.forget({each.name for each in (*gathering, *deciding, proving)})
            self._come_up_to(now)
        return Tick(at=now, done=tuple(done), troubles=tuple(self._troubles.all().values()))

    def plan(self) -> list[str]:
        """What the next ticks would do, and why: a sentence each; nothing is changed."""
        return outlook(self._ws, self._troubles.all())

    def _moments(self, stopped: threading.Event, *, until: int | None, once: bool) -> Iterator[int]:
        """The domain times to tick for, each when its turn has come."""
        last: float | None = None
        while not stopped.is_set():
            now = self._now(once=once)
            if now and (last is None or self._is_turn(now, last)):
                yield now
                last = time.monotonic()
                if once or (until is not None and now >= until and not self._is_held):
                    return
            recent = last is None or time.monotonic() - last < _BEAT_S
            stopped.wait(_BEAT_S if not self._replayed else _BEAT_REPLAYED_S if recent else 5 * _BEAT_REPLAYED_S)

    def _is_stopped(self) -> bool:
        return self._stop()

    @property
    def _replayed(self) -> bool:
        return isinstance(self._ws.clock, StoredClock)

    def _now(self, *, once: bool) -> int:
        """Domain time; 0 while the clock of a replay was never turned, which who asks for one tick is told."""
        clock = self._ws.clock
        return clock.stands() if isinstance(clock, StoredClock) and not once else clock.now()

    def _is_turn(self, now: int, last: float) -> bool:
        """Whether to tick again: each beat, and in a replay when the clock was turned or something waits."""
        rested = time.monotonic() - last >= _BEAT_S
        if not self._replayed:
            return rested
        turned = now > self._ticks.reached()
        if turned and not self._is_held:
            return True
        return rested and (turned or self._waits_for_machine())

    def _come_up_to(self, now: int) -> None:
        """Say that everything up to ``now`` is done, in a replay; what is to be tried again is waited for."""
        if not self._replayed:
            return
        if not self._waits_for_machine():
            self._held_since = None
        elif self._held_since is None:
            self._held_since = time.monotonic()
        if not self._is_held:
            self._ticks.reach(now)

    @property
    def _is_held(self) -> bool:
        """Whether the time of the replay waits: something is to be tried again, and that has not lasted too long."""
        return self._held_since is not None and time.monotonic() - self._held_since <= _PATIENCE_S

    def _waits_for_machine(self) -> bool:
        """Whether something is to be tried again when the machine's clock says so."""
        if self._troubles.all():
            return True
        actions = (each.present for each in self._ws.playbooks.going())
        return any(each is not None and each.retry_at for each in actions)

    def _done(self, parts: Iterable[Part]) -> list[str]:
        """Do each part whose turn it is; every sentence is said when its part is done."""
        done: list[str] = []
        for part in parts:
            if self._stop():
                break
            if self._lease is not None:
                with self._ws.database.transaction():
                    self._lease.check()
            if not self._rests(part):
                said = self._tried(part)
                done += said
                for sentence in said:
                    self._say(sentence)
        return done

    def _rests(self, part: Part) -> bool:
        """Whether a part is left out: it has failed lately, what it judges has, or it was done a moment ago."""
        if part.after in self._troubles.all() or self._troubles.rests(part.name):
            return True
        if self._replayed or not part.every_s:
            return False
        before, now = self._did.get(part.name), time.monotonic()
        if before is not None and now - before < part.every_s:
            return True
        self._did[part.name] = now
        return False

    def _tried(self, part: Part) -> list[str]:
        """Do a part. Whatever it raises ends nothing but this try."""
        try:
            said = part.work()
        except Conflict as error:  # somebody else does it, or holds what it needs: no failure
            waits = f"{part.name} waits: {error.happened}."
            said = [waits] if self._waits.get(part.name) != waits else []
            self._waits[part.name] = waits
            self._did.pop(part.name, None)
            return said
        except Exception as error:  # noqa: BLE001  # edge: one part's failure must not end the worker
            trouble = self._troubles.failed(part.name, error)
            self._did.pop(part.name, None)
            rest = (trouble.again_at - wall()) / 1e6
            self._say(f"{part.name} failed, and is tried again in {rest:.0f} s: {trouble.error}")
            return []
        self._waits.pop(part.name, None)
        if part.name in self._troubles.all():
            self._troubles.recovered(part.name)
            said = [f"{part.name} goes on again.", *said]
        return said
