"""Storage: where records and objects are kept, whatever keeps them.

A `Database` holds records (SQLite or PostgreSQL) behind one unit of work; an `ObjectStore` holds bytes under keys (a
folder, or S3 and its like); a `Vault` holds bytes under their digest; `Leases` say who works on what; a `StoredClock`
holds the domain time of a replayed workspace, and `WorkerTicks` how far its worker has come; `migrate` brings a
database to the schema that this code expects. Objects are written first and the row that names them after, so that a
process killed between the two leaves an object that nobody names and never a name without its object.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.storage.clock import StoredClock, WorkerTicks
    from regrove.storage.database import Database
    from regrove.storage.lease import Lease, Leases
    from regrove.storage.migration import Migration, migrate
    from regrove.storage.objects import LocalObjects, ObjectInfo, ObjectStore, open_objects
    from regrove.storage.transaction import Transaction
    from regrove.storage.vault import Vault

__all__ = [
    "Database",
    "Lease",
    "Leases",
    "LocalObjects",
    "Migration",
    "ObjectInfo",
    "ObjectStore",
    "StoredClock",
    "Transaction",
    "Vault",
    "WorkerTicks",
    "migrate",
    "open_objects",
]

_HOME = {
    "Database": "database",
    "Lease": "lease",
    "Leases": "lease",
    "LocalObjects": "objects.local",
    "Migration": "migration",
    "ObjectInfo": "objects.seam",
    "ObjectStore": "objects.seam",
    "StoredClock": "clock",
    "Transaction": "transaction",
    "Vault": "vault",
    "WorkerTicks": "clock",
    "migrate": "migration",
    "open_objects": "objects.opening",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
