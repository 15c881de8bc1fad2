"""Monitors as their users hold them."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Final

import msgspec

from regrove import refs
from regrove.errors import Conflict, InvalidInput, NotFound, nearest
from regrove.ledger import attribution
from regrove.monitoring.alert import Alert, Change, Memory, resolved
from regrove.monitoring.config import Declarations, MonitorConfig
from regrove.monitoring.log import Log
from regrove.monitoring.loss import MatureLoss
from regrove.monitoring.progress import Progress, StoredBlock
from regrove.monitoring.record import tell
from regrove.monitoring.reference import Frozen, Reference
from regrove.monitoring.rooms import Rooms, Subject
from regrove.monitoring.store import Alerts, Store
from regrove.monitoring.tick import TickReport, next_due, tick
from regrove.monitoring.verdict import Verdict
from regrove.storage import Leases

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.registry import Models
    from regrove.serving import Deployments
    from regrove.storage import Database, Vault
    from regrove.tracking import Runs

__all__ = ["Monitor", "Monitors"]

_LEASE_S: Final = 600.0
_STATES: Final = ("pending", "firing", "resolved")


class Monitor(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor as it stands."""

    name: str
    config: MonitorConfig | None
    """None when it is no longer declared."""
    progress: Progress | None
    """None before its first tick."""
    reference: Reference | None
    """The newest frozen reference."""
    blocks: int
    """Blocks that were closed on the cells of that reference, earlier ones that were counted anew among them."""
    last_block: StoredBlock | None
    late_rows: int
    """Rows that came after their block had been closed, on the cells of that reference."""
    verdicts: tuple[Verdict, ...]
    """The last one of each reference and window."""
    alerts: tuple[Alert, ...]
    """The open ones."""

    @property
    def ref(self) -> str:
        """Such as ``monitor:late-arrival``."""
        return f"monitor:{self.name}"


class Monitors:
    """Judges what deployments were asked and answered, day by day, and rings. Everything in the project of the actor.

    A monitor only records: it starts nothing and calls nobody. Whoever acts on an alert reads the ledger.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        ledger: Ledger,
        clock: Clock,
        *,
        deployments: Deployments,
        models: Models,
        runs: Runs,
        declarations: Declarations,
    ) -> None:
        self._rooms = Rooms(
            database=database,
            vault=vault,
            ledger=ledger,
            deployments=deployments,
            models=models,
            runs=runs,
            declarations=declarations,
            store=Store(database, vault),
            alerts=Alerts(database),
        )
        self._clock = clock
        self._leases = Leases(database)

    def tick(self, name: str) -> TickReport:
        """Close the blocks that are over, judge what has become due, and move alerts; with nothing due, do nothing.

        What is due is told by the clock, and done in the order of time: after a week without ticks each missed day is
        judged once. A tick is bounded; ``next_at`` of its report lies in the past when there is more to do. Raises
        NotFound for a monitor that is not declared, InvalidDeclaration for one that does not fit the model, Conflict
        while another process ticks it.
        """
        project = attribution().project
        config = self._rooms.declarations.monitor(name)
        subject = Subject(project, name, config, self._rooms.declarations.revision.ref)
        try:
            log = Log(self._rooms.deployments, config.deployment)
        except NotFound:
            return TickReport(monitor=name, note=f"deployment {config.deployment!r} was never started")
        now = self._clock.now()
        due = next_due(self._rooms, subject, log, now)
        if due > now:
            return TickReport(monitor=name, next_at=due)
        with self._leases.acquire(f"monitor:{project}/{name}", ttl_s=_LEASE_S) as lease:
            return tick(self._rooms, subject, log, lease, now=now)

    def list(self) -> builtins.list[Monitor]:
        """The monitors that are declared or were ever ticked, by name."""
        declared = set(self._rooms.declarations.monitor_names())
        ticked = {each.name for each in self._rooms.store.progress(attribution().project)}
        return [self.get(name) for name in sorted(declared | ticked)]

    def get(self, name: str) -> Monitor:
        """A monitor by its name or ref; NotFound when it is neither declared nor was ever ticked."""
        project, store = attribution().project, self._rooms.store
        bare = refs.parse(name, kind="monitor").name
        declared = self._rooms.declarations.monitor_names()
        progress = next(iter(store.progress(project, bare)), None)
        if bare not in declared and progress is None:
            raise NotFound(
                f"There is no monitor {bare!r}",
                expected=f"one of {', '.join(declared)}" if declared else f"a [monitors.{bare}] table",
                received=repr(bare),
                mend=nearest(bare, declared) or f"add [monitors.{bare}] to regrove.toml, then: regrove apply",
            )
        reference = next(iter(store.references(project, bare)[-1:]), None)
        blocks = store.blocks(project, bare, reference.number) if reference else []
        latest = [
            each for kind in ("drift", "performance") for each in store.latest(project, bare, reference.number, kind)
        ] if reference else []  # fmt: skip
        return Monitor(
            name=bare,
            config=self._rooms.declarations.monitor(bare) if bare in declared else None,
            progress=progress,
            reference=reference,
            blocks=len(blocks),
            last_block=blocks[-1] if blocks else None,
            late_rows=sum(each.late_rows for each in blocks),
            verdicts=tuple(latest),
            alerts=tuple(self._rooms.alerts.open(project, bare).values()),
        )

    def verdicts(
        self, name: str, *, kind: str = "", limit: int = 50, before: int | None = None
    ) -> builtins.list[Verdict]:
        """Verdicts of a monitor, the newest first; ``before`` (microseconds) gives those that were due earlier."""
        return self._rooms.store.verdicts(
            attribution().project, self.get(name).name, kind=kind, limit=_room(limit), before=before
        )

    def losses(self, name: str) -> builtins.list[MatureLoss]:
        """The loss of each mature block, in order of time; two for a day on which another model took over."""
        return self._rooms.store.losses(attribution().project, self.get(name).name)

    def references(self, name: str) -> builtins.list[Reference]:
        """Every reference that was frozen, the oldest first."""
        return self._rooms.store.references(attribution().project, self.get(name).name)

    def frozen(self, reference: Reference) -> Frozen:
        """What a reference holds: its columns, the blocks of the model's own data, and its usual loss."""
        return self._rooms.store.frozen(reference.object)

    def alerts(self, *, monitor: str = "", state: str = "", before: str = "", limit: int = 50) -> builtins.list[Alert]:
        """Alerts, the newest first; ``state`` pending, firing, resolved or ``open``; ``before`` an id or ref."""
        states = {"": (), "open": _STATES[:2]} | {each: (each,) for each in _STATES}
        if state not in states:
            raise InvalidInput(
                "An alert has no such state", expected="pending, firing, resolved, or open", received=repr(state)
            )
        return self._rooms.alerts.list(
            attribution().project,
            monitor=monitor,
            states=states[state],
            before=before.removeprefix("alert:"),
            limit=_room(limit),
        )

    def alert(self, ref: str) -> Alert:
        """An alert by its ref or id; NotFound when there is none."""
        identifier = refs.check_id(ref.removeprefix("alert:"), what="alert")
        found = self._rooms.alerts.get(attribution().project, identifier)
        if found is None:
            raise NotFound("There is no such alert", received=ref, mend="regrove alerts list")
        return found

    def resolve(self, ref: str, reason: str) -> Alert:
        """End an alert by hand.

        What it was about does not fire again while it goes on, unless it lasts for another ``repeat`` of the monitor;
        detectors of the loss begin anew. Raises InvalidInput without a reason, Conflict when it is over already.
        """
        if not reason.strip():
            raise InvalidInput(
                "An alert is resolved for a reason", expected="a sentence", mend='--reason "a holiday, as every year"'
            )
        now, who = self._clock.now(), attribution()
        words = self._rooms.vault.add_json({"reason": reason.strip()})
        with self._rooms.database.transaction():
            alert = self.alert(ref)
            if not alert.is_open:
                raise Conflict(
                    f"{alert.ref} is over already",
                    expected="one that is pending or firing",
                    received=f"resolved: {alert.resolution}",
                    mend="regrove alerts list --state open",
                )
            over = resolved(alert, now, reason.strip(), who.actor)
            self._rooms.alerts.keep(over)
            tell(self._rooms.ledger, Change(verb="resolved", alert=over), at=now, words=words)
            for progress in self._rooms.store.progress(who.project, alert.monitor):
                rules = progress.rules.having(alert.kind, Memory(muted_at=now))
                if alert.kind == "performance":
                    rules = msgspec.structs.replace(rules, restart=True)
                self._rooms.store.move(msgspec.structs.replace(progress, rules=rules))
        return over

    def live_digests(self) -> set[str]:
        """The objects that references, blocks, verdicts and alerts stand on; collection keeps them."""
        return self._rooms.store.digests()


def _room(limit: int) -> int:
    if limit < 1:
        raise InvalidInput("A list needs room", expected="a limit of 1 or more", received=str(limit))
    return limit
