"""From what happened to loops that begin: events read from the ledger, schedules that are due, and people.

A match, the loop's rows and the advance of the cursor are one transaction, and the loop's id follows from the playbook
and the event. So there is exactly one loop, or one recorded refusal, for each playbook and event, whatever is killed.

An event that meets a limit is skipped, with a record of it. A schedule that meets one stays due and begins when the
limit lets it; so does nothing twice when the clock has jumped over several of its periods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import blake3
import msgspec

from regrove.clock import duration, iso, wall
from regrove.errors import InvalidInput, Refused
from regrove.ledger import acting
from regrove.playbooks import limits
from regrove.playbooks.config import PlaybookConfig
from regrove.playbooks.events import LoopSkipped, LoopStarted
from regrove.playbooks.limits import Refusal
from regrove.playbooks.narration import sentence
from regrove.playbooks.record import ActionRecord, LoopRecord, Standing
from regrove.playbooks.target import Target, target
from regrove.refs import new_id

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Entry, Ledger
    from regrove.playbooks.config import Declarations
    from regrove.playbooks.store import Store
    from regrove.storage import Database, Lease

__all__ = ["CURSOR", "Trigger", "due_at", "loop_id"]

CURSOR: Final = "playbooks"
"""The name of the reader in the ledger."""

_PASSED: Final = 500  # events of no interest are passed over so many at a time: each move of the cursor is a write
_OWN: Final = ("loop", "playbook")


def loop_id(project: str, playbook: str, event_id: str) -> str:
    """The id of the loop that an event begins: the time of the event's id, then a digest of the three.

    >>> loop_id("flights", "retrain", "0190a1b2c3d4e5f60718293a4b5c6d7e")[:13]
    '0190a1b2c3d47'
    """
    tail = blake3.blake3(f"{project}/{playbook}/{event_id}".encode()).hexdigest()
    return f"{event_id[:12]}7{tail[:3]}8{tail[4:19]}"


def due_at(config: PlaybookConfig, standing: Standing, last: int | None) -> int:
    """When a schedule is due: its period after the ``last`` start, or after it was first seen to be declared."""
    return max(standing.enrolled_at, last or 0) + duration(config.every)


class Trigger:
    """Begins the loops of one project, under the lease that its caller holds."""

    def __init__(
        self, database: Database, ledger: Ledger, clock: Clock, store: Store, declarations: Declarations, project: str
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._store = store
        self._declarations = declarations
        self._project = project
        self._cursor = ledger.cursor(CURSOR, project=project)

    def read(self, playbooks: Mapping[str, PlaybookConfig], limit: int) -> list[Entry]:
        """The next events that some playbook listens to."""
        types = sorted({each.on for each in playbooks.values() if each.listens})
        return self._cursor.read(limit, types=types) if types else []

    def hear(
        self,
        entries: Sequence[Entry],
        playbooks: Mapping[str, PlaybookConfig],
        standings: Mapping[str, Standing],
        lease: Lease,
    ) -> list[str]:
        """Begin or skip the loops of ``entries``, one transaction for each; the ids of what was recorded."""
        made: list[str] = []
        for entry in entries:
            with self._database.transaction():
                lease.check()
                for name, config in playbooks.items():
                    if config.on == entry.type and entry.position > standings[name].since:
                        made += self._heard(name, config, standings[name], entry)
                self._cursor.advance(entry.position)
        return made

    def pass_over(self, end: int) -> None:
        """Move the cursor up to ``end``, past what was of no interest, when that is worth a write."""
        if end - self._cursor.position >= _PASSED:
            self._cursor.read(1, types=(_NOTHING,))
            with self._database.transaction():
                self._cursor.advance(end)

    def due(
        self, playbooks: Mapping[str, PlaybookConfig], standings: Mapping[str, Standing]
    ) -> list[tuple[str, PlaybookConfig, int]]:
        """The schedules that are due and that no limit holds back, with the instant since when."""
        schedules = {name: config for name, config in playbooks.items() if config.on == "schedule"}
        if not schedules:
            return []
        now, found, last = self._clock.now(), [], self._store.last_starts(self._project)
        for name, config in schedules.items():
            due = due_at(config, standings[name], last.get(name))
            if due <= now and self.refused(name, config, standings[name], self.aim(config, {})) is None:
                found.append((name, config, due))
        return found

    def start_due(self, name: str, config: PlaybookConfig, standing: Standing, due: int, lease: Lease) -> list[str]:
        """Begin the loop of a schedule that is due; nothing when a limit says no by now."""
        mark = f"{max(due, 0) // 1_000:012x}"
        id_ = loop_id(self._project, name, f"{mark[-12:]}/schedule/{due}")
        with self._database.transaction():
            lease.check()
            aim = self.aim(config, {})
            held = self.refused(name, config, standing, aim)
            if held is not None or self._store.loop(self._project, id_) is not None:
                return []
            because = f"It was due at {iso(due)}, {config.every} after its last start or its declaration."
            return self._start(id_, name, config, standing, aim, trigger="schedule", because=because)

    def by_hand(self, name: str, config: PlaybookConfig, standing: Standing, reason: str, deployment: str) -> str:
        """Begin a loop because the acting person says so; raises Refused when a limit says no."""
        with self._database.transaction():
            aim = self.aim(config, {"deployment": deployment} if deployment else {})
            refusal = self.refused(name, config, standing, aim, by_hand=True)
            if refusal is not None:
                raise Refused(
                    f"The playbook {name!r} begins no loop: {refusal.reason}",
                    expected="a playbook that is not broken, and a model that no other loop changes",
                    received=refusal.limit,
                    mend=f"regrove playbooks show {name}",
                )
            (id_,) = self._start(new_id(), name, config, standing, aim, trigger="manual", because=reason)
        return id_

    def aim(self, config: PlaybookConfig, fields: Mapping[str, Any]) -> Target:
        """Which model and deployment a loop would be about; InvalidInput when that cannot be known."""
        return target(config, fields, self._declarations)

    def refused(
        self, name: str, config: PlaybookConfig, standing: Standing, aim: Target, *, by_hand: bool = False
    ) -> Refusal | None:
        """The limit that keeps a loop from beginning now."""
        return limits.refusal(
            config,
            standing,
            model=aim.model,
            own=self._store.page(self._project, playbook=name, skipped=False, limit=1),
            running=self._store.running(self._project),
            starts=self._store.starts(self._project, name),
            now=self._clock.now(),
            by_hand=by_hand,
        )

    def judge(self, config: PlaybookConfig, entry: Entry) -> tuple[dict[str, Any], bool]:
        """The fields of an event, and whether the playbook's condition holds for it.

        Raises InvalidInput when that cannot be judged: the payload was erased, or the event is of an older form.
        """
        if entry.payload is None:
            raise InvalidInput("The payload of the event was erased, so nothing can be said of it")
        fields = msgspec.json.decode(entry.payload, type=dict[str, Any])
        condition = config.condition
        return fields, condition is None or condition.holds(fields)

    def _heard(self, name: str, config: PlaybookConfig, standing: Standing, entry: Entry) -> list[str]:
        id_ = loop_id(self._project, name, entry.event_id)
        if self._store.loop(self._project, id_) is not None:
            return []
        because, aim = _because(entry, {}), Target("", "")
        limit = "condition"
        try:
            fields, holds = self.judge(config, entry)
            if not holds or self._is_echo(fields, entry):
                return []
            because, limit = _because(entry, fields), "target"
            aim = self.aim(config, fields)
            refusal = self.refused(name, config, standing, aim)
        except InvalidInput as error:
            refusal = Refusal(limit, f"{error.happened.rstrip('.')}.")
        if refusal is not None:
            return self._skip(id_, name, config, standing, refusal, entry, because, aim)
        return self._start(id_, name, config, standing, aim, trigger=entry.type, because=because, entry=entry)

    def _is_echo(self, fields: Mapping[str, Any], entry: Entry) -> bool:
        """Whether the event tells of a playbook that itself only tells of playbooks: it would go round without end."""
        if entry.type.partition(".")[0] not in _OWN:
            return False
        names = self._declarations.playbook_names()
        teller = str(fields.get("playbook", ""))
        return teller in names and self._declarations.playbook(teller).on.partition(".")[0] in _OWN

    def _start(
        self,
        id_: str,
        name: str,
        config: PlaybookConfig,
        standing: Standing,
        aim: Target,
        *,
        trigger: str,
        because: str,
        entry: Entry | None = None,
    ) -> list[str]:
        record = self._record(id_, name, config, standing, aim, trigger=trigger, because=because, entry=entry)
        actions = tuple(ActionRecord(number=number, action=each) for number, each in enumerate(config.do, 1))
        told = LoopStarted(
            loop=id_,
            playbook=name,
            trigger=trigger,
            event=record.event_id,
            model=aim.model,
            deployment=aim.deployment,
            actions=list(config.do),
            declared=record.declared,
        )
        # A person who starts a loop by hand is recorded as such; everything that it does afterwards is the playbook's.
        who = None if trigger == "manual" else f"playbook:{name}"
        with acting(actor=who, cause=record.event_id or None):
            used = [record.declared, *([f"event:{record.event_id}"] if record.event_id else [])]
            started = self._ledger.record(told, subject=f"loop:{id_}", used=used)
        record = msgspec.structs.replace(record, cause=record.event_id or started, actions=actions)
        self._store.add(record)
        return [id_]

    def _skip(
        self,
        id_: str,
        name: str,
        config: PlaybookConfig,
        standing: Standing,
        refusal: Refusal,
        entry: Entry,
        because: str,
        aim: Target,
    ) -> list[str]:
        record = self._record(id_, name, config, standing, aim, trigger=entry.type, because=because, entry=entry)
        record = msgspec.structs.replace(
            record,
            state="skipped",
            outcome="skipped",
            reason=refusal.reason,
            ended_at=record.started_at,
            ended_wall_at=record.started_wall_at,
        )
        told = LoopSkipped(
            loop=id_,
            playbook=name,
            trigger=entry.type,
            event=entry.event_id,
            limit=refusal.limit,
            reason=refusal.reason,
        )
        self._store.add(record)
        with acting(actor=f"playbook:{name}", cause=entry.event_id):
            self._ledger.record(told, subject=f"loop:{id_}", used=[record.declared, f"event:{entry.event_id}"])
        return [id_]

    def _record(
        self,
        id_: str,
        name: str,
        config: PlaybookConfig,
        standing: Standing,
        aim: Target,
        *,
        trigger: str,
        because: str,
        entry: Entry | None,
    ) -> LoopRecord:
        event_id = entry.event_id if entry is not None else ""
        return LoopRecord(
            id=id_,
            project=self._project,
            playbook=name,
            trigger=trigger,
            event_id=event_id,
            cause=event_id,
            because=because,
            config=config,
            declared=self._declarations.revision.ref,
            model=aim.model,
            deployment=aim.deployment,
            state="running",
            resets=standing.resets,
            started_at=self._clock.now(),
            started_wall_at=wall(),
        )


_NOTHING: Final = "playbook.unheard"  # a type that nobody records: reading it passes over everything


def _because(entry: Entry, fields: Mapping[str, Any]) -> str:
    """What happened, as the event itself says it when it says it."""
    said = fields.get("reason")
    text = said.strip() if isinstance(said, str) and said.strip() else ""
    head = f"{entry.type} of {entry.subject} at {iso(entry.occurred_at)}"
    return f"{head}: {sentence(text)}" if text else f"{head}."
