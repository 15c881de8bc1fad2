"""What a monitor works with, put together once by the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.ledger import Ledger
    from regrove.monitoring.config import Declarations, MonitorConfig
    from regrove.monitoring.store import Alerts, Store
    from regrove.registry import Models
    from regrove.serving import Deployments
    from regrove.storage import Database, Vault
    from regrove.tracking import Runs

__all__ = ["Rooms", "Subject"]


@dataclass(frozen=True)
class Rooms:
    """The rooms below, and this room's own records."""

    database: Database
    vault: Vault
    ledger: Ledger
    deployments: Deployments
    models: Models
    runs: Runs
    declarations: Declarations
    store: Store
    alerts: Alerts


@dataclass(frozen=True)
class Subject:
    """The monitor that is ticked: its project, name and what is declared of it."""

    project: str
    name: str
    config: MonitorConfig
    declared: str
    """The applied declaration, such as ``project:flights@3``."""

    @property
    def ref(self) -> str:
        """Such as ``monitor:late-arrival``."""
        return f"monitor:{self.name}"
