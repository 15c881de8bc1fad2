"""How a rollout begins: everything that could be wrong with it is refused before anything is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.errors import Conflict, InvalidInput, Refused
from regrove.ledger import attribution
from regrove.refs import new_id, parse
from regrove.rollouts.events import RolloutStarted
from regrove.rollouts.record import WHOLE, Phase, Rollout
from regrove.rollouts.rooms import Rooms
from regrove.serving import RolloutConfig

if TYPE_CHECKING:
    from regrove.registry.version import ModelVersion
    from regrove.serving import Deployment, DeploymentConfig

__all__ = ["begin"]


def begin(rooms: Rooms, deployment: str, *, candidate: str, gate: str, reason: str, cause: str) -> Rollout:
    """Record that ``candidate`` is to be rolled out in ``deployment``; see `Rollouts.start`."""
    who = attribution()
    name = parse(deployment, kind="deployment").name
    config = rooms.declarations.deployment(name)
    version = _version(rooms, name, config, candidate)
    for each in rooms.store.of(who.project, name):
        if cause and (each.cause, each.actor, each.candidate_digest) == (cause, who.actor, version.digest):
            return each
    running = rooms.deployments.get(name)
    _check_free(rooms, running, config, version)
    rooms.deployments.splits.check(name, candidate=version.ref)
    gate_ref, approved_by = _check_let(rooms, version, running, gate, reason)
    policy = config.rollout or RolloutConfig()
    now = rooms.clock.now()
    control = running.current.revision
    edges = rooms.deployments.splits.edges(name)
    rollout = Rollout(
        id=new_id(),
        project=who.project,
        deployment=name,
        candidate=version.ref,
        candidate_digest=version.digest,
        control=control.model,
        control_digest=control.model_digest,
        alias=config.ref.version,
        gate=gate_ref,
        approved_by=approved_by,
        approval=reason if approved_by else "",
        approved=False,
        policy=policy,
        declaration=rooms.declarations.revision.ref,
        edges=edges,
        state="awaiting" if policy.approval and policy.shares[0] == WHOLE else "waiting",
        reason="it has begun",
        phase=1,
        step=1,
        peaks={},
        cause=cause,
        actor=who.actor,
        event_id="",
        started_at=now,
        changed_at=now,
        phases=(Phase(number=1, share=policy.shares[0], state="waiting", since_at=now),),
    )
    return _record(rooms, rollout)


def _record(rooms: Rooms, rollout: Rollout) -> Rollout:
    from msgspec.structs import replace

    with rooms.database.transaction():
        event = RolloutStarted(
            rollout=rollout.id,
            deployment=rollout.deployment,
            model=rollout.candidate,
            model_digest=rollout.candidate_digest,
            control=rollout.control,
            gate=rollout.gate,
            approved_by=rollout.approved_by,
            approval=rollout.approval,
            shares=list(rollout.policy.shares),
        )
        used = [rollout.candidate, rollout.control, rollout.declaration, *([rollout.gate] if rollout.gate else [])]
        event_id = rooms.ledger.record(event, subject=rollout.ref, used=used, generated=[rollout.ref])
        rollout = replace(rollout, event_id=event_id)
        if not rooms.store.add(rollout):
            other = rooms.store.going(rollout.project, rollout.deployment)
            raise Conflict(
                f"A rollout goes on in the deployment {rollout.deployment!r} already",
                expected="one at a time",
                received=f"{other[0].ref} of {other[0].candidate}" if other else "another one",
                mend=f"regrove rollouts show {rollout.deployment}; or regrove rollouts abort {rollout.deployment}",
            )
    return rollout


def _version(rooms: Rooms, name: str, config: DeploymentConfig, candidate: str) -> ModelVersion:
    """The candidate; a numbered version of the model whose alias the deployment follows."""
    wanted = parse(candidate, kind="model")
    if config.ref.ordinal is not None:
        raise Refused(
            f"The deployment {name!r} answers with one version for good, so nothing can be rolled out in it",
            expected=f'model = "{config.ref.name}@champion", an alias that may move',
            received=f'model = "{config.model}"',
            mend=f"edit [deployments.{name}] in regrove.toml, then: regrove apply",
        )
    if wanted.ordinal is None:
        raise InvalidInput(
            "A rollout is of a version, not of an alias",
            expected=f"such as model:{wanted.name}@7",
            received=candidate,
            mend=f"regrove models show {wanted.name}",
        )
    if wanted.name != config.ref.name:
        raise Refused(
            f"The deployment {name!r} serves another model",
            expected=f"a version of {config.ref.name}",
            received=candidate,
        )
    return rooms.models.get(candidate)


def _check_free(rooms: Rooms, running: Deployment, config: DeploymentConfig, version: ModelVersion) -> None:
    """Refuse a deployment that does not run, is split, or answers with something else than its alias says."""
    name, current = running.name, running.current
    if running.state != "running":
        raise Conflict(
            f"The deployment {name!r} does not run",
            expected="a running deployment",
            received=running.state,
            mend=f"regrove deployments start {name}",
        )
    if current.candidates:
        going = rooms.store.get(running.project, current.salt)
        raise Conflict(
            f"The deployment {name!r} is split already",
            expected="no candidate beside the control",
            received=f"{current.candidates[0].revision.model}, of {going.ref if going else current.salt}",
            mend=f"regrove rollouts show {name}",
        )
    if version.digest == current.revision.model_digest:
        raise Refused(
            f"{version.ref} answers everybody already", expected="another version", received=current.revision.model
        )
    stands = rooms.models.get(str(config.ref))
    if stands.digest != current.revision.model_digest:
        raise Conflict(
            f"What answers in {name!r} is not what its alias stands at, so there is no control yet",
            expected=stands.ref,
            received=current.revision.model,
            mend="wait for the deployment to publish it; regrove deployments start "
            f"{name} does so where no server runs",
        )


def _check_let(rooms: Rooms, version: ModelVersion, running: Deployment, gate: str, reason: str) -> tuple[str, str]:
    """The gate's report that lets the candidate, or the person who does, by name."""
    by_hand = f'regrove rollouts start {running.name} {version.ref} --reason "..." lets a person decide'
    if not gate:
        actor = attribution().actor
        if not reason.strip() or not actor.startswith("person:"):
            raise Refused(
                f"Nothing lets {version.ref} be rolled out",
                expected="the report of a gate that says PROMOTE, or a person who decides and says why",
                received=f"no report, {actor}" + ("" if reason.strip() else ", no reason"),
                mend=f"regrove gate run {version.ref}; {by_hand}",
            )
        return "", actor
    report = rooms.gates.get(gate)
    if report.model_digest != version.digest:
        raise Refused(
            f"{report.ref} speaks of another version",
            expected=version.digest,
            received=report.model_digest,
            mend=f"regrove gate run {version.ref}",
        )
    if report.verdict != "PROMOTE":
        raise Refused(
            f"{report.ref} does not let {version.ref} go live: {report.reason}",
            expected="PROMOTE",
            received=report.verdict,
            mend=by_hand,
        )
    control = running.current.revision
    if report.champion_digest not in ("", control.model_digest):
        raise Refused(
            f"{report.ref} compares {version.ref} with what no longer answers",
            expected=f"a comparison with {control.model}",
            received=report.champion,
            mend=f"regrove gate run {version.ref}",
        )
    return report.ref, ""
