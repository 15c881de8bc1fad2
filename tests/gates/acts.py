"""What the crash tests do in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Told:
    """A check that says what it is told: what checks compute is not what a crash can tear."""

    kind = "told"

    def wanted(self, case: Any, /) -> bool:
        return True

    def ready(self, case: Any, /) -> None:
        return

    def run(self, case: Any, /) -> Any:
        from regrove.gates import CheckResult

        return (CheckResult(name="told", kind="told", status="pass", reason="It was told so."),)


def judge(folder: str) -> dict[str, Any]:
    """Judge the candidate of a world that was made before, going on from wherever the last process was killed."""
    from regrove.ledger import acting
    from regrove.storage import Database
    from tests.gates.world import World

    root = Path(folder)
    database = Database.open(f"sqlite:///{root}/regrove.db")
    world = World(root, database)
    world.gates._checks = (Told(),)
    with acting(actor="person:test", project="test"):
        report = world.gates.run("late@1")
        found = {
            "same": world.gates.get(report.ref) == report,
            "reports": [each.id == report.id for each in world.gates.list()],
            "events": [each.subject == report.ref for each in world.ledger.read() if each.type == "gate.judged"],
            "verdict": report.verdict,
            "whole": all(world.vault.has(of) for of in world.gates.live_digests()),
            "verified": world.ledger.verify().ok,
        }
    database.close()
    return found


def begun(folder: Path) -> None:
    """Make the world with its candidate, so that only the judging is killed."""
    from regrove.ledger import acting
    from regrove.storage import Database
    from tests.gates.world import World

    database = Database.open(f"sqlite:///{folder}/regrove.db")
    with acting(actor="person:test", project="test"):
        World(folder, database).version("xz")
    database.close()
