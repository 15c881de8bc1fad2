"""Playbooks as their users hold them."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from regrove.errors import Conflict, InvalidInput, NotFound, nearest
from regrove.ledger import attribution
from regrove.pipelines.holding import holding
from regrove.playbooks.closing import Closing
from regrove.playbooks.config import Declarations, PlaybookConfig
from regrove.playbooks.delivery import Delivery
from regrove.playbooks.enrolment import Enrolment
from regrove.playbooks.events import PlaybookReset
from regrove.playbooks.outlook import Outlook
from regrove.playbooks.record import DryRun, LoopRecord, Playbook
from regrove.playbooks.store import Store
from regrove.playbooks.trigger import Trigger
from regrove.playbooks.walk import Walker
from regrove.refs import parse
from regrove.storage import Leases

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.playbooks.action import Actions
    from regrove.storage import Database

__all__ = ["Playbooks"]

_LEASE_S: Final = 120.0
_EVENTS: Final = 100


def _never() -> bool:
    return False


class Playbooks:
    """Reads what happened, begins the loops that are declared for it, and walks each of them to its end.

    Everything happens in the project of the acting one. `tick` is called again and again by the worker; it is bounded,
    and may be killed at any moment.
    """

    def __init__(
        self, database: Database, ledger: Ledger, clock: Clock, *, declarations: Declarations, actions: Actions
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._declarations = declarations
        self._actions = actions
        self._store = Store(database)
        self._leases = Leases(database)
        self._enrolment = Enrolment(database, ledger, clock, self._store, declarations)
        self._triggers: dict[str, Trigger] = {}

    def tick(self, stop: Callable[[], bool] = _never) -> builtins.list[LoopRecord]:
        """Read the next events, begin what is due, and bring every loop forward by at most one action; local only.

        Returns the loops that changed; an empty list when there was nothing to do, and then nothing was written.
        ``stop`` is asked between actions. Raises Conflict when another process is doing it.
        """
        project = attribution().project
        # What is recorded after this look at the ledger may be for a declaration that is not read here: it is left.
        end = self._ledger.head().position
        configs = self._enrolment.declared()
        standings = self._enrolment.standings(project)
        trigger = self._trigger(project)
        entries = [each for each in trigger.read(configs, _EVENTS) if each.position <= end]
        due = trigger.due(configs, standings)
        running = self._store.running(project)
        notices = self._store.waiting_notices(project)
        if not (entries or due or running or notices):
            trigger.pass_over(end)
            return []
        lease_name = f"playbooks:{project}"
        with self._leases.acquire(lease_name, ttl_s=_LEASE_S) as lease, holding(lease, every_s=_LEASE_S / 6):
            changed = trigger.hear(entries, configs, standings, lease)
            for name, config, at in due:
                changed += trigger.start_due(name, config, standings[name], at, lease)
            walker = Walker(self._database, self._ledger, self._clock, self._store, self._actions, lease)
            for loop in self._store.running(project):
                if stop():
                    break
                if walker.step(loop):
                    changed.append(loop.id)
            delivery = Delivery(self._database, self._ledger, self._store, self._actions, lease)
            changed += delivery.deliver(project, self._store.waiting_notices(project))
        found = [self._store.loop(project, each) for each in dict.fromkeys(changed)]
        return [each for each in found if each is not None]

    def list(self) -> builtins.list[Playbook]:
        """The declared playbooks, in the order of the file."""
        project = attribution().project
        standings = self._enrolment.standings(project)
        counts = self._store.counts(project)
        running = self._store.running(project)
        outlook = self._outlook(project)
        return [
            outlook.playbook(name, config, standings[name], counts.get(name, (0, 0)), running)
            for name, config in self._enrolment.declared().items()
        ]

    def get(self, name: str) -> Playbook:
        """A declared playbook by its name or ref; NotFound with the nearest name."""
        name = self._named(name)
        return next(each for each in self.list() if each.name == name)

    def run(self, name: str, reason: str, *, deployment: str = "") -> LoopRecord:
        """Begin a loop by hand, whatever began the playbook otherwise; the next ticks walk it.

        ``reason`` is a sentence for whoever asks years later. Cooldown and budget do not hold a person back, though
        the loop counts. Raises Refused when the playbook is broken or another loop changes the model, and
        InvalidInput without a reason, or when it cannot be known which model or deployment is meant.
        """
        name, reason = self._named(name), _reason(reason)
        project = attribution().project
        config, standing = self._enrolment.declared()[name], self._enrolment.standings(project)[name]
        id_ = self._trigger(project).by_hand(name, config, standing, reason, deployment)
        return self.loop(id_)

    def dry_run(self, name: str, event: str = "") -> DryRun:
        """What the playbook would do because of an event (default: the last one of its type), with nothing done.

        Raises NotFound when there is no such event.
        """
        name = self._named(name)
        project = attribution().project
        config, standing = self._enrolment.declared()[name], self._enrolment.standings(project)[name]
        return self._outlook(project).dry_run(name, config, standing, event)

    def plan(self) -> builtins.list[str]:
        """What the next ticks would do and why, a sentence each; nothing is changed."""
        project = attribution().project
        return self._outlook(project).plan(self._enrolment.declared(), self._enrolment.standings(project))

    def going(self) -> builtins.list[LoopRecord]:
        """The loops that go on, the oldest first."""
        return self._store.running(attribution().project)

    def loops(
        self, playbook: str = "", *, model: str = "", skipped: bool = True, limit: int = 50
    ) -> builtins.list[LoopRecord]:
        """Loops, the newest first; those that a limit kept from beginning too, unless ``skipped`` is False."""
        if limit < 1:
            raise InvalidInput("A list needs room", expected="a limit of 1 or more", received=str(limit))
        return self._store.page(attribution().project, playbook=playbook, model=model, skipped=skipped, limit=limit)

    def loop(self, ref: str) -> LoopRecord:
        """One loop by its ref, its id, the first digits of it, or ``last``: one record from alert to outcome."""
        project, id_ = attribution().project, ref.removeprefix("loop:")
        found = self._store.page(project, limit=1) if id_ == "last" else self._store.by_prefix(project, id_)
        if len(found) > 1:
            raise InvalidInput("Several loops begin so", expected="enough digits for one", received=ref)
        if not found or not id_:
            raise NotFound(f"There is no loop {ref!r}", received=ref, mend="regrove loop list")
        return found[0]

    def stop(self, ref: str, reason: str) -> LoopRecord:
        """End a loop that goes on; what it began elsewhere (a run, a rollout) is not ended by that.

        Raises Conflict when it has ended.
        """
        reason = _reason(reason)
        with self._database.transaction():
            loop = self.loop(ref)
            if loop.state != "running":
                raise Conflict(f"{loop.ref} has ended already", expected="a loop that goes on", received=loop.state)
            Closing(self._ledger, self._clock, self._store).close(loop, "stopped", "stopped", reason)
        return self.loop(loop.id)

    def reset(self, name: str, reason: str) -> Playbook:
        """Let a broken playbook begin loops again; Conflict when it is not broken."""
        name, reason = self._named(name), _reason(reason)
        project = attribution().project
        with self._database.transaction():
            standing = self._enrolment.standings(project)[name]
            if standing.broken_at is None:
                raise Conflict(f"The playbook {name!r} is not broken", expected="a broken playbook", received="ready")
            mended = replace(standing, broken_at=None, broken_reason="", broken_by="", resets=standing.resets + 1)
            self._store.stand(project, mended)
            self._ledger.record(PlaybookReset(playbook=name, reason=reason), subject=f"playbook:{name}")
        return self.get(name)

    def _named(self, name: str) -> str:
        bare = parse(name, kind="playbook").name
        known: Mapping[str, PlaybookConfig] = self._enrolment.declared()
        if bare not in known:
            raise NotFound(
                f"There is no playbook {bare!r} in the declaration in force",
                expected=f"one of {', '.join(known)}" if known else f"a [playbooks.{bare}] table",
                received=repr(bare),
                mend=nearest(bare, known) or f"add [playbooks.{bare}] to regrove.toml, then: regrove apply",
            )
        return bare

    def _trigger(self, project: str) -> Trigger:
        if project not in self._triggers:
            self._triggers[project] = Trigger(
                self._database, self._ledger, self._clock, self._store, self._declarations, project
            )
        return self._triggers[project]

    def _outlook(self, project: str) -> Outlook:
        return Outlook(self._ledger, self._clock, self._store, self._trigger(project), project)


def _reason(text: str) -> str:
    if not text.strip():
        raise InvalidInput("A reason is missing", expected="a sentence", received="nothing", mend='--reason "..."')
    return text.strip()
