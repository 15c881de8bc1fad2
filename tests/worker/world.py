"""A workspace as a worker sees it: real database, ledger, clock and playbooks; logs, monitors and rollouts are told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from regrove.monitoring.config import MonitorConfig
from regrove.playbooks import Playbooks
from regrove.storage import StoredClock
from tests.playbooks.doubles import Declared, Rooms
from tests.playbooks.facts import fire

NOTHING = SimpleNamespace(damaged=(), predictions=0, labels=0)


class World:
    """Two deployments, each with a monitor, and one playbook that retrains when an alert fires.

    ``did`` holds what was called in order; ``trouble`` what is raised by whom, once each; ``alerts`` what the next tick
    of a monitor fires.
    """

    def __init__(self, database: Any, ledger: Any, clock: Any) -> None:
        self.project = "test"
        self.database, self.ledger, self.clock = database, ledger, clock
        self.did: list[str] = []
        self.trouble: dict[str, list[Exception]] = {}
        self.alerts: dict[str, int] = {}
        self.names = ["late", "early"]
        self.rooms = Rooms()
        self.declared = Declared(retrain={"on": "alert.fired", "do": ["retrain", "gate", "rollout"]})
        self.playbooks = Playbooks(database, ledger, clock, declarations=self.declared, actions=self.rooms)
        self.deployments = SimpleNamespace(list=self._list, compact=self._compact)
        self.monitors = SimpleNamespace(tick=self._monitor, alert=self._alert, get=self._get)
        self.rollouts = SimpleNamespace(tick=self._rollout, plan=list)
        self.projects = SimpleNamespace(
            applied=SimpleNamespace(monitor_names=lambda: list(self.names), monitor=lambda name: MonitorConfig(name))
        )

    def _call(self, name: str) -> None:
        self.did.append(name)
        if self.trouble.get(name):
            raise self.trouble[name].pop(0)

    def _list(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self.names]

    def _compact(self, name: str) -> Any:
        self._call(f"compact {name}")
        return NOTHING

    def _monitor(self, name: str) -> Any:
        self._call(f"monitor {name}")
        fired = []
        for _ in range(self.alerts.pop(name, 0)):
            fired.append(fire(self.ledger, self.database, deployment=name, model=f"model:{name}@1"))
        return SimpleNamespace(fired=fired, repeated=(), resolved=(), next_at=None, closed=0, losses=0, verdicts=0)

    def _alert(self, ref: str) -> Any:
        return SimpleNamespace(ref="alert:1", kind="performance", monitor="late", reason="It is worse.")

    def _get(self, name: str) -> Any:
        return SimpleNamespace(name=name, config=MonitorConfig(name), progress=None, alerts=())

    def _rollout(self, name: str, stop: Any) -> list[Any]:
        self._call(f"rollout {name}")
        going = [each for each in self.rooms.rollouts.values() if each.state == "going"]
        if name != "late" or not going or self.clock.now() < self.ends_at:
            return []
        self.rooms.end_rollouts()
        return [SimpleNamespace(ref=going[0].ref, candidate="model:late@2", state="completed", reason="No harm.")]

    ends_at = 0

    def turn(self, micros: int) -> None:
        """Turn the clock, of either kind."""
        clock = self.clock
        clock.turn_to((clock.stands() if isinstance(clock, StoredClock) else clock.now()) + micros)
