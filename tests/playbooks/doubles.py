"""Small rooms that playbooks act through: they keep what they did under the actor and cause, as the real ones do."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import msgspec

from regrove.errors import NotFound
from regrove.ledger import attribution
from regrove.playbooks import Judged, PlaybookConfig, Retrained, Returned, Rolled
from regrove.refs import parse


class Declared:
    """Declarations that a test changes; each change is another revision."""

    def __init__(self, **playbooks: dict[str, Any]) -> None:
        self.playbooks = {name.replace("_", "-"): dict(each) for name, each in playbooks.items()}
        self.deployments = {"late": "late@champion"}
        self.number = 1

    def change(self, **playbooks: dict[str, Any] | None) -> None:
        for name, each in playbooks.items():
            self.playbooks[name.replace("_", "-")] = dict(each or {})
            if each is None:
                del self.playbooks[name.replace("_", "-")]
        self.number += 1

    @property
    def revision(self) -> Any:
        return SimpleNamespace(ref=f"project:test@{self.number}")

    def playbook(self, name: str) -> PlaybookConfig:
        if name not in self.playbooks:
            raise NotFound(f"There is no playbook {name}")
        return msgspec.convert(self.playbooks[name], PlaybookConfig)

    def playbook_names(self) -> list[str]:
        return list(self.playbooks)

    def deployment(self, name: str) -> Any:
        return SimpleNamespace(ref=parse(self.deployments[name], kind="model"))

    def deployment_names(self) -> list[str]:
        return list(self.deployments)


class Rooms:
    """What playbooks ask of the rooms below: `did` holds each effect once, `asked` every call.

    A test puts what shall be answered into ``verdicts`` and ``rollouts`` and what shall be raised into ``trouble``.
    """

    def __init__(self) -> None:
        self.did: dict[tuple[str, str, str], Any] = {}
        self.asked: list[str] = []
        self.told: list[tuple[str, dict[str, Any], str]] = []
        self.trouble: dict[str, list[Exception]] = {}
        self.raised: Counter[str] = Counter()
        self.verdicts: list[str] = []
        self.versions = 1
        self.rollouts: dict[str, Rolled] = {}
        self.new_data = True

    def _raise(self, action: str) -> None:
        if self.trouble.get(action):
            self.raised[action] += 1
            raise self.trouble[action].pop(0)

    def _once(self, action: str, make: Any) -> Any:
        who = attribution()
        self.asked.append(action)
        self._raise(action)
        key = (action, who.actor, who.cause)
        if key not in self.did:
            self.did[key] = make()
        return self.did[key]

    def retrain(self, model: str, *, cause: str) -> Retrained:
        assert attribution().cause == cause
        return self._once("retrain", lambda: self._train(model))

    def _train(self, model: str) -> Retrained:
        if not self.new_data:
            return Retrained(reason="model:late@1 was made of the same data: dataset:trips@1.")
        self.versions += 1
        made = f"model:{model}@{self.versions}"
        return Retrained(run=f"run:{self.versions:032x}", model=made, reason="It learned from dataset:trips@2.")

    def gate(self, candidate: str, *, cause: str) -> Judged:
        return self._once("gate", lambda: self._judge(candidate))

    def _judge(self, candidate: str) -> Judged:
        verdict: Any = self.verdicts.pop(0) if self.verdicts else "PROMOTE"
        return Judged(ref=f"gate:{self.versions:032x}", verdict=verdict, reason=f"{candidate} said {verdict}.")

    def rollout(self, deployment: str, *, candidate: str, gate: str, cause: str) -> Rolled:
        assert gate.startswith("gate:")
        ref = self._once("rollout", lambda: f"rollout:{self.versions:032x}")
        return self.rollouts.setdefault(ref, Rolled(ref=ref, state="going", reason="Phase 1 of 2 at 5%."))

    def rollout_state(self, ref: str) -> Rolled:
        return self.rollouts[ref]

    def end_rollouts(self, state: Any = "completed") -> None:
        for ref in self.rollouts:
            if self.rollouts[ref].state == "going":
                self.rollouts[ref] = Rolled(ref=ref, state=state, reason=f"The rollout {state}.")

    def rollback(self, deployment: str, *, reason: str, cause: str) -> Returned:
        return self._once("rollback", lambda: Returned(ref="model:late@1", reason="model:late@1 answers again."))

    def notify(self, webhook: str, body: dict[str, Any], *, key: str) -> None:
        self.asked.append("notify")
        self._raise("notify")
        self.told.append((webhook, body, key))
