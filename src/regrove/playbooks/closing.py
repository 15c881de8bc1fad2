"""How loops and playbooks come to an end: what is left of a loop is told or not reached, and a playbook that failed or
was refused too often is broken. All of it happens in the open transaction of the caller.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from regrove.clock import wall
from regrove.playbooks.events import LoopAdvanced, LoopFinished, PlaybookBroken
from regrove.playbooks.message import message
from regrove.playbooks.narration import sentence
from regrove.playbooks.record import ActionRecord, LoopRecord, LoopState, Notice

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.playbooks.store import Store

__all__ = ["Closing"]

_LAST: Final = {"rollout": "promoted", "gate": "passed", "retrain": "trained", "rollback": "rolled back"}

_log = logging.getLogger("regrove.playbooks")


class Closing:
    """Ends loops, tells of them, and breaks playbooks."""

    def __init__(self, ledger: Ledger, clock: Clock, store: Store) -> None:
        self._ledger = ledger
        self._clock = clock
        self._store = store

    def close(self, loop: LoopRecord, state: LoopState, outcome: str = "", reason: str = "") -> None:
        """End a loop; without an outcome, with that of its last action."""
        if not outcome:
            outcome, reason = _end(loop)
        ended = replace(
            loop, state=state, outcome=outcome, reason=reason, ended_at=self._clock.now(), ended_wall_at=wall()
        )
        for action in loop.actions:
            if action.state == "pending" and action.action == "notify":
                told = self.told(ended, action)
                self._store.set_action(loop, told)
                self.advanced(loop, told)
            elif action.state in ("pending", "running", "waiting"):
                left: ActionRecord = replace(action, state="not reached" if action.state == "pending" else "stopped")
                self._store.set_action(loop, left)
        self._store.close(ended)
        finished = LoopFinished(
            loop=loop.id,
            playbook=loop.playbook,
            model=loop.model,
            deployment=loop.deployment,
            state=state,
            outcome=outcome,
        )
        self._ledger.record(finished, subject=loop.ref)
        if outcome == "rejected":
            self._count_rejections(ended)

    def told(self, loop: LoopRecord, action: ActionRecord) -> ActionRecord:
        """Write the message about a loop into the log, and leave it to be delivered to the webhook."""
        body = message(loop)
        _log.warning("%s", body["text"])
        webhook = loop.config.notify.webhook if loop.config.notify else ""
        if webhook:
            notice = Notice(loop=loop.id, number=action.number, state="waiting", webhook=webhook, body=body)
            self._store.add_notice(loop.project, notice)
        said = "The log was told, and the webhook is to be told." if webhook else "The log was told."
        at, wall_at = self._clock.now(), wall()
        return replace(
            action,
            state="done",
            attempts=1,
            verdict="told",
            reason=said,
            started_at=at,
            ended_at=at,
            started_wall_at=wall_at,
            ended_wall_at=wall_at,
        )

    def advanced(self, loop: LoopRecord, action: ActionRecord) -> None:
        """Record that an action was done, or that it goes on elsewhere."""
        told = LoopAdvanced(
            loop=loop.id,
            playbook=loop.playbook,
            action=action.action,
            number=action.number,
            verdict=action.verdict,
            refs=list(action.refs),
            attempts=action.attempts,
        )
        self._ledger.record(told, subject=loop.ref, used=list(action.refs))

    def broken(self, loop: LoopRecord, because: str, count: int, text: str) -> None:
        """Let the playbook of ``loop`` begin nothing until somebody resets it."""
        standing = self._store.standings(loop.project).get(loop.playbook)
        if standing is None or standing.broken_at is not None:
            return
        reason = sentence(text)
        self._store.stand(
            loop.project, replace(standing, broken_at=self._clock.now(), broken_reason=reason, broken_by=loop.ref)
        )
        _log.error("playbook %s is broken: %s", loop.playbook, reason)
        told = PlaybookBroken(playbook=loop.playbook, loop=loop.id, because=because, count=count)
        self._ledger.record(told, subject=f"playbook:{loop.playbook}", used=[loop.ref])

    def _count_rejections(self, loop: LoopRecord) -> None:
        """Break the playbook when so many of its challengers in a row were rejected since it was reset."""
        most = loop.config.limits.rejections
        before = self._store.page(loop.project, playbook=loop.playbook, skipped=False, limit=100)
        judged = [each for each in before if each.id != loop.id and each.resets == loop.resets and each.done("gate")]
        judged = [loop, *judged][:most]
        if most and len(judged) == most and all(each.outcome == "rejected" for each in judged):
            last = f"the last of them, {loop.candidate}, in {loop.ref}: {loop.reason}"
            self.broken(loop, "rejections", most, f"{most} challengers in a row were rejected, {last}")


def _end(loop: LoopRecord) -> tuple[str, str]:
    """The outcome of a loop whose actions were all done."""
    done = [each for each in loop.actions if each.action != "notify" and each.state == "done"]
    return (_LAST[done[-1].action], done[-1].reason) if done else ("notified", "There was nothing to do but to tell.")
