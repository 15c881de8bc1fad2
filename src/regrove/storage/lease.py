"""Leases: who works on what, so that no two processes do the same work at the same time.

A lease runs out by itself after its time to live (wall time) unless it is renewed; one whose holder ran on this
machine and is gone is free at once. Each acquisition raises the lease's *epoch*, and whoever commits what was done
under a lease checks the epoch in that same transaction: a process that was only asleep cannot commit after another has
taken over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select, update

from regrove import clock
from regrove.errors import Conflict, InvalidInput, LeaseLost, RegroveError
from regrove.storage.process import Process
from regrove.storage.tables import leases

if TYPE_CHECKING:
    from sqlalchemy import Row

    from regrove.storage.database import Database

__all__ = ["Lease", "Leases"]


class Lease:
    """A lease that this process acquired; as a context manager it is released at the end of the block."""

    def __init__(self, database: Database, name: str, epoch: int, ttl_s: float) -> None:
        self.name = name
        self.epoch = epoch
        self._database = database
        self._ttl_s = ttl_s

    def __repr__(self) -> str:
        return f"Lease({self.name!r}, epoch={self.epoch})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def renew(self) -> None:
        """Begin the time to live anew; raises LeaseLost when another has taken over or it was released."""
        with self._database.transaction() as transaction:
            row = self._mine().values(expires_at=clock.wall() + round(self._ttl_s * 1e6))
            if transaction.execute(row).rowcount != 1:
                raise self._lost()

    def release(self) -> None:
        """Let others have it; nothing happens when it is lost already."""
        with self._database.transaction() as transaction:
            transaction.execute(self._mine().values(machine="", expires_at=0))

    def check(self) -> None:
        """Raise LeaseLost unless this lease still holds, and keep it so until the open transaction ends.

        Raises RegroveError outside a transaction, where the answer would be worth nothing.
        """
        row = self._database.current().execute(
            select(leases.c.epoch, leases.c.machine).where(leases.c.name == self.name).with_for_update()
        ).one_or_none()  # fmt: skip
        if row is None or row.epoch != self.epoch or not row.machine:
            raise self._lost()

    def _mine(self) -> Any:
        return update(leases).where(leases.c.name == self.name, leases.c.epoch == self.epoch, leases.c.machine != "")

    def _lost(self) -> LeaseLost:
        return LeaseLost(
            f"This process no longer holds {self.name}",
            expected=f"epoch {self.epoch}",
            received="another process has taken over, or it was released",
            mend="start again; what was recorded before stands and is not done twice",
        )


class Leases:
    """The leases that a database keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, *, ttl_s: float) -> Lease:
        """Take the lease ``name`` (such as ``run:flights/late-arrival``) for ``ttl_s`` seconds.

        Raises Conflict naming the process that holds it. In an open transaction it holds from the commit on.
        """
        if not name or ttl_s <= 0:
            raise InvalidInput("A lease needs a name and a time to live", received=f"{name!r}, {ttl_s} s")
        now, me = clock.wall(), Process.here()
        with self._database.transaction() as transaction:
            free = {"epoch": 0, "machine": "", "host": "", "pid": 0, "started": 0, "acquired_at": 0, "expires_at": 0}
            transaction.insert_new(leases, {"name": name, **free})
            row = transaction.execute(select(leases).where(leases.c.name == name).with_for_update()).one()
            if _held(row, now):
                raise _conflict(row)
            transaction.execute(
                update(leases)
                .where(leases.c.name == name)
                .values(
                    epoch=row.epoch + 1,
                    machine=me.machine,
                    host=me.host,
                    pid=me.pid,
                    started=me.started,
                    acquired_at=now,
                    expires_at=now + round(ttl_s * 1e6),
                )
            )
        return Lease(self._database, name, row.epoch + 1, ttl_s)

    def holder(self, name: str) -> Process | None:
        """The process that holds ``name``, or None when it could be acquired now."""
        with self._database.read() as connection:
            row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
        return _process(row) if row is not None and _held(row, clock.wall()) else None


def _held(row: Row[Any], now: int) -> bool:
    return bool(row.machine) and now < row.expires_at and not _process(row).is_gone()


def _process(row: Row[Any]) -> Process:
    return Process(row.machine, row.host, row.pid, row.started)


def _conflict(row: Row[Any]) -> RegroveError:
    return Conflict(
        f"Another process works on {row.name}",
        expected="one at a time",
        received=f"process {row.pid} on {row.host}, since {clock.iso(row.acquired_at)}",
        mend=f"wait for it, or end process {row.pid}; the lease runs out at {clock.iso(row.expires_at)} if it hangs",
    )
