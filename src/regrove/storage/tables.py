"""The tables of storage itself."""

from __future__ import annotations

from sqlalchemy import Table

from regrove.storage.metadata import metadata, micros, number, text

__all__ = ["leases"]

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
