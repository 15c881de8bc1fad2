"""The tables of storage itself."""

from __future__ import annotations

from sqlalchemy import Table

from regrove.storage.metadata import metadata, micros, number, project, text

__all__ = ["clocks", "leases", "ticks"]

leases = Table(
    "storage_leases",
    metadata,
    text("name", primary_key=True),
    number("epoch"),
    text("machine"),  # host, boot and process namespace: within one of these a pid means one process; '' when free
    text("host"),
    number("pid"),
    number("started"),  # the process's start in ticks since boot, so that a reused pid is another process
    micros("acquired_at"),
    micros("expires_at"),
)
"""One row for each name that was ever leased; it stays when the lease is released, so that epochs only rise."""

clocks = Table(
    "storage_clock",
    metadata,
    project(primary_key=True),
    micros("at"),  # domain time
    micros("changed_at"),  # wall time
)
"""Where the clock of a replayed project stands; no row before the first turn."""

ticks = Table(
    "worker_ticks",
    metadata,
    project(primary_key=True),
    micros("at"),  # domain time
    micros("changed_at"),  # wall time
)
"""How far a project's worker has come; kept for replayed projects."""
