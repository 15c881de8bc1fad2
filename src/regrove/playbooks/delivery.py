"""Telling webhooks: at least once, with the same key each time, and never in the way of a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from regrove.clock import wall
from regrove.errors import InvalidInput, MissingExtra, NotFound, Refused, RegroveError
from regrove.ledger import acting
from regrove.playbooks.events import LoopNotified
from regrove.playbooks.narration import sentence

if TYPE_CHECKING:
    from regrove.ledger import Ledger
    from regrove.playbooks.action import Actions
    from regrove.playbooks.record import Notice
    from regrove.playbooks.store import Store
    from regrove.storage import Database, Lease

__all__ = ["TRIES", "Delivery"]

TRIES: Final = 8
"""After so many failures a notice is given up: over the first four hours or so."""

_FOR_GOOD: Final = (Refused, InvalidInput, NotFound, MissingExtra)
_AT_MOST: Final = 20  # in one tick, since each may wait for a server that does not answer


class Delivery:
    """Delivers what is still to be told, under the lease that its caller holds."""

    def __init__(self, database: Database, ledger: Ledger, store: Store, actions: Actions, lease: Lease) -> None:
        self._database = database
        self._ledger = ledger
        self._store = store
        self._actions = actions
        self._lease = lease

    def deliver(self, project: str, notices: list[Notice]) -> list[str]:
        """Try those whose time has come; the ids of their loops."""
        now = wall()
        due = [each for each in notices if each.retry_at <= now][:_AT_MOST]
        for each in due:
            self._record(project, self._try(each))
        return [each.loop for each in due]

    def _try(self, notice: Notice) -> Notice:
        attempts = notice.attempts + 1
        try:
            self._actions.notify(notice.webhook, notice.body, key=f"{notice.loop}.{notice.number}")
        except Exception as error:  # noqa: BLE001  # edge: whatever it raises, the loop has gone on long ago
            text = error.happened if isinstance(error, RegroveError) else f"{type(error).__name__}: {error}"
            last = attempts >= TRIES or isinstance(error, _FOR_GOOD)
            return replace(
                notice,
                attempts=attempts,
                state="failed" if last else "waiting",
                reason=sentence(text),
                retry_at=0 if last else wall() + min(2**attempts, 120) * 60_000_000,
            )
        return replace(notice, attempts=attempts, state="delivered", reason="", retry_at=0)

    def _record(self, project: str, notice: Notice) -> None:
        loop = self._store.loop(project, notice.loop)
        assert loop is not None, notice.loop
        with self._database.transaction(), acting(actor=f"playbook:{loop.playbook}", cause=loop.cause):
            self._lease.check()
            self._store.set_notice(project, notice)
            if notice.state != "waiting":
                told = LoopNotified(
                    loop=loop.id,
                    playbook=loop.playbook,
                    number=notice.number,
                    delivered=notice.state == "delivered",
                    attempts=notice.attempts,
                )
                self._ledger.record(told, subject=loop.ref)
