"""The parts of a tick, in the order of the loop: what was logged, what is judged, what is decided, what is let through.

Each part is bounded, may be killed at any moment, and has a name under which its failures are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from regrove.playbooks import LoopRecord
    from regrove.workspace import Workspace

__all__ = ["Part", "Parts"]

_SLOW_S: Final = 20.0


@dataclass(frozen=True)
class Part:
    """One part of the work."""

    name: str
    """Such as ``monitor late-arrival``."""
    work: Callable[[], list[str]]
    """Does what is due; a sentence for each thing that changed."""
    every_s: float = 0.0
    """On the machine's clock: no more often than that. In a replay every part has its turn in each tick."""
    after: str = ""
    """A part that must not have failed: what it was to bring is what this one judges."""


class Parts:
    """The parts of the work in one workspace."""

    def __init__(self, workspace: Workspace, stop: Callable[[], bool]) -> None:
        self._ws = workspace
        self._stop = stop
        self._anchored = 0

    def gathering(self) -> Iterator[Part]:
        """Logs, and the monitors that judge them; both may be many."""
        ws = self._ws
        for deployment in ws.deployments.list():
            name = deployment.name
            yield Part(f"log of {name}", lambda name=name: self._compact(name), _SLOW_S)  # type: ignore[misc]  # a default binds the name
        for name in ws.projects.applied.monitor_names():
            log = f"log of {ws.projects.applied.monitor(name).deployment}"
            yield Part(f"monitor {name}", lambda name=name: self._monitor(name), _SLOW_S, log)  # type: ignore[misc]  # a default binds the name

    def deciding(self) -> Iterator[Part]:
        """Playbooks, and the rollout of each deployment: a loop starts a rollout, and a rollout lets a loop end."""
        yield Part("playbooks", self._playbooks)
        for deployment in self._ws.deployments.list():
            name = deployment.name
            yield Part(f"rollout in {name}", lambda name=name: self._rollout(name))  # type: ignore[misc]  # a default binds the name

    def proving(self) -> Part:
        """The anchor of the ledger."""
        return Part("ledger", self._anchor, _SLOW_S)

    def _compact(self, deployment: str) -> list[str]:
        return [f"log of {deployment}: {each}" for each in self._ws.deployments.compact(deployment).damaged]

    def _monitor(self, name: str) -> list[str]:
        said: list[str] = []
        while not self._stop():
            report = self._ws.monitors.tick(name)
            said += [self._alert("fired", ref) for ref in report.fired]
            said += [self._alert("was told again", ref) for ref in report.repeated]
            said += [self._alert("was resolved", ref) for ref in report.resolved]
            behind = report.next_at is not None and report.next_at <= self._ws.clock.now()
            if not behind or not (report.closed or report.losses or report.verdicts):
                return said
        return said

    def _alert(self, verb: str, ref: str) -> str:
        alert = self._ws.monitors.alert(ref)
        return f"{alert.ref} ({alert.kind}) of {alert.monitor} {verb}: {alert.reason}"

    def _playbooks(self) -> list[str]:
        return [_loop(each) for each in self._ws.playbooks.tick(self._stop)]

    def _rollout(self, deployment: str) -> list[str]:
        changed = self._ws.rollouts.tick(deployment, stop=self._stop)
        return [f"{each.ref} of {each.candidate} in {deployment} is {each.state}: {each.reason}" for each in changed]

    def _anchor(self) -> list[str]:
        ledger = self._ws.ledger
        if ledger.head().position > self._anchored:
            self._anchored = ledger.anchor().position
        return []


def _loop(loop: LoopRecord) -> str:
    action = loop.present
    if action is None:
        return f"{loop.ref} of {loop.playbook} is {loop.state}: {loop.outcome}. {loop.reason}".rstrip()
    done = next((each for each in reversed(loop.actions) if each.state == "done"), None)
    before = f"{done.action}: {done.verdict}. {done.reason} " if done is not None else ""
    return f"{loop.ref} of {loop.playbook}: {before}{action.action} is {action.state}. {action.reason}".rstrip()
