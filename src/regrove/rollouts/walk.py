"""The state machine: one look at a rollout, and at most one transition because of what is seen.

Every transition is one transaction with its event, made only when the rollout stands where it stood when one looked.
What is published is published before its transition is recorded (a split) or after (its end), and both may be
published again: a process that is killed anywhere is followed by one that looks at what there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from regrove.clock import iso
from regrove.errors import Conflict, InvalidDeclaration, LeaseLost, NotFound, Refused
from regrove.ledger import acting
from regrove.rollouts.ending import close, record_end, record_promotion
from regrove.rollouts.events import RolloutPhasePassed, RolloutPhaseStarted
from regrove.rollouts.evidence import Evidence
from regrove.rollouts.guard import Judged, look
from regrove.rollouts.record import WHOLE, Phase, Rollout, percent
from regrove.rollouts.rooms import Rooms

if TYPE_CHECKING:
    from collections.abc import Callable

    from regrove.rollouts.record import State
    from regrove.serving import Deployment
    from regrove.serving.replica import Replica
    from regrove.serving.tally import Tally
    from regrove.storage import Lease

__all__ = ["Walker", "trouble"]


class Walker:
    """Brings rollouts forward, under a lease that is checked in every transaction."""

    def __init__(self, rooms: Rooms, lease: Lease) -> None:
        self._rooms = rooms
        self._lease = lease

    def walk(self, rollout: Rollout) -> Rollout:
        """Bring a rollout as far as it goes now."""
        with acting(cause=rollout.event_id):
            for _ in range(4 * len(rollout.policy.phases)):
                after = self._step(rollout)
                if after is None:
                    break
                rollout = after
                if not rollout.going:
                    close(self._rooms, rollout)
                    break
        return rollout

    def sweep(self, project: str, deployment: str = "") -> None:
        """End the splits that rollouts have left which ended already."""
        for each in self._rooms.store.newest_ended(project):
            if deployment in ("", each.deployment):
                with acting(cause=each.event_id):
                    close(self._rooms, each)

    def _step(self, rollout: Rollout) -> Rollout | None:
        """The rollout after one transition; None when there is nothing to do, or somebody else did something."""
        running = self._rooms.deployments.get(rollout.deployment)
        if gone := self._gone(rollout, running):
            return self._end(rollout, "held", gone)
        tallies = self._rooms.deployments.splits.tallies(rollout.deployment, salt=rollout.id)
        before = rollout.peaks
        judged = look(tallies, rollout.edges, rollout.policy, before)
        seen = self._remember(rollout, judged, tallies)
        if seen is None:
            return None
        if judged.void or judged.harm:
            evidence = self._keep(seen, tallies, before, judged)
            return self._end(seen, "held" if judged.void else "aborted", judged.reason, evidence=evidence)
        if seen.state == "awaiting":
            return self._impatient(seen, seen.changed_at, "nobody has approved of the last phase", tallies, judged)
        if seen.state == "running":
            return self._pass(seen, tallies, before, judged)
        return self._promote(seen) if seen.is_last else self._open(seen)

    def _gone(self, rollout: Rollout, running: Deployment) -> str:
        """Who decided otherwise meanwhile, in words; empty when the deployment is as this rollout left it."""
        current = running.current
        if running.state != "running":
            return f"the deployment was stopped at {iso(current.published_at)}"
        if current.revision.model_digest != rollout.control_digest:
            return f"{current.revision.model} was published by hand and answers in place of {rollout.control}"
        published = self._rooms.deployments.publications(rollout.deployment)
        opened = any(each.salt == rollout.id for each in published)
        if opened and current.salt != rollout.id:
            return f"generation {current.number} was published by hand, and the split is gone"
        return ""

    def _remember(self, rollout: Rollout, judged: Judged, tallies: list[Tally]) -> Rollout | None:
        """Keep the peaks and counts of this look; None when somebody else acts on the rollout."""
        phase = replace(rollout.current, requests=_answered(tallies, rollout.current.generation))
        if (judged.peaks, phase) == (rollout.peaks, rollout.current):
            return rollout
        seen = replace(rollout, peaks=judged.peaks, step=rollout.step + 1, phases=(*rollout.phases[:-1], phase))
        return self._change(rollout, lambda: self._store(seen))

    def _open(self, rollout: Rollout) -> Rollout | None:
        """Publish the split of the phase, and begin the phase once every server answers from it."""
        phase, splits = rollout.current, self._rooms.deployments.splits
        try:
            published = splits.open(
                rollout.deployment,
                candidate=rollout.candidate,
                share=phase.share / WHOLE,
                salt=rollout.id,
                edges=rollout.edges,
            )
        except (Refused, Conflict, NotFound, InvalidDeclaration) as error:
            return self._end(rollout, "held", f"the split could not be opened: {error.happened}")
        replicas = splits.replicas(rollout.deployment)
        why = trouble(replicas, published.number)
        if why:
            return self._impatient(rollout, phase.since_at, why)
        now = self._rooms.clock.now()
        began = replace(phase, state="running", began_at=now, generation=published.number)
        reason = f"{percent(phase.share)} of the callers are answered by {rollout.candidate} since {iso(now)}"
        after = replace(
            rollout,
            state="running",
            reason=reason,
            step=rollout.step + 1,
            changed_at=now,
            phases=(*rollout.phases[:-1], began),
        )
        event = RolloutPhaseStarted(
            rollout=rollout.id,
            deployment=rollout.deployment,
            model=rollout.candidate,
            phase=phase.number,
            share=phase.share,
            generation=published.number,
        )

        def record() -> Rollout:
            self._rooms.ledger.record(event, subject=rollout.ref, used=[rollout.candidate, rollout.control])
            return self._store(after)

        return self._change(rollout, record)

    def _pass(self, rollout: Rollout, tallies: list[Tally], before: dict[str, float], judged: Judged) -> Rollout | None:
        """End the phase when it lasted long enough with enough requests."""
        phase, policy, now = rollout.current, rollout.policy, self._rooms.clock.now()
        began = phase.began_at if phase.began_at is not None else now
        if phase.requests < policy.minimum_requests:
            why = f"{rollout.candidate} got {phase.requests:,} of {policy.minimum_requests:,} requests in this phase"
            return self._impatient(rollout, began, why, tallies, judged)
        if now - began < policy.stay:
            return None
        evidence = self._keep(rollout, tallies, before, judged)
        share = policy.shares[phase.number]
        awaiting = policy.approval and share == WHOLE and not rollout.approved
        passed = replace(phase, state="passed", ended_at=now, evidence=evidence)
        following = Phase(number=phase.number + 1, share=share, state="waiting", since_at=now)
        reason = f"no harm detected at {percent(phase.share)} in {phase.requests:,} requests; {percent(share)} follows"
        after = replace(
            rollout,
            state="awaiting" if awaiting else "waiting",
            reason=reason + (" once somebody approves" if awaiting else ""),
            phase=following.number,
            step=rollout.step + 1,
            changed_at=now,
            phases=(*rollout.phases[:-1], passed, following),
        )
        event = RolloutPhasePassed(
            rollout=rollout.id,
            deployment=rollout.deployment,
            model=rollout.candidate,
            phase=phase.number,
            share=phase.share,
            requests=phase.requests,
            evidence=evidence,
            awaiting=awaiting,
        )

        def record() -> Rollout:
            used = [rollout.candidate, rollout.control]
            self._rooms.ledger.record(event, subject=rollout.ref, used=used, generated=[f"object:{evidence}"])
            return self._store(after)

        return self._change(rollout, record)

    def _promote(self, rollout: Rollout) -> Rollout | None:
        """Move the alias; the split is settled after. Held when that cannot be, or somebody moved it before."""
        try:
            return self._change(rollout, lambda: record_promotion(self._rooms, rollout))
        except LeaseLost:
            raise
        except (Conflict, NotFound) as error:
            return self._end(rollout, "held", f"it could not be promoted: {error.happened}")

    def _impatient(
        self,
        rollout: Rollout,
        since: int,
        why: str,
        tallies: list[Tally] | None = None,
        judged: Judged | None = None,
    ) -> Rollout | None:
        """Hold the rollout when it has waited as long as its policy lets it; otherwise nothing."""
        if self._rooms.clock.now() - since < rollout.policy.patience:
            return None
        evidence = self._keep(rollout, tallies, rollout.peaks, judged) if tallies and judged else ""
        return self._end(rollout, "held", f"{why}, for {rollout.policy.give_up}", evidence=evidence)

    def _end(self, rollout: Rollout, state: State, reason: str, *, evidence: str = "") -> Rollout | None:
        return self._change(rollout, lambda: record_end(self._rooms, rollout, state, reason, evidence=evidence))

    def _keep(self, rollout: Rollout, tallies: list[Tally], before: dict[str, float], judged: Judged) -> str:
        """Store what a decision rests on; its digest."""
        evidence = Evidence(
            rollout=rollout.id,
            deployment=rollout.deployment,
            candidate=rollout.candidate,
            candidate_digest=rollout.candidate_digest,
            control=rollout.control,
            control_digest=rollout.control_digest,
            phase=rollout.phase,
            alpha=rollout.policy.abort_alpha,
            score_ratio=rollout.policy.score_ratio,
            edges=rollout.edges,
            tallies=tuple(tallies),
            before=before,
            judged=judged,
            at=self._rooms.clock.now(),
        )
        return self._rooms.vault.add_json(evidence)

    def _change(self, seen: Rollout, record: Callable[[], Rollout]) -> Rollout | None:
        """Record a transition from ``seen``; None when the rollout stands elsewhere by now."""
        with self._rooms.database.transaction():
            self._lease.check()
            return record() if self._rooms.store.hold(seen) else None

    def _store(self, after: Rollout) -> Rollout:
        self._rooms.store.change(after)
        return after


def trouble(replicas: list[Replica], generation: int) -> str:
    """Why a phase cannot begin yet; empty when every process of every server answers from its generation."""
    if not replicas:
        return "no server of the deployment runs"
    late = [each for each in replicas if not each.ready or each.generation != generation]
    refused = [each for each in late if each.refused == generation]
    if refused:
        return f"{len(refused)} of {len(replicas)} processes could not load generation {generation}: " + (
            refused[0].trouble or "they do not say why"
        )
    if late:
        return f"{len(late)} of {len(replicas)} processes do not answer from generation {generation} yet"
    return ""


def _answered(tallies: list[Tally], generation: int) -> int:
    return sum(each.requests for each in tallies if each.candidate and each.generation == generation)
