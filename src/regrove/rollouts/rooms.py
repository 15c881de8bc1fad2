"""What a rollout works with, put together once by the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.registry import Models
    from regrove.rollouts.config import Declarations, Gates
    from regrove.rollouts.store import Store
    from regrove.serving import Deployments
    from regrove.storage import Database, Vault

__all__ = ["Rooms"]


@dataclass(frozen=True)
class Rooms:
    """The rooms below, and this room's own records."""

    database: Database
    vault: Vault
    ledger: Ledger
    clock: Clock
    deployments: Deployments
    models: Models
    gates: Gates
    declarations: Declarations
    store: Store
