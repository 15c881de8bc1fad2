"""Rollouts as their users hold them."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from regrove.errors import Conflict, InvalidInput, NotFound, Refused
from regrove.ledger import acting, attribution
from regrove.refs import parse
from regrove.rollouts.beginning import begin
from regrove.rollouts.ending import close, record_end
from regrove.rollouts.events import RolloutApproved
from regrove.rollouts.evidence import Evidence
from regrove.rollouts.outlook import sentences
from regrove.rollouts.record import Rollout
from regrove.rollouts.rooms import Rooms
from regrove.rollouts.store import Store
from regrove.rollouts.walk import Walker
from regrove.storage import Leases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.registry import Models
    from regrove.rollouts.config import Declarations, Gates
    from regrove.serving import Deployments
    from regrove.storage import Database, Vault

__all__ = ["Rollouts"]

_LEASE_S: Final = 120.0


def _never() -> bool:
    return False


class Rollouts:
    """Begins rollouts, brings them forward phase by phase, and ends them.

    Everything happens in the project of the acting one. `tick` is called again and again by the worker; it is bounded,
    and may be killed at any moment. A rollout is named by its ref, its id or the first digits of it, or by the name of
    its deployment, whose newest rollout is meant.
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
        gates: Gates,
        declarations: Declarations,
    ) -> None:
        self._rooms = Rooms(
            database=database,
            vault=vault,
            ledger=ledger,
            clock=clock,
            deployments=deployments,
            models=models,
            gates=gates,
            declarations=declarations,
            store=Store(database),
        )
        self._leases = Leases(database)

    def start(
        self, deployment: str, *, candidate: str, gate: str = "", reason: str = "", cause: str | None = None
    ) -> Rollout:
        """Let the model version ``candidate`` be rolled out in ``deployment``; `tick` does the rest.

        ``gate`` is the report that says PROMOTE of it, against what answers now. Without one a person must act and say
        why in ``reason``. Called again by the same actor because of the same ``cause`` (an event or actor; default:
        the present one) with the same candidate, it returns the rollout that was begun the first time.

        Raises Refused when nothing lets it, the version answers already or is of another model, or the deployment
        follows no alias; Conflict when the deployment does not run, is split, or has a rollout that goes on; NotFound
        for what is not there.
        """
        with acting(cause=cause):
            why = attribution().cause
            return begin(self._rooms, deployment, candidate=candidate, gate=gate, reason=reason.strip(), cause=why)

    def tick(self, deployment: str = "", stop: Callable[[], bool] = _never) -> builtins.list[Rollout]:
        """Look at every rollout that goes on, or at that of one deployment, and bring it as far as it goes now.

        Returns the rollouts that changed. ``stop`` is asked between two of them. Raises Conflict when another process
        is doing it.
        """
        project = attribution().project
        name = parse(deployment, kind="deployment").name if deployment else ""
        if not self._rooms.store.of(project, name):
            return []
        changed = []
        with self._leases.acquire(f"rollouts:{project}", ttl_s=_LEASE_S) as lease:
            walker = Walker(self._rooms, lease)
            walker.sweep(project, name)
            for place, each in enumerate(self._rooms.store.going(project, name)):
                if stop():
                    break
                if place:
                    lease.renew()
                after = walker.walk(each)
                if after.step != each.step:
                    changed.append(after)
        return changed

    def list(self, deployment: str = "") -> builtins.list[Rollout]:
        """Every rollout, or those of one deployment, the newest first."""
        name = parse(deployment, kind="deployment").name if deployment else ""
        return self._rooms.store.of(attribution().project, name)[::-1]

    def get(self, ref: str) -> Rollout:
        """One rollout; NotFound when there is none of that ref, id or deployment."""
        project, text = attribution().project, ref.removeprefix("rollout:")
        found = self._rooms.store.by_prefix(project, text) if text else []
        if len(found) > 1:
            raise InvalidInput("Several rollouts begin so", expected="enough digits for one", received=ref)
        if not found and text and not ref.startswith("rollout:"):
            found = self._rooms.store.of(project, text.removeprefix("deployment:"))[-1:]
        if not found:
            raise NotFound(
                f"There is no rollout {ref!r}",
                expected="its ref, the first digits of its id, or the name of a deployment that had one",
                received=repr(ref),
                mend="regrove rollouts list",
            )
        return found[0]

    def evidence(self, digest: str) -> Evidence:
        """What was counted and judged at the end of a phase, by the digest that the phase names."""
        return self._rooms.vault.read_json(digest, Evidence)

    def approve(self, ref: str, reason: str) -> Rollout:
        """Approve of the last phase, the promotion; the next tick does it, unless harm is seen before.

        Raises Refused when no person acts, InvalidInput without a reason, and Conflict when the rollout does not wait
        for an approval.
        """
        reason, who = _reason(reason), attribution().actor
        if not who.startswith("person:"):
            raise Refused("Only a person can approve", expected="person:NAME", received=who)

        def record(seen: Rollout) -> Rollout:
            if seen.state != "awaiting":
                raise Conflict(
                    f"{seen.ref} does not wait for an approval",
                    expected="a rollout that awaits it",
                    received=seen.state if seen.policy.approval else f"{seen.state}; its policy asks for none",
                    mend=f"regrove rollouts show {seen.id}",
                )
            now = self._rooms.clock.now()
            after = replace(
                seen,
                state="waiting",
                approved=True,
                approval=f"{seen.approval}; {reason}" if seen.approval else reason,
                reason=f"{who} approved: {reason}",
                step=seen.step + 1,
                changed_at=now,
            )
            self._rooms.store.change(after)
            event = RolloutApproved(rollout=seen.id, deployment=seen.deployment, model=seen.candidate, reason=reason)
            self._rooms.ledger.record(event, subject=seen.ref, used=[seen.candidate])
            return after

        return self._by_hand(ref, record)

    def abort(self, ref: str, reason: str) -> Rollout:
        """End a rollout that goes on: the control answers everybody again.

        Raises InvalidInput without a reason and Conflict when it has ended, unless it was aborted for this very reason.
        """
        reason = _reason(reason)

        def record(seen: Rollout) -> Rollout:
            if (seen.state, seen.reason) == ("aborted", reason):
                return seen
            if not seen.going:
                raise Conflict(f"{seen.ref} has ended already", expected="one that goes on", received=seen.state)
            return record_end(self._rooms, seen, "aborted", reason, by_hand=True)

        after = self._by_hand(ref, record)
        close(self._rooms, after)
        return after

    def plan(self, deployment: str = "") -> builtins.list[str]:
        """What comes next in each rollout that goes on and why, a sentence each; nothing is changed."""
        name = parse(deployment, kind="deployment").name if deployment else ""
        going = self._rooms.store.going(attribution().project, name)
        return [sentence for each in going for sentence in sentences(self._rooms, each)]

    def live_digests(self) -> Iterator[str]:
        """The digests of all evidence of any project; collection spares them."""
        return self._rooms.store.evidence()

    def _by_hand(self, ref: str, record: Callable[[Rollout], Rollout]) -> Rollout:
        """Make a transition whatever the worker does meanwhile: it looks again when the rollout has moved on."""
        while True:
            seen = self.get(ref)
            with self._rooms.database.transaction():
                if self._rooms.store.hold(seen):
                    return record(seen)


def _reason(text: str) -> str:
    if not text.strip():
        raise InvalidInput("A reason is missing", expected="a sentence", received="nothing", mend='--reason "..."')
    return text.strip()
