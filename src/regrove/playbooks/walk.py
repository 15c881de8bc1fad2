"""Walking a loop: one action at a time, each recorded before it begins and together with what came of it.

Killed between the two, the next walker finds the action running and calls it again: the call is idempotent. Whoever
walks holds a lease, which every commit checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from regrove.clock import wall
from regrove.errors import Conflict, RegroveError
from regrove.ledger import acting
from regrove.playbooks.closing import Closing
from regrove.playbooks.events import LoopStumbled
from regrove.playbooks.narration import sentence
from regrove.playbooks.record import ActionRecord, LoopRecord

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.playbooks.action import Actions, Rolled
    from regrove.playbooks.store import Store
    from regrove.storage import Database, Lease

__all__ = ["CUT_OFF", "Walker", "pause"]

CUT_OFF: Final = 10
"""So often a process may end while an action is done before that counts as the action's fault."""

_HELD_US: Final = 15_000_000
_ENDS: Final = {"REJECT": "rejected", "HOLD": "held"}

_Done = tuple[ActionRecord, str]
"""What came of an action, and the outcome of the loop when it ends there."""


def pause(failures: int) -> int:
    """Wall time in microseconds before the next try: one minute, four, sixteen, at most an hour.

    >>> [pause(n) // 60_000_000 for n in (1, 2, 3, 9)]
    [1, 4, 16, 60]
    """
    return int(min(4 ** (failures - 1), 60) * 60_000_000)


class Walker:
    """Does the actions of loops, under the lease that its caller holds."""

    def __init__(
        self, database: Database, ledger: Ledger, clock: Clock, store: Store, actions: Actions, lease: Lease
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._store = store
        self._actions = actions
        self._lease = lease
        self._closing = Closing(ledger, clock, store)

    def step(self, loop: LoopRecord) -> bool:
        """Bring a running loop forward by at most one action; whether anything was recorded."""
        action = loop.present
        with acting(actor=f"playbook:{loop.playbook}", cause=loop.cause):
            if action is None or not _acts(loop):
                return self._finish(loop)
            if action.retry_at > wall():
                return False
            if action.action == "notify":
                return self._tell(loop, action)
            if action.state == "waiting" and not action.retry_at:
                return self._look(loop, action)
            return self._do(loop, action)

    def _do(self, loop: LoopRecord, action: ActionRecord) -> bool:
        """Begin an action and do it."""
        action = self._begun(loop, action)
        if action.cut_off >= CUT_OFF:
            text = f"The process ended {action.cut_off} times while it did this"
            return self._failed(loop, replace(action, failures=loop.config.limits.breaker), RegroveError(text))
        try:
            done, outcome = getattr(self, f"_{action.action}")(loop, action)
        except Conflict as error:
            return self._held(loop, action, error)
        except Exception as error:  # noqa: BLE001  # edge: whatever it raises is a failed attempt, recorded and counted
            return self._failed(loop, replace(action, failures=action.failures + 1), error)
        return self._advance(loop, done, outcome)

    def _retrain(self, loop: LoopRecord, action: ActionRecord) -> _Done:
        made = self._actions.retrain(loop.model, cause=loop.cause)
        refs = tuple(each for each in (made.run, made.model) if each)
        verdict = "trained" if made.model else "nothing new"
        done = replace(action, state="done", refs=refs, verdict=verdict, reason=made.reason)
        return done, "" if made.model else verdict

    def _gate(self, loop: LoopRecord, action: ActionRecord) -> _Done:
        judged = self._actions.gate(loop.candidate, cause=loop.cause)
        done = replace(action, state="done", refs=(judged.ref,), verdict=judged.verdict, reason=judged.reason)
        return done, _ENDS.get(judged.verdict, "")

    def _rollout(self, loop: LoopRecord, action: ActionRecord) -> _Done:
        gate = loop.done("gate")
        rolled = self._actions.rollout(
            loop.deployment, candidate=loop.candidate, gate=gate.ref("gate") if gate else "", cause=loop.cause
        )
        return _rolled(action, rolled)

    def _rollback(self, loop: LoopRecord, action: ActionRecord) -> _Done:
        back = self._actions.rollback(loop.deployment, reason=loop.because, cause=loop.cause)
        return replace(action, state="done", refs=(back.ref,), verdict="rolled back", reason=back.reason), ""

    def _look(self, loop: LoopRecord, action: ActionRecord) -> bool:
        """Look where a rollout stands that goes on."""
        try:
            rolled = self._actions.rollout_state(action.ref("rollout"))
        except Exception as error:  # noqa: BLE001  # edge: it is looked at again at the next tick, at most so many times
            return self._failed(loop, replace(action, failures=action.failures + 1), error, again_at=0)
        if rolled.state != "going":
            return self._advance(loop, *_rolled(action, rolled))
        if action.failures or action.reason != rolled.reason:
            return self._note(loop, replace(action, failures=0, reason=rolled.reason))
        return False

    def _begun(self, loop: LoopRecord, action: ActionRecord) -> ActionRecord:
        """Record that an attempt begins, so that a killed one is known."""
        action = replace(
            action,
            state="running",
            attempts=action.attempts + 1,
            cut_off=action.cut_off + (action.state == "running"),
            retry_at=0,
            started_at=self._clock.now() if action.started_at is None else action.started_at,
            started_wall_at=wall() if action.started_wall_at is None else action.started_wall_at,
        )
        self._note(loop, action)
        return action

    def _held(self, loop: LoopRecord, action: ActionRecord, error: Conflict) -> bool:
        """Somebody holds what the action needs: it is no failure, and tried again soon."""
        return self._note(loop, replace(action, state="waiting", retry_at=wall() + _HELD_US, reason=_told(error)))

    def _note(self, loop: LoopRecord, action: ActionRecord) -> bool:
        """Write where an action stands, which is no fact of its own."""
        with self._database.transaction():
            self._lease.check()
            return self._store.set_action(loop, action)

    def _failed(self, loop: LoopRecord, action: ActionRecord, error: Exception, again_at: int | None = None) -> bool:
        """Record a failed attempt, and let the loop fail and the playbook break when it was the last one."""
        last = action.failures >= loop.config.limits.breaker
        again_at = wall() + pause(action.failures) if again_at is None else again_at
        action = replace(action, state="waiting", retry_at=again_at, reason=_told(error))
        action = replace(self._ended(action), state="failed", verdict="failed") if last else action
        told = LoopStumbled(
            loop=loop.id,
            playbook=loop.playbook,
            action=action.action,
            number=action.number,
            failures=action.failures,
            error=getattr(error, "code", "") or type(error).__name__,
        )
        with self._database.transaction():
            self._lease.check()
            if not self._store.set_action(loop, action):
                return False  # somebody stopped the loop meanwhile
            self._ledger.record(told, subject=loop.ref)
            if last:
                text = f"{action.action} failed {action.failures} times, the last time: {action.reason}"
                self._closing.close(_with(loop, action), "failed", "failed", sentence(text))
                self._closing.broken(loop, "failures", action.failures, f"in {loop.ref} {text}")
        return True

    def _advance(self, loop: LoopRecord, action: ActionRecord, outcome: str) -> bool:
        """Record an action that was done, or that goes on elsewhere; with an outcome the loop ends with it."""
        action = action if action.state == "waiting" else self._ended(action)
        loop = _with(loop, action)
        with self._database.transaction():
            self._lease.check()
            if not self._store.set_action(loop, action):
                return False  # somebody stopped the loop meanwhile; what the action did is told by its own events
            self._closing.advanced(loop, action)
            if outcome:
                self._closing.close(loop, "finished", outcome, action.reason)
            elif not _acts(loop):
                self._closing.close(loop, "finished")
        return True

    def _tell(self, loop: LoopRecord, action: ActionRecord) -> bool:
        """Tell of a loop under way: it is not held up by whether somebody hears."""
        with self._database.transaction():
            self._lease.check()
            if not self._store.set_action(loop, action):
                return False  # somebody stopped the loop meanwhile
            action = self._closing.told(loop, action)
            self._store.set_action(loop, action)
            self._closing.advanced(loop, action)
        return True

    def _finish(self, loop: LoopRecord) -> bool:
        with self._database.transaction():
            self._lease.check()
            self._closing.close(loop, "finished")
        return True

    def _ended(self, action: ActionRecord) -> ActionRecord:
        return replace(action, retry_at=0, ended_at=self._clock.now(), ended_wall_at=wall())


def _rolled(action: ActionRecord, rolled: Rolled) -> _Done:
    action = replace(action, refs=(rolled.ref,), verdict=rolled.state, reason=rolled.reason, failures=0)
    if rolled.state == "going":
        return replace(action, state="waiting", retry_at=0), ""
    return replace(action, state="done"), "" if rolled.state == "completed" else rolled.state


def _acts(loop: LoopRecord) -> bool:
    """Whether anything but telling is left to do."""
    left = [each.action for each in loop.actions if each.state in ("pending", "running", "waiting")]
    return any(each != "notify" for each in left)


def _with(loop: LoopRecord, action: ActionRecord) -> LoopRecord:
    return replace(loop, actions=tuple(action if each.number == action.number else each for each in loop.actions))


def _told(error: Exception) -> str:
    """The first sentence of an error, with what mends it."""
    if not isinstance(error, RegroveError):
        return sentence(f"{type(error).__name__}: {error}")
    return sentence(error.happened) + (f" ({error.mend})" if error.mend else "")
