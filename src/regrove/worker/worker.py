"""One leader, tick after tick."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from regrove.clock import iso, wall
from regrove.errors import Conflict, LeaseLost, RegroveError
from regrove.ledger import acting
from regrove.pipelines.holding import holding
from regrove.storage import Leases, StoredClock, WorkerTicks
from regrove.worker.tick import Tick, Trouble

if TYPE_CHECKING:
    from regrove.playbooks import LoopRecord
    from regrove.workspace import Workspace

__all__ = ["Worker"]

_ACTOR: Final = "service:worker"
_LEASE_S: Final = 60.0
_BEAT_S: Final = 2.0
_BEAT_REPLAYED_S: Final = 0.005
_ROUNDS: Final = 40
"""A loop takes one action a round; this is far more than a loop has, and an end to one that would never stop."""
_LONGEST_PAUSE_S: Final = 300.0

_log = logging.getLogger("regrove.worker")


class Worker:
    """Does what is due in one workspace; ``say`` hears a sentence for each thing that changed.

    What it does is recorded as done by ``service:worker``, because of what each room names as the cause.
    """

    def __init__(self, workspace: Workspace, *, say: Callable[[str], None] = lambda _: None) -> None:
        self._ws = workspace
        self._say = say
        self._troubles: dict[str, Trouble] = {}
        self._ticks = WorkerTicks(workspace.database, workspace.project)

    def run(self, *, until: int | None = None, once: bool = False, stop: threading.Event | None = None) -> list[Tick]:
        """Tick until ``stop`` is set, until domain time has reached ``until``, or once; the ticks that did something.

        In a replayed workspace it ticks whenever the clock was turned, and says how far it has come, so that whoever
        turns it can wait. Raises Conflict when another worker leads this workspace.
        """
        stopped = stop or threading.Event()
        made: list[Tick] = []
        name = f"worker:{self._ws.project}"
        lease = Leases(self._ws.database).acquire(name, ttl_s=_LEASE_S)
        with lease, holding(lease, every_s=_LEASE_S / 6), acting(actor=_ACTOR, project=self._ws.project):
            for now in self._moments(stopped, until=until, once=once):
                tick = self.tick(now, stop=stopped.is_set)
                if tick.done or tick.troubles:
                    made.append(tick)
        return made

    def tick(self, now: int, *, stop: Callable[[], bool] = lambda: False) -> Tick:
        """Do what is due at the domain time ``now``. A part that fails does not keep the others from theirs."""
        done: list[str] = []
        for part, work in self._parts(stop):
            if stop():
                break
            done += self._tried(part, work)
        for sentence in done:
            self._say(sentence)
        if not stop():
            self._ticks.reach(now)
        return Tick(at=now, done=tuple(done), troubles=tuple(self._troubles.values()))

    def plan(self) -> list[str]:
        """What the next ticks would do, and why: a sentence each; nothing is changed."""
        ws, sentences = self._ws, []
        for monitor in ws.monitors.list():
            standing = f"monitor {monitor.name}: "
            if monitor.progress is None:
                sentences.append(standing + "its first tick freezes a reference and looks for days that are over.")
            else:
                open_alerts = ", ".join(each.kind for each in monitor.alerts) or "none"
                sentences.append(standing + f"judges the next day when it is over; open alerts: {open_alerts}.")
        sentences += ws.playbooks.plan()
        sentences += ws.rollouts.plan()
        sentences += [
            f"{each.part}: tried again at {iso(each.again_at)}, after {each.failures} failures: {each.error}"
            for each in self._troubles.values()
        ]
        return sentences

    def _moments(self, stopped: threading.Event, *, until: int | None, once: bool) -> Iterator[int]:
        """The domain times to tick for."""
        clock = self._ws.clock
        while not stopped.is_set():
            if isinstance(clock, StoredClock):
                now = clock.stands()
                if once or now > self._ticks.reached():
                    yield now
                elif until is None or now < until:
                    stopped.wait(_BEAT_REPLAYED_S)
            else:
                now = clock.now()
                yield now
                if not once and (until is None or now < until):
                    stopped.wait(_BEAT_S)
            if once or (until is not None and now >= until):
                return

    def _parts(self, stop: Callable[[], bool]) -> Iterator[tuple[str, Callable[[], list[str]]]]:
        """The parts of the work, in the order of the loop: what was logged, judged, decided, let through, proven."""
        ws = self._ws
        for deployment in ws.deployments.list():
            yield f"log of {deployment.name}", lambda name=deployment.name: self._compact(name)  # type: ignore[misc]  # a default binds the name
        for monitor in ws.projects.applied.monitor_names():
            yield f"monitor {monitor}", lambda name=monitor: self._monitor(name, stop)  # type: ignore[misc]  # a default binds the name
        yield "playbooks and rollouts", lambda: self._loops(stop)
        yield "ledger", self._anchor

    def _tried(self, part: str, work: Callable[[], list[str]]) -> list[str]:
        """The work of a part, or nothing while it pauses after failures."""
        before = self._troubles.get(part)
        if before is not None and wall() < before.again_at:
            return []
        try:
            done = work()
        except (LeaseLost, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001  # edge: one part's failure must not end the worker
            self._troubles[part] = self._failed(part, error)
            return []
        self._troubles.pop(part, None)
        return done

    def _failed(self, part: str, error: Exception) -> Trouble:
        before = self._troubles.get(part)
        failures = before.failures + 1 if before else 1
        pause = min(_LONGEST_PAUSE_S, 2.0 ** min(failures, 10))
        if isinstance(error, RegroveError):
            _log.warning("%s failed: %s", part, error)
        else:
            _log.exception("%s failed", part)
        self._say(f"{part} failed, and is tried again in {pause:.0f} s: {error}")
        return Trouble(part=part, error=str(error), failures=failures, again_at=wall() + round(pause * 1e6))

    def _compact(self, deployment: str) -> list[str]:
        found = self._ws.deployments.compact(deployment)
        return [f"log of {deployment}: {each}" for each in found.damaged]

    def _monitor(self, name: str, stop: Callable[[], bool]) -> list[str]:
        done: list[str] = []
        while not stop():
            report = self._ws.monitors.tick(name)
            done += [self._told_alert("fired", ref) for ref in report.fired]
            done += [self._told_alert("resolved", ref) for ref in report.resolved]
            if report.next_at is None or report.next_at > self._ws.clock.now() or not (report.closed or report.losses):
                return done
        return done

    def _told_alert(self, verb: str, ref: str) -> str:
        alert = self._ws.monitors.alert(ref)
        return f"{alert.kind} alert of {alert.monitor} {verb}: {alert.reason}"

    def _loops(self, stop: Callable[[], bool]) -> list[str]:
        """Playbooks and rollouts in turn, until neither has anything more to do now."""
        done: list[str] = []
        for _ in range(_ROUNDS):
            if stop():
                break
            try:
                loops, rollouts = self._ws.playbooks.tick(stop), self._ws.rollouts.tick(stop=stop)
            except Conflict as error:
                done.append(f"waits: {error.happened}")
                break
            done += [_told_loop(each) for each in loops]
            done += [f"{each.ref} of {each.candidate} is {each.state}: {each.reason}" for each in rollouts]
            if not loops and not rollouts:
                break
        return done

    def _anchor(self) -> list[str]:
        """Anchor what was recorded since the last anchor; nothing when there is nothing."""
        ledger = self._ws.ledger
        last = max((each.position for each in ledger.anchors()), default=0)
        if ledger.head().position > last:
            ledger.anchor()
        return []


def _told_loop(loop: LoopRecord) -> str:
    present = loop.present
    if present is not None:
        return f"{loop.ref} of {loop.playbook}: {present.action} is {present.state}. {present.reason}".rstrip()
    return f"{loop.ref} of {loop.playbook} {loop.state}: {loop.outcome or loop.reason}"
