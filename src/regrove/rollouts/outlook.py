"""What comes next in a rollout, and why, in sentences."""

from __future__ import annotations

from regrove.clock import iso
from regrove.rollouts.record import WHOLE, Rollout, percent
from regrove.rollouts.rooms import Rooms
from regrove.rollouts.walk import trouble

__all__ = ["sentences"]


def sentences(rooms: Rooms, rollout: Rollout) -> list[str]:
    """What the next ticks do with a rollout that goes on."""
    return [f"{rollout.ref} of {rollout.candidate} in {rollout.deployment}: {each}" for each in _said(rooms, rollout)]


def _said(rooms: Rooms, rollout: Rollout) -> list[str]:
    phase, policy = rollout.current, rollout.policy
    if rollout.state == "awaiting":
        until = iso(rollout.changed_at + policy.patience)
        command = f'regrove rollouts approve {rollout.deployment} --reason "..."'
        return [f"it waits until {until} for a person to approve of the promotion: {command}"]
    if rollout.state == "waiting":
        if phase.share == WHOLE:
            return [f"it is promoted next: {rollout.reason}."]
        current = rooms.deployments.get(rollout.deployment).current
        why = (
            trouble(rooms.deployments.splits.replicas(rollout.deployment), current.number)
            if current.salt == rollout.id
            else "the split is not published yet"
        )
        next_ = f"phase {phase.number} of {len(policy.phases)} begins at {percent(phase.share)} of the callers"
        held = f"it is held at {iso(phase.since_at + policy.patience)} otherwise"
        return [f"{next_} with the next tick." if not why else f"{next_} when it can: {why}; {held}."]
    began = phase.began_at or 0
    share = policy.shares[phase.number]
    needs = []
    if rooms.clock.now() < began + policy.stay:
        needs.append(f"it has stayed until {iso(began + policy.stay)}")
    if phase.requests < policy.minimum_requests:
        needs.append(f"{policy.minimum_requests - phase.requests:,} more requests were answered by the candidate")
    then = "it is promoted" if share == WHOLE else f"its share goes from {percent(phase.share)} to {percent(share)}"
    then = "a person is asked to approve" if share == WHOLE and policy.approval and not rollout.approved else then
    said = [f"{then} once {' and '.join(needs)}." if needs else f"{then} with the next tick."]
    said.append("It is aborted at once when a guard sees harm" + (
        "." if rollout.edges else "; times and scores are not watched, since the control had answered too few requests."
    ))  # fmt: skip
    return said
