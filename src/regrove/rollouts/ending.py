"""How a rollout ends: the decision is recorded first, the split is settled after, again and again until it is.

A process may be killed in between, and one that was only asleep may open a split of a rollout that has ended. So the
end of a split is not a step that was done, but a state that is looked for: no deployment is split by a rollout that has
ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from regrove.errors import Conflict, NotFound
from regrove.refs import parse
from regrove.rollouts.events import RolloutAborted, RolloutCompleted, RolloutHeld
from regrove.rollouts.record import Rollout
from regrove.rollouts.rooms import Rooms

if TYPE_CHECKING:
    from regrove.rollouts.record import State

__all__ = ["close", "record_end", "record_promotion"]


def record_end(
    rooms: Rooms, rollout: Rollout, state: State, reason: str, *, evidence: str = "", by_hand: bool = False
) -> Rollout:
    """Record in the open transaction that a rollout was aborted or held; the rollout as it stands then."""
    now = rooms.clock.now()
    phase = replace(rollout.current, state="ended", ended_at=now, evidence=evidence)
    ended = _ended(rollout, state, reason, now, phases=(*rollout.phases[:-1], phase))
    rooms.store.change(ended)
    facts: dict[str, Any] = {
        "rollout": rollout.id,
        "deployment": rollout.deployment,
        "model": rollout.candidate,
        "control": rollout.control,
        "phase": rollout.phase,
        "reason": reason,
        "evidence": evidence,
    }
    event = RolloutAborted(**facts, by_hand=by_hand) if state == "aborted" else RolloutHeld(**facts)
    rooms.ledger.record(
        event,
        subject=rollout.ref,
        used=[rollout.candidate, rollout.control],
        generated=[f"object:{evidence}"] if evidence else [],
    )
    return ended


def record_promotion(rooms: Rooms, rollout: Rollout) -> Rollout:
    """Move the alias and record that the rollout is completed, in the open transaction.

    Raises Conflict when the alias does not stand at the control any more: somebody else has decided.
    """
    evidence = [each.evidence for each in rollout.phases if each.evidence]
    passed = [each for each in rollout.phases if each.state == "passed"]
    answered = sum(each.requests for each in passed)
    let = f"{rollout.gate} says PROMOTE" if rollout.gate else f"{rollout.approved_by} let it: {rollout.approval}"
    reason = (
        f"no harm detected in {len(passed)} phases and {answered:,} requests of {rollout.candidate}; {let}"
        if passed
        else f"it was to answer everybody at once; {let}"
    )
    decision = rooms.models.promote(
        rollout.candidate,
        alias=rollout.alias,
        reason=reason,
        evidence=[*([rollout.gate] if rollout.gate else []), rollout.ref, *evidence],
        declaration=rollout.declaration,
    )
    if not decision.recorded or decision.source != parse(rollout.control).ordinal:
        raise Conflict(
            f"The alias {rollout.alias} of {parse(rollout.candidate).name} was moved by hand",
            expected=rollout.control,
            received=rollout.candidate if not decision.recorded else f"version {decision.source}",
        )
    now = rooms.clock.now()
    phase = replace(rollout.current, state="passed", ended_at=now)
    done = _ended(rollout, "completed", reason, now, phases=(*rollout.phases[:-1], phase), decision=decision.ref)
    rooms.store.change(done)
    event = RolloutCompleted(
        rollout=rollout.id,
        deployment=rollout.deployment,
        model=rollout.candidate,
        control=rollout.control,
        alias=rollout.alias,
        decision=decision.ref,
        reason=reason,
    )
    rooms.ledger.record(event, subject=rollout.ref, used=[rollout.candidate, rollout.control, decision.ref])
    return done


def close(rooms: Rooms, rollout: Rollout) -> bool:
    """End the split of a rollout that has ended, to what the deployment's alias stands at; False for nothing to do.

    The alias is the decision in force: after a promotion it stands at the candidate, after an abort at the control,
    and somewhere else when a person has moved it meanwhile.
    """
    running = rooms.deployments.get(rollout.deployment)
    current = running.current
    split = bool(current.candidates) and current.salt == rollout.id
    behind = rollout.state == "completed" and current.revision.model_digest == rollout.control_digest
    if running.state != "running" or not (split or (behind and not current.candidates)):
        return False
    try:
        stands = rooms.models.get(str(rooms.declarations.deployment(rollout.deployment).ref))
    except NotFound:  # it is declared no more; what it answers with is then a matter for whoever took it away
        return False
    if not split and stands.digest == rollout.control_digest:  # somebody has moved the alias back since
        return False
    rooms.deployments.splits.settle(rollout.deployment, model=stands.ref)
    return True


def _ended(rollout: Rollout, state: State, reason: str, now: int, **more: object) -> Rollout:
    return replace(rollout, state=state, reason=reason, step=rollout.step + 1, changed_at=now, ended_at=now, **more)
