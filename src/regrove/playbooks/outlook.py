"""What playbooks would do next, and why: nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from regrove.clock import iso, wall
from regrove.errors import InvalidInput, NotFound
from regrove.playbooks.config import PlaybookConfig
from regrove.playbooks.limits import left
from regrove.playbooks.narration import next_step
from regrove.playbooks.record import DryRun, LoopRecord, Playbook, Standing
from regrove.playbooks.target import Target
from regrove.playbooks.trigger import Trigger, due_at

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Entry, Ledger
    from regrove.playbooks.store import Store

__all__ = ["Outlook"]


class Outlook:
    """Looks at the playbooks of one project."""

    def __init__(self, ledger: Ledger, clock: Clock, store: Store, trigger: Trigger, project: str) -> None:
        self._ledger = ledger
        self._clock = clock
        self._store = store
        self._trigger = trigger
        self._project = project

    def playbook(
        self,
        name: str,
        config: PlaybookConfig,
        standing: Standing,
        counts: tuple[int, int],
        running: Sequence[LoopRecord],
    ) -> Playbook:
        """A declared playbook as it stands."""
        going = [each for each in running if each.playbook == name]
        starts = self._store.starts(self._project, name)
        state: Literal["ready", "going", "broken"] = "going" if going else "ready"
        reason = next_step(going[0]) if going else self._waits(config, standing, max(starts, default=None))
        if standing.broken_at is not None:
            state, reason = "broken", standing.broken_reason
        last = next(iter(self._store.page(self._project, playbook=name, skipped=False, limit=1)), None)
        return Playbook(
            name=name,
            config=config,
            state=state,
            reason=reason,
            started=counts[0],
            skipped=counts[1],
            last=last.ref if last else "",
            left=left(config, starts, self._clock.now()),
        )

    def plan(self, configs: Mapping[str, PlaybookConfig], standings: Mapping[str, Standing]) -> list[str]:
        """What the next ticks would do and why, a sentence each."""
        running = self._store.running(self._project)
        said = [f"{each.ref} of {each.playbook}: {next_step(each)}" for each in running]
        said += [self._unread(each, configs) for each in self._trigger.read(configs, 20)]
        for name, config in configs.items():
            standing = standings[name]
            if standing.broken_at is not None:
                said.append(
                    f"{name} begins nothing, because it is broken since {iso(standing.broken_at)}: "
                    f'{standing.broken_reason} It goes on after: regrove playbooks reset {name} --reason "..."'
                )
            elif config.on == "schedule":
                said.append(f"{name}: {self._schedule(name, config, standing)}")
        now = wall()
        for notice in self._store.waiting_notices(self._project):
            at = "now" if notice.retry_at <= now else f"at {iso(notice.retry_at)} by the machine's clock"
            after = f" again, after {notice.attempts} failures: {notice.reason}" if notice.attempts else "."
            said.append(f"The webhook of loop:{notice.loop} will be told {at}{after}")
        return said

    def dry_run(self, name: str, config: PlaybookConfig, standing: Standing, event: str) -> DryRun:
        """What the playbook would do because of an event, with nothing done."""
        if not config.listens:
            if event:
                raise InvalidInput(f"The playbook {name!r} listens to no event", received=event, mend="leave it out")
            return self._dry(name, config, standing, "", {}, f"{name} begins by {_by(config)}.")
        entry = self._entry(config, event)
        try:
            fields, holds = self._trigger.judge(config, entry)
        except InvalidInput as error:
            return DryRun(name, entry.event_id, False, error.happened, (f"It could not be judged: {error.happened}.",))
        about = f"{entry.type} of {entry.subject} at {iso(entry.occurred_at)}"
        if not holds:
            said = (f"{about} does not meet: {config.when}", "Nothing would be done.")
            return DryRun(name, entry.event_id, False, "", said)
        met = f"{about} meets: {config.when}" if config.when else f"{about} is of the type that it listens to."
        return self._dry(name, config, standing, entry.event_id, fields, met)

    def _dry(
        self,
        name: str,
        config: PlaybookConfig,
        standing: Standing,
        event_id: str,
        fields: dict[str, object],
        first: str,
    ) -> DryRun:
        try:
            aim = self._trigger.aim(config, fields)
            refusal = self._trigger.refused(name, config, standing, aim)
            refused = refusal.reason if refusal is not None else ""
        except InvalidInput as error:
            aim, refused = Target("", ""), f"{error.happened}."
        if refused:
            return DryRun(name, event_id, True, refused, (first, f"It would be skipped: {refused}"))
        did = tuple(_would(each, config, aim) for each in config.do)
        return DryRun(name, event_id, True, "", (first, *did))

    def _entry(self, config: PlaybookConfig, event: str) -> Entry:
        if event:
            entry = self._ledger.get(int(event) if event.isdigit() and len(event) < 20 else event)
            if entry.type != config.on:
                raise InvalidInput(
                    "The playbook does not listen to this event", expected=config.on, received=entry.type
                )
            return entry
        entries = self._newest(config.on)
        if entries is None:
            raise NotFound(
                f"No event of type {config.on} has happened yet",
                expected="one to try it with",
                mend="regrove audit log",
            )
        return entries

    def _newest(self, type_: str) -> Entry | None:
        """The last event of a type; pages from the start, since the ledger is read forwards."""
        last: Entry | None = None
        while page := self._ledger.read(
            last.position if last else 0, limit=1000, types=(type_,), project=self._project
        ):
            last = page[-1]
        return last

    def _unread(self, entry: Entry, configs: Mapping[str, PlaybookConfig]) -> str:
        names = ", ".join(name for name, config in configs.items() if config.on == entry.type)
        return f"Event {entry.position}, {entry.type} of {entry.subject}, will be held against {names}."

    def _waits(self, config: PlaybookConfig, standing: Standing, last: int | None) -> str:
        if config.on == "schedule":
            return f"It is due at {iso(due_at(config, standing, last))}."
        if config.on == "manual":
            return "It is begun by hand only."
        return f"It waits for {config.on}" + (f" with {config.when}." if config.when else ".")

    def _schedule(self, name: str, config: PlaybookConfig, standing: Standing) -> str:
        due, now = due_at(config, standing, self._store.last_starts(self._project).get(name)), self._clock.now()
        if due > now:
            return f"it will begin at {iso(due)}, {config.every} after its last start or its declaration."
        refusal = self._trigger.refused(name, config, standing, self._trigger.aim(config, {}))
        if refusal is None:
            return f"it will begin with the next tick, because it is due since {iso(due)}."
        return f"it is due since {iso(due)} and waits: {refusal.reason}"


def _by(config: PlaybookConfig) -> str:
    return f"its schedule, every {config.every}" if config.on == "schedule" else "hand"


def _would(action: str, config: PlaybookConfig, aim: Target) -> str:
    webhook = "the log and the webhook" if config.notify else "the log"
    return {
        "retrain": f"It would retrain {aim.model} on what is known then, unless there is nothing new to learn from.",
        "gate": "It would let the gate judge the new version; REJECT or HOLD would end the loop.",
        "rollout": f"It would roll the new version out in {aim.deployment}, by its phases.",
        "rollback": f"It would roll {aim.deployment} back to what answered before.",
        "notify": f"It would tell {webhook}.",
    }[action]
