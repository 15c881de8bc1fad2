"""What the crash tests do in processes that are killed: a life from an alert to its outcome; imports little."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

DO = ["retrain", "gate", "rollout", "notify"]


class Kept:
    """Rooms whose effects are files: each is there once, whoever asks for it again, and survives a kill."""

    def __init__(self, root: Path) -> None:
        self._root = root / "effects"
        self._root.mkdir(exist_ok=True)

    def _once(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        from regrove.ledger import attribution

        path = self._root / f"{name}-{attribution().cause}.json"
        if not path.exists():
            aside = path.with_suffix(".part")
            aside.write_text(json.dumps(value))
            os.replace(aside, path)
        return json.loads(path.read_text())

    def retrain(self, model: str, *, cause: str) -> Any:
        from regrove.playbooks.action import Retrained

        count = len(list(self._root.glob("retrain-*.json")))
        made = {"run": f"run:{count + 1:032x}", "model": f"model:late@{count + 2}", "reason": "new data"}
        return Retrained(**self._once("retrain", made))

    def gate(self, candidate: str, *, cause: str) -> Any:
        from regrove.playbooks.action import Judged

        verdict = "PROMOTE" if candidate.endswith("@2") else "REJECT"
        ref = f"gate:{int(candidate.rpartition('@')[2]):032x}"
        return Judged(**self._once("gate", {"ref": ref, "verdict": verdict, "reason": candidate}))

    def rollout(self, deployment: str, *, candidate: str, gate: str, cause: str) -> Any:
        from regrove.playbooks.action import Rolled

        ref = f"rollout:{int(candidate.rpartition('@')[2]):032x}"
        return Rolled(**self._once("rollout", {"ref": ref, "state": "going", "reason": "phase 1"}))

    def rollout_state(self, ref: str) -> Any:
        from regrove.playbooks.action import Rolled

        return Rolled(ref=ref, state="completed", reason="no harm")

    def rollback(self, deployment: str, *, reason: str, cause: str) -> Any:
        raise AssertionError("nobody asks for it")

    def notify(self, webhook: str, body: dict[str, Any], *, key: str) -> None:
        """At least once: a kill between telling and noting it tells twice, with the same key."""
        path = self._root / f"told-{key}.json"
        aside = path.with_suffix(".part")
        aside.write_text(json.dumps({"outcome": body["outcome"]}))
        os.replace(aside, path)


def live(folder: str) -> dict[str, Any]:
    """Two alerts, a day between them, each acted on to its end; going on from wherever the last process was killed."""
    from regrove.clock import HandClock
    from regrove.ledger import Ledger, acting
    from regrove.playbooks import Playbooks
    from regrove.storage import Database, LocalObjects
    from tests.playbooks.doubles import Declared
    from tests.playbooks.facts import fire

    root = Path(folder)
    database, clock = Database.open(f"sqlite:///{root / 'regrove.db'}"), HandClock(1_362_096_000_000_000)
    ledger = Ledger(database, LocalObjects(root / "objects"), clock)
    hook = {"webhook": "https://example.org/hook"}
    declared = Declared(retrain={"on": "alert.fired", "do": DO, "notify": hook})
    with acting(actor="service:worker", project="test"):
        playbooks = Playbooks(database, ledger, clock, declarations=declared, actions=Kept(root))
        for day in range(2):
            clock.advance(day * 86_400_000_000)
            rest(playbooks)
            if len(ledger.read(types=("alert.fired",))) <= day:
                fire(ledger, database)
            rest(playbooks)
        loops = playbooks.loops()
    found = {
        "loops": [[each.state, each.outcome, each.event_id] for each in reversed(loops)],
        "alerts": [each.event_id for each in ledger.read(types=("alert.fired",))],
        "events": [each.type for each in ledger.read() if each.type.startswith("loop.")],
        "effects": sorted(path.name.partition("-")[0] for path in (root / "effects").glob("*.json")),
        "told": sorted(json.loads(path.read_text())["outcome"] for path in (root / "effects").glob("told-*.json")),
        "verified": ledger.verify().ok,
    }
    database.close()
    return found


def rest(playbooks: Any) -> None:
    """Tick until nothing changes any more."""
    while playbooks.tick():
        pass
