"""What the crash tests do in a process of its own; imports little, so that it can be forked."""

from __future__ import annotations

from typing import Any


def register_and_promote(folder: str) -> dict[str, Any]:
    """Register two versions and move the alias twice, going on from wherever the last process was killed."""
    from pathlib import Path

    from regrove.clock import HandClock
    from regrove.ledger import Ledger, acting
    from regrove.registry import Models
    from regrove.storage import Database, LocalObjects, Vault
    from tests.registry import samples

    root = Path(folder)
    database = Database.open(f"sqlite:///{root}/regrove.db")
    objects = LocalObjects(root / "objects")
    vault, clock = Vault(objects), HandClock(1_362_096_000_000_000)
    ledger = Ledger(database, objects, clock)
    models = Models(database, vault, ledger, clock)
    # What is loaded to look at a model (Polars, scikit-learn) starts threads and seconds; the commit edges are ours.
    models._predictor = lambda manifest: None  # type: ignore[method-assign]
    with acting(actor="person:test", project="test"):
        for ordinal, seed in enumerate((1, 2), start=1):
            version = models.register(samples.bare_spec(vault, seed))
            if len(models.history("late-arrival")) < ordinal:
                models.promote(version.ref, reason=f"version {ordinal}")
        history = models.history("late-arrival")
        events = [entry.type for entry in ledger.read()]
        decisions = len(models.decisions("late-arrival"))
        versions = [(version.ordinal, version.digest) for version in models.versions("late-arrival")]
        whole = all(vault.has(of) for of in models.live_digests())
        verified = ledger.verify()
    database.close()
    return {
        "moves": [(move.number, move.source, move.target) for move in history],
        "events": events,
        "decisions": decisions,
        "versions": versions,
        "whole": whole,
        "verified": verified.ok,
    }
